"""The API under real HTTP (``client``) and as applications with settings of their own (``open_app``)."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.wiring import Services

Say = Callable[..., dict[str, Any]]


@pytest.fixture
def say(client: httpx.Client) -> Say:
    """Send one message and return the answer, which must be one."""

    def send(message: str, conversation: dict[str, Any] | str | None = None) -> dict[str, Any]:
        known = conversation["conversation_id"] if isinstance(conversation, dict) else conversation
        response = client.post("/api/chat", json={"message": message, "conversation_id": known})
        assert response.status_code == 200, response.text
        return response.json()

    return send


@pytest.fixture
def open_app(services: Services) -> Iterator[Callable[..., TestClient]]:
    """Start an application with changed settings over the running services; ``open_`` replaces how it opens them."""
    with contextlib.ExitStack() as opened:

        def start(open_: Callable[..., Services] | None = None, wait: bool = True, **changes: Any) -> TestClient:
            changed = services.settings.copy(update=changes)
            client = opened.enter_context(TestClient(create_app(changed, open_ or (lambda _settings: services))))
            deadline = time.monotonic() + 10
            while wait and client.get("/readyz").status_code != 200:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            return client

        yield start


def refused(response: httpx.Response, status: int, code: str) -> str:
    """Check the one shape of errors and return the French message."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message"}
    assert body["error"]["code"] == code
    for internal in ("Traceback", "Error", "Exception", "/work", ".py", "sqlalchemy", "pydantic"):
        assert internal not in body["error"]["message"]
    return body["error"]["message"]


@pytest.fixture(name="refused")
def _refused() -> Callable[..., str]:
    return refused
