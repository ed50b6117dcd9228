"""The residents' pages as the server writes them: the form without script, the directory, the notice, errors."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import directory_pages, errors, pages, report_page, views
from api.web import links
from api.web.sheet import french_date, sheet
from knowledge.database import migrate, open_engine, sessions
from knowledge.directory import Directory

CONVERSATION = "a-conversation-of-24-bytes"
NUMBERS = ["15", "17", "18", "112", "114", "119", "3919", "39 39", "116 006"]


class _Engine:
    def __init__(self) -> None:
        self.ready = True

    def is_ready(self) -> bool:
        return self.ready


@pytest.fixture
def services(directory: Directory, tmp_path: Path) -> Iterator[SimpleNamespace]:
    found = SimpleNamespace(hits=[SimpleNamespace(entry=directory.entry("pimms"), confidence=1.0)], outside=0.0)
    nothing = SimpleNamespace(hits=[], outside=1.0)
    database = open_engine(f"sqlite:///{tmp_path / 'passerelle.db'}")
    migrate(database)
    yield SimpleNamespace(
        engine=_Engine(),
        store=SimpleNamespace(current=lambda: directory),
        search=SimpleNamespace(find=lambda text, **_: nothing if text == "zzz" else found),
        settings=SimpleNamespace(retention_days=12, public_url="https://passerelle.example"),
        sessions=sessions(database),
    )
    database.dispose()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, directory: Directory) -> list[tuple[str, str | None]]:
    """What reached the assistant, as (message, conversation id)."""
    calls: list[tuple[str, str | None]] = []

    async def answer(_services: object, message: str, conversation_id: str | None) -> dict:
        calls.append((message, conversation_id))
        message = {
            "text": "Première ligne.\nTéléphone : 02 54 45 34 54.",
            "quick_replies": [{"title": "Les <horaires>", "payload": "horaires"}],
        }
        card = views.card(directory.entry("pimms"), directory)
        return {"conversation_id": conversation_id or "new", "outcome": "answer", "messages": [message], "actions": [card]}

    monkeypatch.setattr(pages.chat, "answer", answer)
    return calls


@pytest.fixture
def client(services: SimpleNamespace) -> TestClient:
    app = FastAPI()
    app.state.services = services
    errors.install(app)
    for group in (pages, directory_pages, report_page):
        app.include_router(group.router)
    return TestClient(app)


def test_the_chat_page_has_no_conversation_and_nothing_inline(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "set-cookie" not in page.headers
    assert 'role="log"' in page.text
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]* src=)", page.text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page.text)


def test_the_form_shows_the_exchange(client: TestClient, asked: list) -> None:
    page = client.post("/", data={"message": " papiers <b> ", "conversation_id": ""})
    assert asked == [("papiers <b>", None)]
    assert page.status_code == 200
    assert "papiers &lt;b&gt;" in page.text and "Les &lt;horaires&gt;" in page.text
    assert 'href="tel:+33254453454"' in page.text
    assert page.text.count('name="conversation_id" value="new"') >= 3  # the form, the quick reply, the erase button
    assert "/annuaire/pimms" in page.text


def test_a_quick_reply_shows_what_was_tapped(client: TestClient, asked: list) -> None:
    page = client.post("/", data={"message": "/payload", "said": "Les horaires", "conversation_id": CONVERSATION})
    assert asked == [("/payload", CONVERSATION)]
    assert "<span data-said>Les horaires</span>" in page.text


@pytest.mark.parametrize(("message", "said"), [("  ", "Écrivez"), ("\u200b", "Écrivez"), ("é" * 1001, "trop long")])
def test_a_refused_message_is_explained_and_kept(client: TestClient, asked: list, message: str, said: str) -> None:
    page = client.post("/", data={"message": message, "conversation_id": CONVERSATION})
    assert (page.status_code, asked) == (422, [])
    assert said in page.text and f"{message}</textarea>" in page.text
    assert 'name="conversation_id" value="a-conversation-of-24-bytes"' in page.text


def test_a_conversation_id_that_was_tampered_with_reaches_nobody(client: TestClient, asked: list) -> None:
    page = client.post("/", data={"message": "bonjour", "conversation_id": "../x"})
    assert (page.status_code, asked) == (422, [])
    assert "bonjour</textarea>" in page.text and "../x" not in page.text


def test_before_it_is_ready_the_message_is_kept(client: TestClient, services: SimpleNamespace, asked: list) -> None:
    services.engine.ready = False
    page = client.post("/", data={"message": "bonjour"})
    assert (page.status_code, asked) == (503, [])
    assert page.headers["retry-after"]
    assert "bonjour</textarea>" in page.text


def test_the_erase_button_erases(client: TestClient, monkeypatch: pytest.MonkeyPatch, asked: list) -> None:
    erased = []

    async def erase(_request: object, conversation_id: str) -> None:
        erased.append(conversation_id)

    monkeypatch.setattr(pages.chat, "erase", erase)
    page = client.post("/", data={"erase": "1", "conversation_id": CONVERSATION})
    assert (page.status_code, erased, asked) == (200, [CONVERSATION], [])
    assert CONVERSATION not in page.text


def test_the_directory_holds_every_action_once(client: TestClient, directory: Directory) -> None:
    linked = re.findall(r'<h3><a href="/annuaire/([\w-]+)"', client.get("/annuaire").text)
    assert sorted(linked) == sorted(directory.by_id)


def test_the_directory_narrows_by_theme_and_by_words(client: TestClient, directory: Directory) -> None:
    linked = re.findall(r'<h3><a href="/annuaire/([\w-]+)"', client.get("/annuaire?theme=sport").text)
    assert linked == [entry.id for entry in directory.entries if "sport" in entry.action.themes]
    page = client.get("/annuaire", params={"q": 'a"><b>'}).text
    assert "/annuaire/pimms" in page and "<b>" not in page
    assert "Rien n'a été trouvé" in client.get("/annuaire?q=zzz").text
    assert "Rien n'a été trouvé" in client.get("/annuaire?theme=inconnu").text


def test_a_search_is_repeated_without_what_no_page_may_hold(client: TestClient) -> None:
    page = client.get("/annuaire", params={"q": "jar\0din \u200b"}).text
    assert 'value="jardin"' in page and "\0" not in page
    assert client.get("/annuaire", params={"q": "\0"}).text.count("<h3>") > 40


def test_an_emergency_in_the_search_box_gets_its_numbers_first(client: TestClient) -> None:
    for said, number in [("urgence", "tel:112"), ("je veux mourir", "tel:3114"), ("mon mari me frappe", "tel:3919")]:
        main = client.get("/annuaire", params={"q": said}).text.partition("<main")[2]
        assert f'class="call" href="{number}"' in main.partition("<form")[0], said
    assert 'class="call"' not in client.get("/annuaire?q=sport").text
    assert 'href="/urgences"' in client.get("/annuaire?q=zzz").text


def test_every_action_has_a_page_with_its_facts_sources_and_dates(client: TestClient, directory: Directory) -> None:
    for entry in directory.entries:
        page = client.get(f"/annuaire/{entry.id}")
        assert page.status_code == 200
        text = unescape(page.text)
        for fact in [
            entry.action.title,
            entry.action.summary,
            *entry.action.steps,
            *(c.value.split("://")[-1].rstrip("/") for c in entry.contacts),
        ]:
            assert fact.removeprefix("www.") in text, (entry.id, fact)
        for source in views.card(entry, directory)["sources"]:
            assert source["title"] in text, entry.id


def test_an_unknown_action_is_a_page_in_french(client: TestClient) -> None:
    assert client.get("/annuaire/a%00b").status_code == 404
    page = client.get("/annuaire/nulle-part")
    assert page.status_code == 404
    assert "n'existe pas" in unescape(page.text) and 'href="/annuaire"' in page.text


def test_the_notice_says_how_long(client: TestClient) -> None:
    page = client.get("/confidentialite").text
    assert "12&nbsp;jours" in page and "EFFACER" in page and page.count("À compléter par la ville") == 3


def test_who_answers_for_the_data_is_a_setting(client: TestClient, services: SimpleNamespace) -> None:
    services.settings.data_controller, services.settings.data_contact, services.settings.hosted_by = "Blois <A>", "dpo@a.example", "Hôte"
    privacy, notice = client.get("/confidentialite").text, client.get("/mentions").text
    assert all(said in privacy for said in ("Blois &lt;A&gt;", "dpo@a.example", "Hôte")) and "Hôte" in notice
    assert "À compléter" not in privacy + notice


def test_other_errors_have_a_page_too(services: SimpleNamespace) -> None:
    app = FastAPI()
    app.state.services = services

    @app.get("/broken")
    def broken(request: pages.Request):  # type: ignore[no-untyped-def]
        return pages.error_page(request, 500)

    page = TestClient(app).get("/broken")
    assert page.status_code == 500 and "Ce n'est pas votre faute" in unescape(page.text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Appelez le 15 ou le 112.", {"le 15": "tel:15", "112": "tel:112"}),
        ("Le 15 juin, au 17 rue X, le 18 h", {}),
        ("Le 114 (SMS), le 116 006, le 39 39", {"114": "sms:114", "116 006": "tel:116006", "39 39": "tel:3939"}),
        ("112 euros, 119 rue X, 1 112 366, 3919.", {"3919": "tel:3919"}),
        ("02 54 45 34 54, 02.54.45.34.54", {"02 54 45 34 54": "tel:+33254453454", "02.54.45.34.54": "tel:+33254453454"}),
        ("Voir https://www.blois.fr/a?b=c.", {"https://www.blois.fr/a?b=c": "https://www.blois.fr/a?b=c"}),
        ("Ou blois@pimmsmediation.fr.", {"blois@pimmsmediation.fr": "mailto:blois@pimmsmediation.fr"}),
    ],
)
def test_what_can_be_tapped_in_a_text(text: str, found: dict[str, str]) -> None:
    pieces = list(links.pieces(text, links.pattern(NUMBERS)))
    assert "".join(piece for piece, _ in pieces) == text
    assert {piece: href for piece, href in pieces if href} == found


def test_dates_are_written_in_french() -> None:
    assert [french_date(d) for d in ["2024-08-01", "2019-05", "2021", None]] == ["1er août 2024", "mai 2019", "2021", None]


def test_a_sheet_says_what_nobody_published_only_where_one_could_go(directory: Directory) -> None:
    by_status = {entry.action.status.value: views.card(entry, directory) for entry in directory.entries if not entry.action.price}
    assert sheet(by_status["unknown"] | {"kind": "action"})["price"] == []
    assert sheet(by_status["finished"])["price"] is None
    assert sheet(by_status["unknown"] | {"kind": "faq"})["price"] is None


def test_a_source_is_named_beside_a_fact_only_when_there_are_several(directory: Directory) -> None:
    card = views.card(directory.entry("pimms"), directory)
    assert "1er août 2024" in sheet(card)["phone"][0].origin
    assert sheet(card | {"sources": card["sources"][:1]})["phone"][0].origin is None
