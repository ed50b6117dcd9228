"""A client that says nothing, or takes nothing, is let go; one that is slow is not."""

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import Response

from api import patience
from tests.conftest import serving

LARGE = 30_000_000


@pytest.fixture(scope="module")
def address():
    app = FastAPI()

    @app.get("/readyz")
    @app.post("/readyz")
    async def length(request: Request) -> int:
        return len(await request.body())

    @app.get("/large")
    async def large() -> Response:
        return Response(b"x" * LARGE)

    with pytest.MonkeyPatch.context() as patched:
        for name in ("HEADER_SECONDS", "READING_SECONDS"):
            patched.setattr(patience, name, 0.3)
        patched.setattr(patience, "BODY_SECONDS", 3)
        with serving(app, http=patience.PatientProtocol) as served:
            yield served


@pytest.fixture
def line(address: str):
    with socket.create_connection((urlsplit(address).hostname, urlsplit(address).port), timeout=10) as opened:
        yield opened


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"POST /readyz HTTP/1.1\r\nHost: x\r\n"])
def test_who_never_asks_is_let_go(line: socket.socket, said: bytes) -> None:
    line.sendall(said)
    try:
        assert line.recv(100) == b""
    except ConnectionResetError:
        return


def test_who_takes_nothing_is_let_go(line: socket.socket) -> None:
    line.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    taken = len(line.recv(1, socket.MSG_WAITALL))
    time.sleep(0.8)
    try:
        while more := line.recv(1_000_000):
            taken += len(more)
    except ConnectionResetError:
        pass
    assert taken < LARGE


def test_who_asks_in_time_is_answered_also_again(address: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(3):
            time.sleep(0.2)  # longer than the headers may take, in all
            yield b"x"

    with httpx.Client(base_url=address, timeout=20) as client:
        assert [client.get("/readyz").json() for _ in range(2)] == [0, 0]
        assert client.post("/readyz", content=pieces()).json() == 3
        assert len(client.get("/large").content) == LARGE
