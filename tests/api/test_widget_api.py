"""What the widget needs of the service: its script, the origins that may ask, a message that comes twice."""

import asyncio
import contextlib
import gzip
import re
import threading
import uuid
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import ValidationError
from starlette.responses import JSONResponse

from api import widget
from api.errors import ApiError
from api.once import once
from api.own_answers import OwnAnswers
from api.web.scripts import bundle
from knowledge.database import migrate, open_engine, sessions
from knowledge.once import Answered
from knowledge.once import erase as erase_answers
from knowledge.settings import Settings

CITY = "https://www.blois.example"
MOST_BYTES = 25_000


def test_the_script_is_light_and_cached(capsys: pytest.CaptureFixture) -> None:
    app = FastAPI()
    app.include_router(widget.router)
    client = TestClient(app)
    sizes = {}
    for name in ("widget.js", "chat.js"):
        response = client.get(f"/{name}")
        assert response.headers["content-encoding"] == "gzip" and response.headers["content-type"].startswith("text/javascript")
        sizes[name] = int(response.headers["content-length"])
        assert len(gzip.decompress(bundle(name).compressed)) == len(response.content)
        assert client.get(f"/{name}", headers={"accept-encoding": "identity"}).text == response.text
        again = client.get(f"/{name}", headers={"if-none-match": response.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    with capsys.disabled():
        print(f"\ncompressed: {', '.join(f'{name} {size:,} bytes' for name, size in sizes.items())}")
    assert sizes["widget.js"] < MOST_BYTES and sizes["chat.js"] < MOST_BYTES
    assert client.get("/widget.js").headers["cross-origin-resource-policy"] == "cross-origin"


def test_the_script_writes_no_inline_style_and_evaluates_nothing() -> None:
    text = bundle("widget.js").text.decode()
    assert not re.search(
        r"\beval\(|new Function|insertAdjacentHTML|document\.write|setAttribute\(.style|localStorage|document\.cookie", text
    )
    # The one place where markup becomes nodes: from our own service, under a policy with a name.
    assert text.count("innerHTML") == 1
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)[a-z]", text)


@pytest.fixture
def shared() -> TestClient:
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST", "DELETE"])
    def any_(path: str) -> JSONResponse:
        return JSONResponse({}, 429, {"Retry-After": "7"})

    return TestClient(widget.WidgetOrigins(app, Settings(widget_origins=f"{CITY} http://127.0.0.1:8080")))


def preflight(client: TestClient, path: str, origin: str, method: str = "POST") -> httpx.Response:
    asks = {"origin": origin, "access-control-request-method": method, "access-control-request-headers": "content-type"}
    return client.options(path, headers=asks)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/api/chat", "POST"),
        ("/api/feedback", "POST"),
        ("/api/callbacks", "POST"),
        ("/api/conversations/x", "DELETE"),
        ("/api/conversations/x/messages", "GET"),
        ("/widget/panneau", "GET"),
    ],
)
def test_pages_of_the_city_may_ask_for_what_the_widget_needs(shared: TestClient, path: str, method: str) -> None:
    allowed = preflight(shared, path, CITY, method)
    assert allowed.status_code == 200 and allowed.headers["access-control-allow-origin"] == CITY
    answer = shared.request(method, path, headers={"origin": CITY})
    assert answer.headers["access-control-allow-origin"] == CITY and answer.headers["access-control-expose-headers"] == "Retry-After"
    assert "access-control-allow-credentials" not in answer.headers and "Origin" in answer.headers["vary"]
    for other in ("https://blois.example", f"{CITY}.evil.example", "null", f"{CITY}:8443"):
        assert preflight(shared, path, other, method).status_code == 400
        assert "access-control-allow-origin" not in shared.request(method, path, headers={"origin": other}).headers


@pytest.mark.parametrize("path", ["/", "/staff", "/staff/comptes", "/api/actions", "/rappel", "/signaler", "/api/search", "/docs"])
def test_everything_else_is_for_our_own_pages(shared: TestClient, path: str) -> None:
    assert "access-control-allow-origin" not in shared.post(path, headers={"origin": CITY}).headers
    assert "access-control-allow-origin" not in preflight(shared, path, CITY).headers


@pytest.mark.parametrize("origins", ["*", "https://www.blois.fr/", "www.blois.fr", "https://a.fr,https://b.fr", "https://*.blois.fr"])
def test_only_whole_origins_may_be_named(origins: str) -> None:
    with pytest.raises(ValidationError, match="is no origin"):
        Settings(widget_origins=origins)


