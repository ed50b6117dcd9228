"""Erasing a conversation, feedback, and what is kept of them."""

import sqlalchemy as sa

from api.wiring import Services

PAPERS = "j'ai besoin d'aide pour mes papiers de la caf"  # the PIMMS
UNKNOWN = "jamais-vue-de-personne-0000000000"


def rows(services: Services, table: str, column: str, conversation: str) -> int:
    with services.database.connect() as connection:
        query = sa.text(f"select count(*) from {table} where {column} = :id")
        return connection.execute(query, {"id": conversation}).scalar_one()


def test_an_erased_conversation_is_gone_from_the_tables(client, say, services: Services):
    conversation = say(PAPERS)["conversation_id"]
    client.post("/api/feedback", json={"conversation_id": conversation, "helpful": True, "comment": None})
    assert rows(services, "events", "sender_id", conversation) > 0
    assert rows(services, "feedback", "conversation", conversation) == 1
    erased = client.delete(f"/api/conversations/{conversation}")
    assert (erased.status_code, erased.content) == (204, b"")
    assert rows(services, "events", "sender_id", conversation) == 0
    assert rows(services, "feedback", "conversation", conversation) == 0


def test_under_its_old_id_nothing_is_known_any_more(client, say):
    first = say(PAPERS)
    assert say("et leur numéro ?", first)["actions"]
    client.delete(f"/api/conversations/{first['conversation_id']}")
    afresh = say("et leur numéro ?", first)
    assert afresh["actions"] == [] and afresh["outcome"] == "clarify"


def test_erasing_again_or_what_never_was_says_the_same(client, say):
    conversation = say("bonjour")["conversation_id"]
    answers = [client.delete(f"/api/conversations/{c}").status_code for c in (conversation, conversation, UNKNOWN, "x", "a b%00é")]
    assert answers == [204] * 5


def test_erasing_one_leaves_the_others(client, say):
    kept, erased = say(PAPERS), say(PAPERS)
    client.delete(f"/api/conversations/{erased['conversation_id']}")
    assert [card["id"] for card in say("et leur numéro ?", kept)["actions"]] == ["pimms"]


def test_feedback_is_kept_with_its_comment(client, say, services: Services):
    conversation = say("bonjour")["conversation_id"]
    for body in ({"helpful": True}, {"helpful": False, "comment": "  pas le bon\nendroit "}):
        assert client.post("/api/feedback", json={"conversation_id": conversation, **body}).status_code == 204
    with services.database.connect() as connection:
        query = sa.text("select helpful, comment from feedback where conversation = :id order by comment")
        kept = connection.execute(query, {"id": conversation}).all()
    assert sorted((bool(helpful), comment) for helpful, comment in kept) == [(False, "pas le bon endroit"), (True, None)]


def test_feedback_of_another_shape_is_refused(client, refused):
    conversation = "a" * 24
    bad = [
        {},
        {"conversation_id": conversation},
        {"helpful": True},
        {"conversation_id": conversation, "helpful": "peut-être"},
        {"conversation_id": conversation, "helpful": None},
        {"conversation_id": "x", "helpful": True},
        {"conversation_id": conversation, "helpful": True, "comment": "é" * 1001},
        {"conversation_id": conversation, "helpful": True, "comment": ["a"]},
        {"conversation_id": conversation, "helpful": True, "name": "Marie"},
    ]
    for body in bad:
        refused(client.post("/api/feedback", json=body), 422, "invalid_request")
    blank = client.post("/api/feedback", json={"conversation_id": conversation, "helpful": True, "comment": " \u200b "})
    assert "vide" in refused(blank, 422, "invalid_request")
