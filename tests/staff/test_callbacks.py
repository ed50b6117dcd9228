"""The queue of people to call back, and a conversation that an agent takes over, over real HTTP."""

import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import sqlalchemy as sa

from api.wiring import Services
from knowledge.audit import AuditEntry
from knowledge.handover.models import CallbackRequest, Talk, TalkMessage

PAPERS = "j'ai besoin d'aide pour mes papiers de la caf"


@pytest.fixture
def ask(client: httpx.Client, services: Services) -> Iterator[Callable[..., str]]:
    """A resident asks for a call; returns the request's id."""

    def asked(conversation: str | None = None, **given: object) -> str:
        request_id = str(uuid.uuid4())
        body = {"first_name": "Nadia", "phone": "06 12 34 56 78", "subject": "ma carte <b>", "consent": True, **given}
        response = client.post("/api/callbacks", json={**body, "conversation_id": conversation, "request_id": request_id})
        assert response.status_code == 201, response.text
        return request_id

    yield asked
    with services.sessions.begin() as session:
        for table in (TalkMessage, Talk, CallbackRequest):
            session.execute(sa.delete(table))


def talk(client: httpx.Client, message: str, conversation: str | None = None) -> dict:
    return client.post("/api/chat", json={"message": message, "conversation_id": conversation}).json()


def test_the_queue_shows_who_waits_with_links_to_call_and_write(staff, ask):
    ask(first_name="Aïcha")
    ask(first_name="Bilel")
    page = staff().get("/staff/rappels").text
    assert page.index("Aïcha") < page.index("Bilel")
    assert 'href="tel:+33612345678"' in page and 'href="sms:+33612345678"' in page and "06 12 34 56 78" in page
    assert "ma carte &lt;b&gt;" in page and re.search(r"il y a \d+ (minute|seconde)|dans 0|maintenant", page)


def test_of_two_agents_at_once_one_takes_it_and_the_other_is_told(staff, ask):
    request_id, agents = ask(), (staff(), staff())
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda agent: agent.post(f"/staff/rappels/{request_id}/prendre"), agents))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert "Une autre personne" in loser.text


def test_taken_noted_closed_reopened_and_all_of_it_in_the_audit_without_words(staff, ask, services: Services):
    request_id, anne, bilal = ask(), staff(), staff()
    address = f"/staff/rappels/{request_id}"
    assert anne.post(f"{address}/prendre").status_code == 303
    assert bilal.post(f"{address}/noter", data={"text": "x"}).status_code == 409
    assert anne.post(f"{address}/noter", data={"text": "rappelée, <rien>"}).status_code == 303
    assert "rappelée, &lt;rien&gt;</textarea>" in anne.get("/staff/rappels").text
    assert anne.post(f"{address}/clore", data={"text": "rendez-vous mardi"}).status_code == 303
    assert anne.post(f"{address}/clore").status_code == 409  # sent twice
    assert "rendez-vous mardi" in bilal.get("/staff/rappels").text
    assert bilal.post(f"{address}/rouvrir").status_code == 303
    assert bilal.post(f"{address}/prendre").status_code == 303
    with services.sessions() as session:
        noted = session.execute(sa.select(AuditEntry).where(AuditEntry.subject == request_id).order_by(AuditEntry.id)).scalars().all()
    assert [entry.what for entry in noted] == [f"callback.{what}" for what in ("taken", "noted", "closed", "reopened", "taken")]
    assert "rappelée" not in str([entry.details for entry in noted])


def test_nobody_reads_a_conversation_but_who_took_its_request(staff, ask, client: httpx.Client):
    conversation = talk(client, "je veux parler à une personne")["conversation_id"]
    request_id, anne, bilal = ask(conversation), staff(), staff("administrator")
    address = f"/staff/conversations/{request_id}"
    assert anne.get(address).status_code == 404  # nobody took it yet
    anne.post(f"/staff/rappels/{request_id}/prendre")
    assert bilal.get(address).status_code == 404 and bilal.get(f"{address}/suite").status_code == 404
    assert bilal.post(address, data={"text": "bonjour"}).status_code == 404
    page = anne.get(address)
    assert page.status_code == 200 and "je veux parler à une personne" in page.text and conversation not in page.text
    anne.post(f"/staff/rappels/{request_id}/clore")
    assert anne.get(address).status_code == 404


def test_the_agent_writes_the_resident_answers_and_the_bot_comes_back(staff, ask, client: httpx.Client):
    conversation = talk(client, "je veux parler à une personne")["conversation_id"]
    request_id, anne = ask(conversation), staff()
    address = f"/staff/conversations/{request_id}"
    anne.post(f"/staff/rappels/{request_id}/prendre")
    opened = anne.post(f"/staff/rappels/{request_id}/ouvrir")
    assert opened.status_code == 303 and opened.headers["location"].startswith(address)

    assert anne.post(address, data={"text": " Bonjour <Nadia> "}).status_code == 303
    assert anne.post(address, data={"text": "  "}).status_code == 303  # nothing was written
    seen = client.get(f"/api/conversations/{conversation}/messages").json()["messages"]
    assert [(m["author"], m["text"]) for m in seen] == [("agent", "Bonjour <Nadia>")]

    assert talk(client, PAPERS, conversation)["outcome"] == "handoff"
    talk(client, "/ask_hours", conversation)
    part = anne.get(f"{address}/suite", params={"after": 1}).text
    assert "papiers de la caf" in part and "a touché un bouton" in part and "Bonjour" not in part and "suite?after=3" in part
    assert anne.get(f"{address}/suite", params={"after": 3}).status_code == 204
    assert "Bonjour &lt;Nadia&gt;" in anne.get(address).text

    assert anne.post(f"{address}/fermer").status_code == 303
    assert talk(client, PAPERS, conversation)["actions"][0]["id"] == "pimms"
    late = anne.post(address, data={"text": "encore un mot"})
    assert late.status_code == 409 and "encore un mot</textarea>" in late.text


def test_a_second_click_says_nothing_twice(staff, ask, client: httpx.Client, services: Services):
    conversation = talk(client, "je veux parler à une personne")["conversation_id"]
    request_id, anne = ask(conversation), staff()
    address = f"/staff/conversations/{request_id}"
    anne.post(f"/staff/rappels/{request_id}/prendre")
    anne.post(f"/staff/rappels/{request_id}/ouvrir")
    forms = [re.search(r'name="form_id" value="([^"]+)"', anne.get(address).text)[1] for _ in range(2)]
    said = [(forms[0], "Bonjour Léa"), (forms[0], "Bonjour Léa"), (forms[0], "Venez demain"), (forms[1], "Bonjour Léa")]
    for form_id, text in said:
        assert anne.post(address, data={"text": text, "form_id": form_id}).status_code == 303
    with ThreadPoolExecutor(2) as pool:  # both clicks at once
        list(pool.map(lambda _: anne.post(address, data={"text": "À demain", "form_id": forms[1]}), range(2)))
    seen = client.get(f"/api/conversations/{conversation}/messages").json()["messages"]
    assert [m["text"] for m in seen] == ["Bonjour Léa", "Venez demain", "Bonjour Léa", "À demain"]


def test_a_request_that_is_gone_is_said_to_be_gone(staff):
    anne = staff()
    for what in ("prendre", "noter", "clore", "rouvrir", "ouvrir"):
        assert anne.post(f"/staff/rappels/{uuid.uuid4()}/{what}").status_code == 409
    assert anne.get("/staff/conversations/inconnue").status_code == 404