@pytest.fixture
def kept(tmp_path: Path):
    database = open_engine(f"sqlite:///{tmp_path / 'passerelle.db'}")
    migrate(database)
    yield SimpleNamespace(sessions=sessions(database), answers=OwnAnswers())
    database.dispose()


class _Maker:
    """Makes an answer, slowly, and counts."""

    def __init__(self, outcome: str = "answer") -> None:
        self.made, self.outcome = 0, outcome

    async def __call__(self) -> dict:
        self.made += 1
        await asyncio.sleep(0.05)
        if self.outcome == "raises":
            raise ApiError(500, "error")
        return {"conversation_id": "c" * 32, "outcome": self.outcome, "number": self.made}


async def _nothing() -> None:
    """For what nobody erases."""


async def test_many_at_once_get_the_answer_of_the_first(kept) -> None:
    make, request_id = _Maker(), uuid.uuid4()
    answers = await asyncio.gather(*(once(kept, request_id, "c" * 32, make, _nothing) for _ in range(6)))
    assert make.made == 1 and all(answer == answers[0] for answer in answers)
    assert await once(kept, request_id, "c" * 32, make, _nothing) == answers[0] and make.made == 1
    assert (await once(kept, uuid.uuid4(), "c" * 32, make, _nothing))["number"] == 2
    assert (await once(kept, None, "c" * 32, make, _nothing))["number"] == 3


async def test_without_the_database_the_process_remembers_alone(kept) -> None:
    make, request_id, real = _Maker(), uuid.uuid4(), kept.sessions

    def gone():
        raise sa.exc.OperationalError("", {}, Exception())

    kept.sessions = SimpleNamespace(begin=gone)
    answers = await asyncio.gather(*(once(kept, request_id, "c" * 32, make, _nothing) for _ in range(3)))
    kept.sessions = real
    assert [*answers, await once(kept, request_id, "c" * 32, make, _nothing)] == answers[:1] * 4 and make.made == 1
    kept.answers.erase("c" * 32)
    assert str(request_id) not in kept.answers


@pytest.mark.parametrize("outcome", ["error", "raises"])
async def test_what_failed_is_tried_anew(kept, outcome: str) -> None:
    make, request_id = _Maker(outcome), uuid.uuid4()
    for number in (1, 2):
        with contextlib.suppress(ApiError):
            assert (await once(kept, request_id, "c" * 32, make, _nothing))["outcome"] == "error"
        assert make.made == number
    with kept.sessions() as session:
        assert session.execute(sa.select(sa.func.count()).select_from(Answered)).scalar_one() == 0


def test_the_same_message_twice_is_one_turn_of_the_conversation(client: httpx.Client, services) -> None:
    body = {"message": "je cherche un cours de français", "conversation_id": None, "request_id": str(uuid.uuid4())}
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(client.post("/api/chat", json=body).json())) for _ in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert answers[0]["outcome"] in ("answer", "clarify") and answers[1:] == answers[:1] * 2
    conversation = answers[0]["conversation_id"]
    assert len(asyncio.run(services.engine.transcript(conversation))) == 1
    assert client.delete(f"/api/conversations/{conversation}").status_code == 204
    with services.sessions() as session:
        left = session.execute(sa.select(Answered.request_id).where(Answered.conversation == conversation)).all()
    assert left == []
    assert client.post("/api/chat", json=body | {"request_id": "no uuid"}).status_code == 422


async def test_what_is_erased_while_it_is_answered_does_not_come_back(kept) -> None:
    make, request_id, erased = _Maker(), uuid.uuid4(), []

    async def erase_again() -> None:
        erased.append(make.made)

    sent = [asyncio.ensure_future(once(kept, request_id, "c" * 32, make, erase_again)) for _ in range(2)]
    await asyncio.sleep(0.01)
    with kept.sessions.begin() as session:
        erase_answers(session, "c" * 32)
    first, repeated = await asyncio.gather(*sent, return_exceptions=True)
    assert first["number"] == 1 and isinstance(repeated, ApiError)
    assert make.made == 1 and erased == [1]
    with kept.sessions() as session:
        assert session.execute(sa.select(Answered.conversation, Answered.answer)).all() == [(None, None)]


def test_who_got_no_answer_can_have_the_conversation_erased(client: httpx.Client, services) -> None:
    request_id = uuid.uuid4()
    body = {"message": "je cherche un cours de français", "request_id": str(request_id)}
    assert client.post("/api/chat", json=body).json()["conversation_id"] == request_id.hex
    assert asyncio.run(services.engine.transcript(request_id.hex))
    client.delete(f"/api/conversations/{request_id.hex}")
    assert not asyncio.run(services.engine.transcript(request_id.hex))
