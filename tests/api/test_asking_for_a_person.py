"""A call-back request over real HTTP, and the bot that is silent while an agent writes."""

import uuid
from collections.abc import Callable, Iterator

import httpx
import pytest
import sqlalchemy as sa

from api.errors import messages
from api.wiring import Services
from knowledge.accounts import people
from knowledge.accounts.models import Account, Role
from knowledge.handover import callbacks, talks
from knowledge.handover.models import CallbackRequest, Talk, TalkMessage

PAPERS = "j'ai besoin d'aide pour mes papiers de la caf"  # the PIMMS
NADIA = {"first_name": "Nadia", "phone": "06 12 34 56 78", "subject": "ma carte de séjour", "consent": True}
HANDED_ON = "Un agent du PIMMS lit votre message"


@pytest.fixture
def agent(services: Services) -> Iterator[Account]:
    """Someone at the counter, where nobody waits yet."""
    with services.sessions.begin() as session:
        for table in (TalkMessage, Talk, CallbackRequest):
            session.execute(sa.delete(table))
        account = people.create(session, "Anne", f"anne-{uuid.uuid4().hex}@pimms.example", Role.agent)
    yield account
    with services.sessions.begin() as session:
        for table in (TalkMessage, Talk, CallbackRequest):
            session.execute(sa.delete(table))
        session.execute(sa.delete(Account).where(Account.id == account.id))


@pytest.fixture
def open_talk(services: Services, client: httpx.Client, agent: Account) -> Callable[[str], str]:
    """Ask for a call in a conversation, and let the agent take it and write; returns the request's id."""

    def opened(conversation: str) -> str:
        request_id = str(uuid.uuid4())
        asked = client.post("/api/callbacks", json={**NADIA, "conversation_id": conversation, "request_id": request_id})
        assert asked.status_code == 201, asked.text
        with services.sessions.begin() as session:
            assert callbacks.take(session, request_id, agent) and talks.open_talk(session, request_id, agent)
        return request_id

    return opened


def queue(services: Services) -> list[CallbackRequest]:
    with services.sessions() as session:
        return callbacks.queue(session)


def text_of(reply: dict) -> str:
    return "\n".join(message["text"] for message in reply["messages"])


def test_a_request_is_queued_with_its_consent(client: httpx.Client, services: Services, agent: Account):
    asked = client.post("/api/callbacks", json={**NADIA, "first_name": "  Nadia\n", "phone": "+33 6 12 34 56 78"})
    assert (asked.status_code, asked.json()) == (201, {"state": "waiting"})
    (request,) = queue(services)
    assert (request.first_name, request.phone, request.conversation) == ("Nadia", "+33612345678", None)
    assert request.consented_at is not None


def test_a_request_sent_twice_is_one(client: httpx.Client, services: Services, agent: Account):
    body = {**NADIA, "request_id": uuid.uuid4().hex}
    assert [client.post("/api/callbacks", json=body).status_code for _ in range(3)] == [201] * 3
    assert len(queue(services)) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"first_name": " "}, "callback_first_name"),
        ({"phone": "112"}, "callback_phone"),
        ({"phone": ""}, "callback_phone"),
        ({"subject": ""}, "callback_subject_empty"),
        ({"subject": "é" * 501}, "callback_subject_long"),
        ({"consent": False}, "callback_consent"),
        ({"consent": "yes"}, "invalid_request"),
        ({"first_name": None}, "invalid_request"),
        ({"first_name": ["Nadia"]}, "invalid_request"),
        ({"conversation_id": "court"}, "invalid_request"),
        ({"request_id": "x"}, "invalid_request"),
        ({"email": "nadia@exemple.fr"}, "invalid_request"),
    ],
)
def test_a_request_that_cannot_be_kept_says_why(client: httpx.Client, services: Services, refused, change: dict, said: str):
    before = len(queue(services))
    assert refused(client.post("/api/callbacks", json={**NADIA, **change}), 422, "invalid_request") == messages()[said]
    assert len(queue(services)) == before


def test_requests_are_limited_as_messages_are(open_app, agent: Account):
    client = open_app(rate_limit_chat=3)
    codes = [client.post("/api/callbacks", json={**NADIA, "phone": "112"}).status_code for _ in range(4)]
    assert codes == [422, 422, 422, 429]
    assert client.post("/rappel", data={}).status_code == 429


