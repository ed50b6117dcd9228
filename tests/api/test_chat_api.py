"""POST /api/chat, line by line of the contract, over real HTTP."""

import json

import httpx
import pytest

from api.chat import new_conversation_id
from api.models import ChatAnswer
from api.wiring import Services
from bot.engine import OUTCOMES

NEED = "je veux apprendre à lire et à écrire"
PAPERS = "j'ai besoin d'aide pour mes papiers de la caf"  # the PIMMS
CARD = {
    "id", "title", "organisation", "summary", "status", "audience", "age_min", "age_max", "price", "places", "contacts",
    "schedules", "programme_year", "sources", "verified_on",
}  # fmt: skip


def test_an_answer_has_the_shape_of_the_contract(say, services: Services):
    reply = say(NEED)
    assert list(reply) == ["conversation_id", "outcome", "messages", "actions"]
    assert reply["outcome"] in ("answer", "clarify")
    for message in reply["messages"]:
        assert set(message) == {"text", "quick_replies"} and message["text"]
        assert all(set(quick) == {"title", "payload"} and quick["title"] and quick["payload"] for quick in message["quick_replies"])
    assert reply["actions"]
    for card in reply["actions"]:
        assert set(card) >= CARD
        assert card["id"] in services.store.current().by_id
        assert card["status"] in ("active", "finished", "upcoming", "unknown")
        assert card["sources"] and all(set(source) >= {"title", "url", "published"} for source in card["sources"])


@pytest.mark.parametrize("message", [NEED, PAPERS, "bonjour"])
def test_an_answer_is_what_the_openapi_document_says_and_nothing_else(say, message: str):
    reply = say(message)
    assert json.loads(ChatAnswer.parse_obj(reply).json()) == reply


def test_the_text_is_complete_without_the_cards(say):
    reply = say(PAPERS)
    text = "\n".join(message["text"] for message in reply["messages"])
    card = reply["actions"][0]
    assert card["id"] == "pimms"
    assert card["title"] in text and card["contacts"][0]["value"] in text and card["sources"][0]["title"] in text


@pytest.mark.parametrize(
    ("message", "outcomes"),
    [
        ("bonjour", {"greet"}),
        ("merci beaucoup", {"thanks"}),
        ("au revoir", {"goodbye"}),
        ("/help", {"help"}),
        ("tu es un robot ?", {"bot_challenge"}),
        ("ferme ta gueule", {"insult"}),
        ("je veux parler à une personne", {"handoff"}),
        ("au secours mon mari me frappe", {"emergency"}),
        ("une recette de gâteau au chocolat", {"out_of_scope"}),
        ("la réponse est fausse", {"feedback"}),
        (NEED, {"answer", "clarify"}),
        ("asdf qsdf zzzz", {"clarify", "out_of_scope"}),
    ],
)
def test_every_outcome_is_reached_and_none_but_those_of_the_contract(say, message: str, outcomes: set[str]):
    assert outcomes <= set(OUTCOMES)
    assert say(message)["outcome"] in outcomes


def test_every_conversation_id_is_new_and_cannot_be_guessed(say):
    made = {new_conversation_id() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(one) for one in made} == {32}  # 24 random bytes in base64
    first, second = say("bonjour")["conversation_id"], say("bonjour")["conversation_id"]
    assert first != second and len(first) == len(second) == 32


def test_a_conversation_goes_on_under_its_id(say):
    first = say(PAPERS)
    second = say("quels sont les horaires ?", first)
    assert second["conversation_id"] == first["conversation_id"]
    assert [card["id"] for card in second["actions"]] == ["pimms"]


def test_two_facts_asked_for_at_once_are_told_once_each(say):
    conversation = say(PAPERS)["conversation_id"]
    reply = say("adresse et téléphone ?", conversation)
    assert len(reply["messages"]) == 2 and [card["id"] for card in reply["actions"]] == ["pimms"]
    assert "133 Rue Michel Bégon" in reply["messages"][0]["text"] and "02 54 45 34 54" in reply["messages"][1]["text"]


def test_a_message_is_trimmed_before_it_is_measured(say):
    assert say("  " + "bonjour " * 125 + "\n\n")["messages"]  # 1000 characters with the last space
    assert say(" \t" + "é" * 1000 + " ")["messages"]


