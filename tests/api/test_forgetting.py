"""Erasing a conversation, feedback, and what is kept of them."""

import asyncio
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from api import app as app_module
from api.wiring import Services
from knowledge.search import service
from nlu.french import features, text

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


async def test_a_purge_that_fails_is_tried_again_soon_whatever_it_was(monkeypatch: pytest.MonkeyPatch, caplog):
    purges, done = [], asyncio.Event()

    def purge(_sessions: object, days: int) -> None:
        purges.append(days)
        if len(purges) < 3:
            raise OSError(28, "No space left on device")
        asyncio.run_coroutine_threadsafe(_set(done), loop)

    async def _set(event: asyncio.Event) -> None:
        event.set()

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(app_module, "erase_older_than", purge)
    monkeypatch.setattr(app_module, "_PURGE_AGAIN_SECONDS", 0)
    task = asyncio.create_task(app_module._erase_in_time(SimpleNamespace(sessions=None), SimpleNamespace(retention_days=7)))
    await asyncio.wait_for(done.wait(), 30)
    task.cancel()
    assert purges == [7, 7, 7] and caplog.text.count("retention: erasing failed (OSError)") == 2


def test_an_erased_question_leaves_the_queue_of_what_was_missed(client, say, services: Services):
    said = "je voudrais un flammkuchenzuber"
    conversation = say(said)["conversation_id"]
    assert rows(services, "missed_questions", "text", said) == 1
    client.delete(f"/api/conversations/{conversation}")
    assert rows(services, "missed_questions", "text", said) == 0


def test_no_text_that_was_read_stays_in_the_memory_of_the_search(services: Services):
    services.search.find("un schnurzpiepegal à Blois")
    index = services.search._index
    caches = [index.score, index.outside_likeness, service._person_in, features._prepared, features._row, text._words]
    assert all(cache.cache_info().currsize for cache in caches if cache is not index.outside_likeness)
    services.search.forget()
    assert not any(cache.cache_info().currsize for cache in caches)
