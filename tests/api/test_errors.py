"""Failures nobody foresaw: French, in the one shape, without internals; and headers on every answer."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from api.errors import messages
from api.wiring import Services
from bot.engine import Message

SAID = "zorglubine"
HEADERS = ["content-security-policy", "x-content-type-options", "referrer-policy", "permissions-policy"]


class Failing:
    """An engine that fails, quoting what was said."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def is_ready(self) -> bool:
        return True

    async def respond(self, message: Message) -> None:
        raise self._error

    async def erase(self, conversation_id: str) -> None:
        raise self._error


@pytest.fixture
def failing(open_app, services: Services):
    def start(error: Exception):
        broken = replace(services, engine=Failing(error))
        return open_app(lambda _settings: broken)

    return start


def test_an_unforeseen_failure_shows_and_logs_nothing_of_what_was_said(failing, refused, caplog: pytest.LogCaptureFixture):
    client = failing(RuntimeError(f"about {SAID}"))
    response = client.post("/api/chat", json={"message": SAID})
    refused(response, 500, "error")
    assert all(response.headers[name] for name in HEADERS)
    assert SAID not in response.text and SAID not in caplog.text
    assert "RuntimeError" in caplog.text and "test_errors.py" in caplog.text  # a developer finds the place
    assert client.delete("/api/conversations/xxxxxxxxxxxxxxxx").status_code == 500


def test_on_the_page_it_is_a_page(failing):
    client = failing(RuntimeError(SAID))
    page = client.post("/", data={"message": SAID}, headers={"accept": "text/html"})
    assert page.status_code == 500 and "Ce n'est pas votre faute" in page.text.replace("&#39;", "'")
    assert SAID not in page.text


def test_a_database_that_fails_asks_to_come_back(failing, refused, caplog: pytest.LogCaptureFixture):
    client = failing(OperationalError("insert", {"data": SAID}, Exception(f"secret@host {SAID}")))
    response = client.post("/api/chat", json={"message": SAID})
    refused(response, 503, "unavailable")
    assert int(response.headers["retry-after"]) >= 1
    assert SAID not in response.text and SAID not in caplog.text


@pytest.mark.parametrize(
    "path", ["/", "/annuaire", "/api/actions", "/healthz", "/nulle-part", "/static/style.css", "/docs", "/openapi.json"]
)
def test_every_answer_bears_the_security_headers(client, path: str):
    headers = client.get(path).headers
    assert all(headers[name] for name in HEADERS)
    assert "unsafe" not in headers["content-security-policy"]
    assert "set-cookie" not in headers and "server" not in {name for name in headers if headers[name] == "passerelle"}


def test_messages_are_french_sentences():
    for text in messages().values():
        assert text[0].isupper() and text.endswith(".") and len(text) < 80
