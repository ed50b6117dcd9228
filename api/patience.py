"""How long the server waits for a client: a connection that says nothing must not be held open for ever."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# From the connection, or the first byte of a further request, to the end of its headers; then of its body.
HEADER_SECONDS = 10.0
BODY_SECONDS = 60.0
# For a client to take something more of what it asked for.
READING_SECONDS = 60.0


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with an end: it waits only between requests, and there five seconds (``timeout_keep_alive``)."""

    _writing: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_request(HEADER_SECONDS)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait_for_request(HEADER_SECONDS)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._wait_for_request(BODY_SECONDS)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._wait_for_request(None)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait_for_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._reading:
            self._reading.cancel()
            self._reading = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_for_request(None)
        if self._reading:
            self._reading.cancel()
        super().connection_lost(exc)

    def _wait_for_request(self, seconds: float | None) -> None:
        if self._writing:
            self._writing.cancel()
        self._writing = self.loop.call_later(seconds, self._give_up) if seconds else None

    def _wait_for_reader(self, left_before: int | None = None) -> None:
        left = self.transport.get_write_buffer_size()
        if left == left_before:
            self._give_up()
        else:
            self._reading = self.loop.call_later(READING_SECONDS, self._wait_for_reader, left)

    def _give_up(self) -> None:
        self.transport.abort()
