"""A line to a server that can be cut, and be mended."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator


class Line:
    """Forwards TCP connections from a port of its own to ``port`` on loopback.

    ``cut``: connections end and new ones are refused, as when the server is stopped. ``stall``: they stand, and
    nothing passes, as when the server hangs or a firewall drops everything.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._passes, self._open = threading.Event(), True
        self._passes.set()
        self._ear = self._listen(0)
        self.port = self._ear.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._ear,), daemon=True).start()

    def cut(self) -> None:
        self._ear.shutdown(socket.SHUT_RDWR)
        self._ear.close()
        self._end_all()

    def stall(self) -> None:
        self._passes.clear()

    def mend(self) -> None:
        if self._passes.is_set():
            self._ear = self._listen(self.port)
            threading.Thread(target=self._accept, args=(self._ear,), daemon=True).start()
        else:
            self._end_all()  # what stalled so long was given up at the other end
            self._passes.set()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.cut()

    def _listen(self, port: int) -> socket.socket:
        ear = socket.socket()
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ear.bind(("127.0.0.1", port))
        ear.listen(200)
        return ear

    def _end_all(self) -> None:
        with self._lock:
            for pair in self._pairs:
                for end in pair:
                    with contextlib.suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)
            self._pairs.clear()

    def _accept(self, ear: socket.socket) -> None:
        while True:
            try:
                client, _ = ear.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                if ear.fileno() < 0:
                    return
                continue
            with self._lock:
                self._pairs.append((client, server))
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, contextlib.suppress(OSError):
            while True:
                for source in select.select([client, server], [], [])[0]:
                    self._passes.wait()
                    data = source.recv(65536)
                    if not data:
                        return
                    (server if source is client else client).sendall(data)


@contextlib.contextmanager
def line_to(port: int) -> Iterator[Line]:
    """A line to a server on loopback, gone afterwards."""
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
