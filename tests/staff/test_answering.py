"""The answering pages over real HTTP: the bot's ranking, filters, sheets, what is handed on, the list, the trial."""

import datetime as dt
import re
from dataclasses import replace
from html import unescape
from urllib.parse import quote, unquote

import httpx
import pytest
import sqlalchemy as sa

from api import views
from api.pages import counter
from api.staff import answering, texts
from api.staff.asked import Asked, words_of
from knowledge.accounts.models import StaffSession
from knowledge.accounts.tokens import digest

FRAGMENT = {"hx-request": "true", "hx-target": "results"}


@pytest.fixture
def agent(staff) -> httpx.Client:
    return staff("agent")


def ids(page: str) -> list[str]:
    return re.findall(r'<h2><a href="/staff/action/([\w-]+)', page)


def test_results_have_the_ranking_of_the_bot(agent: httpx.Client, services):
    for q in ("papiers", "apprendre le français", "velo pa cher"):
        ranked = [hit.entry.id for hit in services.search.find(q, limit=8).hits]
        assert ids(agent.get("/staff", params={"q": q}).text) == ranked


def test_evidence_says_why(agent: httpx.Client, services):
    page = unescape(agent.get("/staff", params={"q": "apprendre la couture à la machine, j'ai 17 ans"}).text)
    best = services.search.find("apprendre la couture à la machine, j'ai 17 ans").best
    evidence = services.search.explain("apprendre la couture à la machine, j'ai 17 ans", best.entry.id)
    assert evidence.words and f"<b>{evidence.words[0][0]}</b>" in page
    assert evidence.phrasing in page
    assert "Âge" in page
    assert f"{round(100 * best.confidence)}\N{NO-BREAK SPACE}%" in page


def unfolded(page: str) -> list[str]:
    return ids(re.sub(r"<details>.*?</details>", "", page, flags=re.DOTALL))


def decided(agent: httpx.Client, q: str, **chosen: str) -> tuple[str | None, str]:
    """What the console says that the assistant decides, and the page."""
    page = unescape(agent.get("/staff", params={"q": q} | chosen, headers=FRAGMENT).text)
    found = re.search(r'data-decided="(\w+)"', page)
    assert not found or found.start() < page.index('id="count"'), "first of all"
    return found and found[1], page


@pytest.mark.parametrize(
    ("q", "decision", "said"),
    [
        ("aide aux devoirs", "out_of_scope", "Ce n'est pas dans l'annuaire."),
        ("zzzzqqq", "unclear", "L'assistant n'a pas compris."),
        ("femme battue", "emergency", "3919"),
        ("mon mari me frappe", "emergency", "3919"),
        ("bonjour", "greet", "L'assistant répondrait : une salutation"),
    ],
)
def test_what_the_bot_decides_comes_before_any_sheet(agent: httpx.Client, services, q: str, decision: str, said: str):
    before = rows_of_every_table(services)
    found, page = decided(agent, q)
    assert found == decision and said in page
    assert unfolded(page) == [] and "Aucune fiche ne convient vraiment." in page and ids(page)
    assert rows_of_every_table(services) == before


def test_where_sheets_answer_nothing_else_is_decided_and_unlikely_ones_are_folded(agent: httpx.Client, services):
    found, page = decided(agent, "papiers")
    likely = [hit.entry.id for hit in services.search.find("papiers", limit=8).hits if hit.confidence >= 0.05]
    assert found is None and unfolded(page) == likely and 0 < len(likely) < len(ids(page)) == 8
    _, page = decided(agent, "papiers", theme="francais")
    assert unfolded(page) == ids(page) != []


def test_evidence_is_no_word_that_is_in_every_message(agent: httpx.Client, services):
    for q in ("je veux le français", "un lapin", "j'ai 17 ans et je veux un travail"):
        for hit in services.search.find(q, limit=5).hits:
            words = [word for word, _ in services.search.explain(q, hit.entry.id).words]
            assert not {"le", "je", "je veux", "un", "ai", "j ai", "et"} & set(words)
    best = services.search.find("je veux le français").best
    assert any("francais" in words for words, _ in services.search.explain("je veux le français", best.entry.id).words)


