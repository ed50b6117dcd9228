"""What real messages leave for the staff to look at, and what the staff's clicks make of it."""

import re
from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa

from api.wiring import Services
from knowledge.audit import AuditEntry
from knowledge.directory import DirectoryStore
from knowledge.editing.changes import restore
from knowledge.editing.history import current
from knowledge.learning.models import MissedQuestion, SetAside

PAPERS = "j'ai besoin d'aide pour mes papiers de la caf"


@pytest.fixture(autouse=True)
def from_nothing(services: Services) -> Iterator[None]:
    yield
    with services.sessions.begin() as session:
        session.execute(sa.delete(MissedQuestion))
        session.execute(sa.delete(SetAside))


@pytest.fixture
def say(client: httpx.Client):
    def send(message: str, conversation: dict | None = None) -> dict:
        known = conversation["conversation_id"] if conversation else None
        return client.post("/api/chat", json={"message": message, "conversation_id": known}).json()

    return send


def kept(services: Services) -> set[tuple[str, str]]:
    with services.sessions() as session:
        return {(one.text, one.reason) for one in session.execute(sa.select(MissedQuestion)).scalars()}


def test_refused_and_misunderstood_questions_are_kept_masked(say, services: Services):
    assert say("je m'appelle Nadia, je cherche une recette de gâteau au chocolat")["outcome"] == "out_of_scope"
    say("asdf qsdf zzzz")
    found = kept(services)
    assert ("je m'appelle [nom], je cherche une recette de gâteau au chocolat", "refused") in found
    assert any(text == "asdf qsdf zzzz" for text, _ in found)


def test_what_was_understood_leaves_nothing(say, services: Services):
    first = say(PAPERS)
    for message in ("/ask_hours", "et leur numéro ?", "merci", "je veux parler à une personne", "bonjour"):
        say(message, first)
    say("je veux apprendre le français")
    assert kept(services) == set()


@pytest.mark.parametrize("alarm", ["au secours mon mari me frappe", "je veux mourir", "il y a le feu chez moi"])
def test_emergencies_are_never_kept_not_even_when_they_are_complained_of(say, client, services: Services, alarm: str):
    first = say(alarm)
    assert first["outcome"] == "emergency"
    client.post("/api/feedback", json={"conversation_id": first["conversation_id"], "helpful": False, "comment": None})
    say("la réponse est fausse", first)
    assert kept(services) == set()


def test_an_unhelpful_answer_brings_its_question(say, client, services: Services):
    first = say(PAPERS)
    say("/ask_hours", first)
    client.post("/api/feedback", json={"conversation_id": first["conversation_id"], "helpful": False, "comment": None})
    assert kept(services) == {(PAPERS, "unhelpful")}
    second = say("j'ai besoin d'aide pour mon dossier apl")
    assert say("la réponse est fausse", second)["outcome"] == "feedback"
    assert ("j'ai besoin d'aide pour mon dossier apl", "unhelpful") in kept(services)


def test_a_click_teaches_ignores_or_asks_for_an_action(say, staff, services: Services):
    say("une recette de gâteau au chocolat et caramel")
    agent, editor = staff("agent"), staff("editor")
    page = editor.get("/staff/questions").text
    assert "une recette de gâteau au chocolat et caramel" in page and "refusée" in page
    ids = re.findall(r'name="ids" value="([^"]+)"', page)
    assert agent.get("/staff/questions").status_code == 200
    assert agent.post("/staff/questions/ignorer", data={"ids": ids}).status_code == 403

    assert editor.post("/staff/questions/action", data={"ids": ids, "text": " ", "action_id": "pimms"}).status_code == 422
    assert editor.post("/staff/questions/action", data={"ids": ids, "text": "x", "action_id": "inconnue"}).status_code == 422
    assert editor.post("/staff/questions/a-creer", data={"ids": ids}).status_code == 303
    assert "Il faudrait une action" in editor.get("/staff/questions").text and kept(services) == set()

    say("une recette de gâteau au chocolat et caramel")  # like one that is wanted already
    page = editor.get("/staff/questions").text
    assert "Rien à regarder" in page and "2&nbsp;fois" in page
    aside = re.search(r'name="aside_id" value="([^"]+)"', page)[1]
    assert editor.post("/staff/questions/reprendre", data={"aside_id": aside}).status_code == 303
    ids = re.findall(r'name="ids" value="([^"]+)"', editor.get("/staff/questions").text)
    topic = services.store.current().outside[0].id
    taught = {"ids": ids, "text": "une recette de gâteau au caramel", "topic_id": topic}
    assert editor.post("/staff/questions/hors-sujet", data=taught).status_code == 303
    now = DirectoryStore(services.sessions, fresh_seconds=0).current()  # the shared one may be some milliseconds old
    assert "une recette de gâteau au caramel" in next(t for t in now.outside if t.id == topic).questions
    with services.sessions.begin() as session:  # the directory of all tests, as it was
        restore(session, "outside_topic", topic, 0, current(session, "outside_topic", topic)[1], "Anne")
    with services.sessions() as session:
        entries = session.execute(sa.select(AuditEntry).where(AuditEntry.what.like("question.%"))).scalars().all()
    assert {"question.needed", "question.taken-back", "question.taught"} <= {entry.what for entry in entries}
    assert "caramel" not in str([(entry.subject, entry.details) for entry in entries])