def test_while_an_agent_writes_the_bot_is_silent_and_answers_again_afterwards(client, say, services: Services, agent, open_talk):
    first = say("je veux parler à une personne")
    assert first["outcome"] == "handoff" and "02 54" in text_of(first)
    conversation = first["conversation_id"]
    address = f"/api/conversations/{conversation}/messages"
    assert client.get(address).json() == {"state": "none", "messages": []}
    request_id = open_talk(conversation)

    held = say(PAPERS, first)
    assert (held["outcome"], held["actions"], len(held["messages"])) == ("handoff", [], 1) and HANDED_ON in text_of(held)
    with services.sessions.begin() as session:
        assert talks.say(session, conversation, agent, "Bonjour Nadia, venez mardi.")
    seen = client.get(address).json()
    assert seen["state"] == "open"
    assert [(m["number"], m["author"], m["text"]) for m in seen["messages"]] == [
        (1, "resident", PAPERS),
        (2, "agent", "Bonjour Nadia, venez mardi."),
    ]
    assert [m["number"] for m in client.get(address, params={"after": 1}).json()["messages"]] == [2]

    with services.sessions.begin() as session:
        assert callbacks.close(session, request_id, agent)
    assert client.get(address, params={"after": 2}).json() == {"state": "closed", "messages": []}
    assert [card["id"] for card in say(PAPERS, first)["actions"]][0] == "pimms"


def test_other_conversations_are_answered_meanwhile(say, open_talk):
    open_talk(say("bonjour")["conversation_id"])
    assert say(PAPERS)["actions"][0]["id"] == "pimms"


def test_an_unmistakable_emergency_is_answered_and_handed_on(client, say, open_talk):
    first = say("bonjour")
    open_talk(first["conversation_id"])
    assert say("au secours mon mari me frappe", first)["outcome"] == "emergency"
    (seen,) = client.get(f"/api/conversations/{first['conversation_id']}/messages").json()["messages"]
    assert seen["text"] == "au secours mon mari me frappe"


def test_erasing_the_conversation_erases_what_people_were_asked_and_wrote(client, say, services: Services, open_talk):
    first = say("bonjour")
    open_talk(first["conversation_id"])
    say("j'habite à Blois", first)
    client.delete(f"/api/conversations/{first['conversation_id']}")
    with services.sessions() as session:
        left = [session.execute(sa.select(sa.func.count()).select_from(table)).scalar() for table in (CallbackRequest, Talk, TalkMessage)]
    assert left == [0, 0, 0]
    assert say(PAPERS, first)["actions"][0]["id"] == "pimms"


async def test_the_transcript_is_what_was_said(say, services: Services):
    first = say(PAPERS)
    second = say("/ask_hours", first)
    spoken = await services.engine.transcript(first["conversation_id"])
    assert [(turn.said, turn.outcome) for turn in spoken] == [(PAPERS, "answer"), ("/ask_hours", second["outcome"])]
    assert [list(turn.answered) for turn in spoken] == [[m["text"] for m in reply["messages"]] for reply in (first, second)]
    assert await services.engine.transcript("unknown-conversation-0000") == ()


@pytest.mark.parametrize("after", ["-1", "x", "99999999999999999999"])
def test_a_number_that_is_none_is_refused(client: httpx.Client, refused, after: str):
    refused(client.get(f"/api/conversations/{'a' * 24}/messages", params={"after": after}), 422, "invalid_request")


def test_without_script_the_form_is_sent_and_answers_are_looked_for(client, say, services: Services, agent):
    conversation = say("bonjour")["conversation_id"]
    page = client.post("/", data={"message": "je veux parler à une personne", "conversation_id": conversation}).text
    assert 'action="/rappel"' in page and 'name="request_id"' in page

    wrong = client.post("/rappel", data={"first_name": "Nadia", "subject": "la CAF", "conversation_id": conversation})
    assert wrong.status_code == 422
    assert messages()["callback_phone"] in wrong.text and 'value="Nadia"' in wrong.text and "la CAF</textarea>" in wrong.text
    assert conversation in wrong.text

    given = {"first_name": "Nadia", "subject": "la CAF", "consent": "true", "here": "true", "conversation_id": conversation}
    sent = client.post("/rappel", data={**given, "request_id": str(uuid.uuid4())})
    assert sent.status_code == 200 and "Votre demande est envoyée" in sent.text and 'name="look"' in sent.text

    (request,) = queue(services)
    assert (request.conversation, request.phone) == (conversation, None)
    with services.sessions.begin() as session:
        callbacks.take(session, request.id, agent)
        talks.open_talk(session, request.id, agent)
        talks.say(session, conversation, agent, "Bonjour <Nadia>")
    looked = client.post("/", data={"look": "1", "conversation_id": conversation}).text
    assert "Bonjour &lt;Nadia&gt;" in looked and 'name="look"' in looked
    answered = client.post("/", data={"message": "merci bien", "conversation_id": conversation}).text
    assert HANDED_ON in answered and answered.count("merci bien") == 1


def test_the_page_of_the_form_stands_alone(client: httpx.Client, services: Services, agent):
    assert 'action="/rappel"' in client.get("/rappel").text
    data = {"first_name": "Nadia", "phone": "0612345678", "subject": "x", "consent": "true", "conversation_id": "../x", "request_id": "x"}
    assert client.post("/rappel", data=data).status_code == 200
    assert queue(services)[0].conversation is None