def test_typing_fetches_the_results_alone(agent: httpx.Client):
    part = agent.get("/staff", params={"q": "papiers"}, headers=FRAGMENT)
    assert part.status_code == 200 and "<html" not in part.text and ids(part.text)
    whole = agent.get("/staff", params={"q": "papiers"})
    assert "<html" in whole.text and ids(whole.text) == ids(part.text)


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        ({"theme": "francais"}, lambda e: "francais" in e.action.themes),
        ({"status": "finished"}, lambda e: e.action.status == "finished"),
        ({"free": "1"}, lambda e: e.action.price and e.action.price.frais == "gratuit"),
        ({"age": "15"}, lambda e: not e.action.audience or (e.action.audience.age_min or 0) <= 15 <= (e.action.audience.age_max or 999)),
    ],
)
def test_filters_keep_what_they_say(agent: httpx.Client, services, chosen: dict[str, str], kept):
    directory = services.store.current()
    wanted = [entry.id for entry in directory.entries if kept(entry)][:50]
    assert wanted and ids(agent.get("/staff", params=chosen).text) == wanted
    both = ids(agent.get("/staff", params=chosen | {"q": "aide"}).text)
    assert all(kept(directory.entry(action_id)) for action_id in both)


def test_more_than_are_listed_are_counted(agent: httpx.Client, services, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(answering, "_LISTED", 3)
    directory = services.store.current()
    unsure = [entry for entry in directory.entries if entry.action.status == "unknown"]
    page = agent.get("/staff", params={"status": "unknown"}, headers=FRAGMENT).text
    assert len(ids(page)) == 3 < len(unsure) and f"Les 3 premières de {len(unsure)} fiches." in page
    assert "premières" not in agent.get("/staff", params={"q": "papiers"}, headers=FRAGMENT).text


def test_the_day_filter_keeps_what_is_known_to_be_open_then(agent: httpx.Client, services):
    monday = next(day for n in range(7) if (day := dt.date.today() + dt.timedelta(n)).weekday() == 0)
    found = ids(agent.get("/staff", params={"day": monday.isoformat()}).text)
    directory = services.store.current()
    assert found and all("Mo" in "".join(s.osm or "" for s in directory.entry(one).schedules) for one in found)


def test_what_is_no_filter_is_left_out(agent: httpx.Client):
    bad = {"theme": "danse", "public": "x", "age": "mille", "quarter": "Paris", "day": "2000-01-01", "status": "x", "free": ""}
    assert agent.get("/staff", params=bad).status_code == 200
    assert Asked(**bad).address == "" and not Asked(**bad).is_filtered
    assert words_of(Asked(q="vélo & papiers", free="1").address) == "vélo & papiers"


@pytest.mark.parametrize("q", ["", " ", "😀", "\x00", "<script>alert(1)</script>", "a" * 5000, "%", "'"])
def test_any_text_is_answered(agent: httpx.Client, q: str):
    page = agent.get("/staff", params={"q": q})
    assert page.status_code == 200 and "<script>alert" not in page.text


def test_a_sheet_shows_every_source_and_the_way_back(agent: httpx.Client, services):
    back = Asked(q="papiers & co", free="1").address
    for entry in services.store.current().entries:
        page = agent.get(f"/staff/action/{entry.id}", params={"retour": back})
        assert page.status_code == 200
        text = unescape(page.text)
        for source in views.card(entry, services.store.current())["sources"]:
            assert source["title"] in text
        assert f'href="/staff?{back}"' in text
    assert agent.get("/staff/action/nulle-part").status_code == 404


def test_an_sms_holds_in_300_characters_with_the_telephone_whole(services):
    directory = services.store.current()
    for entry in directory.entries:
        card = views.card(entry, directory)
        sms = texts.sms(card)
        assert 20 < len(sms) <= 300, entry.id
        phones = [contact["value"] for contact in card["contacts"] if contact["kind"] == "phone"]
        if phones:
            assert f"Tél. {phones[0]}." in sms, entry.id
        assert sms.startswith(card["title"][:40])
        if card["status"] == "finished":
            assert "Terminé" in sms


def sms_of(services, action_id: str, **changes) -> str:
    directory = services.store.current()
    return texts.sms(views.card(directory.entry(action_id), directory) | changes, counter(directory))


@pytest.mark.parametrize(
    ("action_id", "year"),
    [
        ("alire-jeunes-pjj", 2021),
        ("faq-appel-a-projets", 2021),
        ("alire-fle-integration", 2023),
        ("rers-echanges-savoirs", 2019),
        ("pimms", 2024),
    ],
)
def test_an_sms_is_as_old_as_the_oldest_of_what_it_says(services, action_id: str, year: int):
    assert f"Info de {year} :" in sms_of(services, action_id)


def test_an_sms_without_a_contact_gives_the_counter_s_telephone(services):
    directory = services.store.current()
    phone = counter(directory)[0].text
    without = [entry.id for entry in directory.entries if not entry.contacts]
    assert len(without) > 10
    assert [one for one in without if f"Contact non connu : demandez au PIMMS, {phone}." not in sms_of(services, one)] == []


def test_an_sms_is_in_whole_sentences_and_says_nothing_twice(services):
    assert " Pas pendant les vacances scolaires. Info de" in sms_of(services, "begon-programmation")
    assert "(Maison de Bégon) (" not in sms_of(services, "begon-actions-culturelles")
    assert "Quartiers Nord de Blois. " in sms_of(services, "bge-citeslab")
    assert "PRE." not in sms_of(services, "parenthese-estime-de-soi")


def test_an_sms_names_a_day_gone_by_only_of_what_is_over(services):
    assert "Strasbourg" not in sms_of(services, "rers-echanges-savoirs")
    assert "juillet 2021" in sms_of(services, "acesm-journee-mer")
    coming = {
        "title": "Fête",
        "text": "Le 3 mai 2099.",
        "start": "2099-05-03",
        "end": "2099-05-03",
        "source": {"published": "2098", "title": "x"},
    }
    assert "Fête : Le 3 mai 2099." in sms_of(services, "rers-echanges-savoirs", events=[coming])


def test_a_long_sms_is_cut_at_a_word_s_end(services):
    directory = services.store.current()
    card = views.card(directory.entry("pimms"), directory)
    long = card | {"title": "anticonstitutionnellement " * 30, "schedules": [card["schedules"][0] | {"text": "mercredi matin " * 60}]}
    sms = texts.sms(long)
    assert len(sms) <= 300
    words = {"anticonstitutionnellement", "mercredi", "matin"}
    for before in re.findall(r"(\w+) ?…", sms):
        assert before in words


def test_the_whole_text_names_sources_and_says_what_is_unknown(services):
    directory = services.store.current()
    for entry in directory.entries:
        card = views.card(entry, directory)
        text = texts.text(card)
        assert card["title"] in text and "<" not in text and "&#" not in text and "None" not in text
        for source in card["sources"]:
            assert source["title"] in text
    assert any("Non connu" in texts.text(views.card(entry, directory)) for entry in directory.entries)


def test_the_paper_leads_to_the_public_page(agent: httpx.Client, services):
    page = agent.get("/staff/action/pimms/imprimer").text
    address = f"{services.settings.public_url}/annuaire/pimms"
    assert address in page and 'src="data:image/svg+xml' in page


def test_the_list_is_the_session_s_alone(agent: httpx.Client, staff, services):
    assert agent.post("/staff/liste", data={"action_id": "pimms"}).headers["location"] == "/staff/action/pimms?fait=kept"
    agent.post("/staff/liste", data={"action_id": "pimms"})
    agent.post("/staff/liste", data={"action_id": services.store.current().entries[0].id})
    agent.post("/staff/liste", data={"action_id": "nulle-part"})
    assert ids(agent.get("/staff/liste").text) == ["pimms", services.store.current().entries[0].id]
    assert ids(staff("agent").get("/staff/liste").text) == []
    assert agent.get("/staff/liste/imprimer").text.count("<article ") == 2

    agent.post("/staff/liste", data={"action_id": "pimms", "remove": "1"})
    assert len(ids(agent.get("/staff/liste").text)) == 1
    agent.post("/staff/liste", data={"empty": "1"})
    assert ids(agent.get("/staff/liste").text) == []
    assert agent.get("/staff/liste/imprimer").headers["location"] == "/staff/liste"


def test_the_list_is_sent_as_text_and_leaves_with_the_session(agent: httpx.Client, services):
    agent.post("/staff/liste", data={"action_id": "pimms"})
    page = unescape(agent.get("/staff/liste").text)
    mail = unquote(re.search(r'href="mailto:\?subject=[^"&]*&body=([^"]*)"', page)[1])
    directory = services.store.current()
    card = views.card(directory.entry("pimms"), directory)
    assert mail == (texts.text(card) if texts.fits_link(texts.text(card)) else sms_of(services, "pimms"))
    assert f'href="sms:?body={quote(sms_of(services, "pimms"), safe="/")}"' in page
    mine = digest(agent.cookies["passerelle_staff"])
    with services.sessions() as session:
        assert session.get(StaffSession, mine).kept == ["pimms"]
    agent.post("/staff/deconnexion")
    with services.sessions() as session:
        assert session.get(StaffSession, mine) is None


def test_a_long_list_is_copied_rather_than_cut_by_the_mail_program(agent: httpx.Client, services):
    for entry in services.store.current().entries[:8]:
        agent.post("/staff/liste", data={"action_id": entry.id})
    page = unescape(agent.get("/staff/liste").text)
    links = re.findall(r'href="((?:mailto|sms):[^"]*)"', page)
    assert links and all(len(link) < 2000 and "body" not in link for link in links)
    assert "La liste est longue : copiez le texte ci-dessous" in page and "trop longue pour un SMS" in page


def test_a_removed_action_leaves_the_list(agent: httpx.Client, services, monkeypatch: pytest.MonkeyPatch):
    agent.post("/staff/liste", data={"action_id": "pimms"})
    directory = services.store.current()
    without = replace(directory, entries=tuple(entry for entry in directory.entries if entry.id != "pimms"))
    monkeypatch.setattr(services.store, "current", lambda: without)
    assert ids(agent.get("/staff/liste").text) == []


def test_the_trial_is_the_bot_s_answer_and_leaves_nothing(agent: httpx.Client, services):
    question = "jarive pa a lire le courié"
    before = rows_of_every_table(services)
    page = unescape(agent.post("/staff/essai", data={"message": question}, headers=FRAGMENT | {"hx-target": "trial"}).text)
    assert rows_of_every_table(services) == before
    real = agent.post("/api/chat", json={"message": question}).json()
    assert unescape(real["messages"][0]["text"]) in page and real["actions"][0]["title"] in page
    agent.delete(f"/api/conversations/{real['conversation_id']}")


def rows_of_every_table(services) -> dict[str, int]:
    with services.sessions() as session:
        names = sa.inspect(session.connection()).get_table_names()
        return {name: session.execute(sa.text(f'select count(*) from "{name}"')).scalar_one() for name in names}


def test_the_trial_works_without_script_and_refuses_nothing_said(agent: httpx.Client):
    assert "<html" in agent.post("/staff/essai", data={"message": "bonjour"}).text
    assert "1 à 1" in agent.post("/staff/essai", data={"message": " "}).text
