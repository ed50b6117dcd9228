"""The API under real HTTP (``client``)."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

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
