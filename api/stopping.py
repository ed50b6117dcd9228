"""How a process stops when it is told to (SIGTERM): not ready first, then no new requests, then those in flight, then the rest."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from api.health import Health


@contextlib.contextmanager
def until_drained(health: Health, seconds: int) -> Iterator[None]:
    """Answer "not ready" as soon as SIGTERM comes, and hand the signal on to the server ``seconds`` later.

    A second SIGTERM is handed on at once. Nothing is changed outside of the main thread, where no signal arrives.
    """
    server: Any = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or not callable(server):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        again, health.draining = health.draining, True
        if again or not seconds:
            server(number, frame)
        else:
            # The alarm comes back to the main thread, where the server expects its signals.
            signal.signal(signal.SIGALRM, lambda _number, now: server(number, now))
            signal.alarm(seconds)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is stop:
            signal.signal(signal.SIGTERM, server)
