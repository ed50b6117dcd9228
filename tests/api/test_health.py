"""Starting, being ready, failing to start, and what a person sees meanwhile."""

import threading
import time
from dataclasses import replace

import pytest

from api.health import Health
from api.wiring import Services
from knowledge.errors import BadSettings

BROWSER = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def starting(open_app, services: Services):
    """An application that is still opening its services, and the event that lets it go on."""
    go_on = threading.Event()

    def slow(_settings) -> Services:
        go_on.wait(20)
        return services

    yield open_app(slow, wait=False), go_on
    go_on.set()


def test_a_running_application_is_alive_and_ready(client):
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["actions"]) == (200, 54)


@pytest.mark.parametrize("path", ["/", "/annuaire", "/annuaire/pimms", "/annuaire/pimms/agenda.ics", "/widget.js", "/healthz"])
def test_head_says_what_get_would_without_the_body(client, path):
    asked, head = client.get(path, headers=BROWSER), client.head(path, headers=BROWSER)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "content-security-policy", "etag", "cache-control"):
        assert head.headers.get(name) == asked.headers.get(name), name
    if tag := head.headers.get("etag"):
        assert client.head(path, headers=BROWSER | {"if-none-match": tag}).status_code == 304


def test_head_is_no_way_around_anything(client):
    assert client.head("/annuaire/nulle-part").status_code == 404
    assert client.head("/api/chat").status_code == 405
    assert client.head("/staff/annuaire").status_code == 401
    assert client.get("/healthz").json() == {"status": "ok"}  # the connection is still good


def test_while_starting_it_is_alive_and_says_when_to_come_back(starting, refused):
    client, go_on = starting
    assert client.get("/healthz").status_code == 200
    asked = [
        client.get("/readyz"),
        client.post("/api/chat", json={"message": "bonjour"}),
        client.post("/api/chat", content=b"{"),
        client.get("/api/actions"),
        client.get("/api/search", params={"q": "papiers"}),
        client.delete("/api/conversations/xxxxxxxxxxxxxxxx"),
        client.get("/annuaire"),
    ]
    for response in asked:
        assert "démarre" in refused(response, 503, "starting")
        assert int(response.headers["retry-after"]) >= 1
    assert client.get("/static/style.css").status_code == 200
    assert client.get("/openapi.json").status_code == 200
    go_on.set()
    while client.get("/readyz").status_code != 200:
        pass
    assert client.post("/api/chat", json={"message": "bonjour"}).json()["outcome"] == "greet"


@pytest.mark.parametrize("path", ["/", "/annuaire", "/mentions", "/confidentialite", "/readyz"])
def test_while_starting_a_person_sees_a_page(starting, path: str):
    page = starting[0].get(path, headers=BROWSER)
    assert page.status_code == 503 and "pas encore prêt" in page.text
    assert int(page.headers["retry-after"]) >= 1


def test_what_cannot_start_stays_alive_and_not_ready(open_app, monkeypatch: pytest.MonkeyPatch):
    said: list[str] = []
    monkeypatch.setattr("api.app.logger.error", lambda text, *values: said.append(text % values))

    def broken(_settings) -> Services:
        raise BadSettings("set something")

    client = open_app(broken, wait=False)
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    deadline = time.monotonic() + 10  # opened in a thread of its own
    while "start: set something" not in said:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_not_ready_while_the_engine_or_the_search_is_not(open_app, services: Services):
    class Never:
        version = 0

        def is_ready(self) -> bool:
            return False

    for part in ("engine", "search"):
        broken = replace(services, **{part: Never()})
        client = open_app(lambda _settings, broken=broken: broken, wait=False)
        assert client.get("/readyz").status_code == 503


async def test_one_failure_in_passing_is_none_and_a_lasting_one_is_told_until_it_ends():
    health, down = Health(), ConnectionError()

    async def look(failure: Exception | None) -> list[str]:
        def probe() -> None:
            if failure:
                raise failure

        await health.look({"database": probe})
        return health.missing

    assert [await look(failure) for failure in (None, down, down, None, down, down, down, None)] == [[]] * 6 + [["database"], []]


async def test_what_hangs_is_told_and_takes_no_more_than_one_thread(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("api.health._LOOK_TIMEOUT", 0.01)
    health, tries, go_on = Health(), [], threading.Event()

    def hangs() -> None:
        tries.append(1)
        go_on.wait(20)

    for _ in range(3):
        await health.look({"redis": hangs})
    go_on.set()
    assert (health.missing, len(tries)) == (["redis"], 1)


def test_what_is_missing_is_said_and_makes_nothing_unready(open_app):
    client = open_app()
    client.app.state.health._failed["redis"] = 3
    assert client.get("/readyz").json()["missing"] == ["redis"]
    client.app.state.health.stop()
    assert client.get("/readyz").status_code == 503
    assert client.post("/api/chat", json={"message": "bonjour"}).status_code == 200
