"""Bodies that are too large (413) and clients that write too fast (429)."""

import socket
import time
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from knowledge.outages import redis_outage

REDIS = "redis://127.0.0.1:6379/9"
TALK = {"message": "bonjour"}


def body_of(size: int) -> bytes:
    return b'{"message": "' + b"a" * (size - 15) + b'"}'


def test_the_largest_body_passes_and_one_byte_more_does_not(client: httpx.Client, refused, services):
    most, json = services.settings.max_body_bytes, {"content-type": "application/json"}
    refused(client.post("/api/chat", content=body_of(most), headers=json), 422, "invalid_request")  # read, and then too long a message
    said = refused(client.post("/api/chat", content=body_of(most + 1), headers=json), 413, "too_large")
    assert "trop long" in said


def test_a_body_without_a_length_is_cut_off(client: httpx.Client, refused):
    def pieces() -> Iterator[bytes]:
        yield from [b"x" * 1000] * 20

    refused(client.post("/api/chat", content=pieces()), 413, "too_large")
    refused(client.post("/api/feedback", content=pieces()), 413, "too_large")


def test_a_small_body_in_pieces_passes(client: httpx.Client):
    pieces = (piece for piece in [b'{"mess', b'age": "bon', b'jour"}'])
    assert client.post("/api/chat", content=pieces, headers={"content-type": "application/json"}).json()["outcome"] == "greet"


def test_a_large_declared_length_is_refused_before_the_body_comes(live_server: str):
    address = urlsplit(live_server)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        head = f"POST /api/chat HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 999999999\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_flood_of_bytes_leaves_the_server_well(client: httpx.Client):
    try:
        response = client.post("/api/chat", content=(b"x" * 65536 for _ in range(200)))
        assert response.status_code == 413
    except httpx.TransportError:
        pass  # the server hung up before everything was sent, as it may
    assert client.post("/api/chat", json=TALK).status_code == 200


def test_above_the_rate_one_waits(open_app, refused):
    client = open_app(rate_limit_chat=2)
    assert [client.post("/api/chat", json=TALK).status_code for _ in range(2)] == [200, 200]
    response = client.post("/api/chat", json=TALK)
    assert "Attendez" in refused(response, 429, "too_many_requests")
    assert 1 <= int(response.headers["retry-after"]) <= 61
    # Reading is not limited, erasing is always possible, and the rest shares the count.
    assert client.get("/api/actions").status_code == 200
    assert client.delete("/api/conversations/xxxxxxxxxxxxxxxx").status_code == 204
    assert client.post("/api/feedback", json={}).status_code == 429


def test_a_person_on_the_page_is_told_so_on_a_page(open_app):
    client = open_app(rate_limit_chat=1)
    browser = {"accept": "text/html,application/xhtml+xml"}
    assert client.post("/", data=TALK, headers=browser).status_code == 200
    page = client.post("/", data=TALK, headers=browser)
    assert page.status_code == 429 and page.headers["content-type"].startswith("text/html")
    assert int(page.headers["retry-after"]) >= 1 and "Attendez" in page.text
    large = client.post("/", content=b"x" * 20_000, headers=browser)
    assert large.status_code == 413 and "trop long" in large.text


def test_zero_is_off(open_app):
    client = open_app(rate_limit_chat=0)
    assert {client.post("/api/feedback", json={}).status_code for _ in range(40)} == {422}


def test_a_forwarded_address_is_not_believed_without_a_trusted_proxy(open_app):
    client = open_app(rate_limit_chat=2)
    codes = [client.post("/api/chat", json=TALK, headers={"x-forwarded-for": f"192.0.2.{i}"}).status_code for i in range(3)]
    assert codes == [200, 200, 429]


def test_behind_a_proxy_every_client_has_its_own_count(open_app):
    client = open_app(rate_limit_chat=1, trusted_proxies=1)

    def code(forwarded: str) -> int:
        return client.post("/api/chat", json=TALK, headers={"x-forwarded-for": forwarded}).status_code

    assert [code("192.0.2.1"), code("192.0.2.2"), code("192.0.2.1")] == [200, 200, 429]
    # What the client wrote itself stands to the left of what the proxy added.
    assert [code("198.51.100.7, 192.0.2.3"), code("198.51.100.8, 192.0.2.3")] == [200, 429]


def test_behind_two_proxies_the_outer_one_is_believed(open_app):
    client = open_app(rate_limit_chat=1, trusted_proxies=2)

    def code(forwarded: str) -> int:
        return client.post("/api/chat", json=TALK, headers={"x-forwarded-for": forwarded}).status_code

    assert [code("192.0.2.1, 10.0.0.1"), code("192.0.2.1, 10.0.0.2"), code("spoofed, 192.0.2.9, 10.0.0.1")] == [200, 429, 200]


@pytest.fixture
def redis_url(needs_redis) -> str:
    return REDIS


def test_with_redis_processes_share_the_count(open_app, redis_url: str):
    one, other = (open_app(rate_limit_chat=2, trusted_proxies=1, redis_url=redis_url) for _ in range(2))
    somebody = {"x-forwarded-for": uuid.uuid4().hex}
    codes = [client.post("/api/feedback", json={}, headers=somebody).status_code for client in (one, other, one, other)]
    assert codes == [422, 422, 429, 429]


def test_without_redis_each_process_counts_alone(open_app, caplog: pytest.LogCaptureFixture):
    client = open_app(rate_limit_chat=2, redis_url="redis://127.0.0.1:1/3")
    assert [client.post("/api/feedback", json={}).status_code for _ in range(3)] == [422, 422, 429]
    assert redis_outage(client.app.state.settings.redis_url).is_on and caplog.text.count("redis does not answer") == 1


def test_a_clock_set_back_holds_nobody_back_for_hours(open_app, monkeypatch: pytest.MonkeyPatch):
    client, real = open_app(rate_limit_chat=1), time.time
    assert [client.post("/api/feedback", json={}).status_code for _ in range(2)] == [422, 429]
    monkeypatch.setattr(time, "time", lambda: real() - 7200)
    assert [client.post("/api/feedback", json={}).status_code for _ in range(2)] == [422, 422]
    assert client.post("/api/feedback", json={}).status_code == 429