@pytest.mark.parametrize(
    "message",
    ["é" * 1001, "a" * 5000, "", "   ", "\n\t ", "\u200b\u200b", "\u00a0", None, 12, True, ["bonjour"], {"text": "bonjour"}],
)
def test_a_message_outside_of_1_to_1000_characters_is_refused(client: httpx.Client, refused, message: object):
    said = refused(client.post("/api/chat", json={"message": message}), 422, "invalid_request")
    assert "1 000" in said


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"conversation_id": None},
        {"Message": "bonjour"},
        {"message": "bonjour", "conversation_id": "court"},
        {"message": "bonjour", "conversation_id": "x" * 65},
        {"message": "bonjour", "conversation_id": "../../../etc/passwd/x"},
        {"message": "bonjour", "conversation_id": "aaaaaaaaaaaaaaaaaaaaaaaa\n"},
        {"message": "bonjour", "conversation_id": "éééééééééééééééééééééé"},
        {"message": "bonjour", "conversation_id": ["a" * 24]},
        {"message": "bonjour", "conversation_id": {"a": 1}},
        {"message": "bonjour", "channel": "sms"},
        [{"message": "bonjour"}],
        "bonjour",
        None,
    ],
)
def test_a_body_of_another_shape_is_refused(client: httpx.Client, refused, body: object):
    refused(client.post("/api/chat", json=body), 422, "invalid_request")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"bonjour", b"{'message': 'bonjour'}", b"\xff\xfe", b'{"message": "\\ud800"}x', b"[" * 5000, b"message=bonjour"]
)
def test_what_is_not_json_is_refused(client: httpx.Client, refused, content: bytes):
    refused(client.post("/api/chat", content=content, headers={"content-type": "application/json"}), 422, "invalid_request")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_another_content_type_is_refused(client: httpx.Client, refused, kind: str):
    """A page of another site can send these without asking first; JSON it cannot."""
    refused(client.post("/api/chat", content=b'{"message": "bonjour"}', headers={"content-type": kind}), 422, "invalid_request")


def test_a_lone_surrogate_and_control_characters_are_harmless(client: httpx.Client):
    body = json.dumps({"message": "bonjour \ud800\x00\x1b[31m\u202e !"})  # as escapes: JSON allows them
    response = client.post("/api/chat", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 200 and response.json()["outcome"] == "greet"


@pytest.mark.parametrize(
    "message", ["/", "///", "/ / /", "?", "…", "👍", "/restart", "/session_start", "/inconnu{", '/choose_nth{"action_id": "x"}']
)
def test_a_message_without_words_is_answered(say, message: str):
    reply = say(message)
    assert reply["outcome"] != "error" and reply["messages"][0]["text"]


def test_sending_a_payload_is_the_same_as_tapping_it(say):
    """Every button of an answer leads on, to what its title says."""
    first = say(PAPERS)
    replies = [quick for message in first["messages"] for quick in message["quick_replies"]]
    assert len(replies) >= 3
    for quick in replies:
        tapped = say(quick["payload"], say(PAPERS))
        assert tapped["outcome"] in ("answer", "clarify", "handoff"), quick
        assert "pas bien compris" not in tapped["messages"][0]["text"]
        if quick["title"] == "Le contact":
            assert tapped["messages"] == say("/ask_contact", say(PAPERS))["messages"]
            assert "02 54" in tapped["messages"][0]["text"]


def test_the_proposals_of_an_answer_can_be_tapped(say):
    first = say("bonjour")
    for quick in first["messages"][0]["quick_replies"]:
        assert say(quick["payload"], first)["actions"], quick


def test_a_chosen_proposal_is_shown_first(say):
    first = say("une activité pour moi le mercredi")
    choices = [quick for quick in first["messages"][0]["quick_replies"] if quick["payload"].startswith("/choose_nth")]
    assert choices
    for quick in choices:
        chosen = json.loads(quick["payload"].removeprefix("/choose_nth"))["action_id"]
        shown = say(quick["payload"], first)
        assert shown["actions"][0]["id"] == chosen and shown["actions"][0]["title"] == quick["title"]


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_another_method_is_refused(client: httpx.Client, refused, method: str):
    response = client.request(method, "/api/chat")
    refused(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "POST"


def test_an_unknown_address_is_refused_in_french(client: httpx.Client, refused):
    assert "n'existe pas" in refused(client.get("/api/nulle-part"), 404, "not_found")
