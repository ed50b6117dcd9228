"""The engine by itself: memory, order, forgetting, failures, silence of the logs."""

import asyncio
import io
import json
import logging
import uuid
from collections.abc import Callable, Iterator

import pytest
import redis
import sqlalchemy as sa
import yaml
from rasa.core.tracker_store import SQLTrackerStore
from rasa_sdk.executor import CollectingDispatcher

from actions.base import DirectoryAction, text_of
from api.wiring import Services
from bot.engine import Message, Reply
from bot.rasa_engine import _PAYLOAD, quieten
from bot.rasa_shared_locks import ConversationLocks
from bot.rasa_tracker_store import MAX_EVENTS
from bot.training import ROOT

PAPERS = "j'ai besoin d'aide pour mes papiers de la caf"  # the PIMMS
BUSINESS = "je veux créer mon entreprise"
SAID = "zorglubine"


class CrashingAction(DirectoryAction):
    """Fails, quoting what the person said."""

    action_name = "action_answer_need"

    def run(self, dispatcher: CollectingDispatcher, tracker, domain):
        raise ValueError(text_of(tracker))


@pytest.fixture
def conversation() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def say(services: Services, conversation: str):
    async def send(text: str, engine=services.engine) -> Reply:
        return await engine.respond(Message(conversation, text))

    return send


def events(services: Services, conversation: str, kind: str = "user") -> list[dict]:
    with services.database.connect() as connection:
        query = sa.text("select data from events where sender_id = :id and type_name = :kind order by id")
        return [json.loads(row.data) for row in connection.execute(query, {"id": conversation, "kind": kind})]


async def test_a_reply_is_whole(say, conversation: str):
    reply = await say(PAPERS)
    assert reply.conversation_id == conversation
    assert reply.outcome in ("answer", "clarify") and reply.actions[0] == "pimms"
    assert len(reply.messages) == 1 and "\n\n" not in reply.messages[0].text
    assert reply.messages[0].quick_replies


async def test_messages_at_once_are_answered_in_order_of_arrival(services: Services, say, conversation: str):
    said = [PAPERS, "et leur numéro ?", BUSINESS, "c'est où ?", "merci", "au revoir"]
    replies = await asyncio.gather(*(say(text) for text in said))
    assert [event["text"] for event in events(services, conversation)] == said
    assert [reply.actions[:1] for reply in replies[:2]] == [("pimms",), ("pimms",)]
    assert replies[3].actions[:1] == replies[2].actions[:1] != ("pimms",)
    assert [reply.outcome for reply in replies[4:]] == ["thanks", "goodbye"]


async def test_erasing_waits_for_the_messages_before_it(services: Services, say, conversation: str):
    await asyncio.gather(*(say(PAPERS) for _ in range(3)), services.engine.erase(conversation))
    assert events(services, conversation) == []
    assert (await say("et leur numéro ?")).actions == ()


async def test_a_conversation_survives_a_restart(services: Services, open_rasa, say):
    before = services.engine
    assert (await say(PAPERS, before)).actions[0] == "pimms"
    after = open_rasa(services.settings.database)
    assert (await say("et leur numéro ?", after)).actions == ("pimms",)
    await after.erase((await say("merci", after)).conversation_id)
    assert (await say("et leur numéro ?", before)).actions == ()


async def age(services: Services, conversation: str, minutes: int) -> None:
    """Make everything said so far so many minutes older."""
    with services.database.begin() as connection:
        rows = connection.execute(sa.text("select id, data from events where sender_id = :id"), {"id": conversation}).all()
        for row in rows:
            data = json.loads(row.data)
            data["timestamp"] -= minutes * 60
            new = {"id": row.id, "data": json.dumps(data), "at": data["timestamp"]}
            connection.execute(sa.text("update events set data = :data, timestamp = :at where id = :id"), new)


async def test_after_an_hour_of_silence_the_subject_is_closed(services: Services, say, conversation: str):
    await say(PAPERS)
    await age(services, conversation, 55)
    assert (await say("et leur numéro ?")).actions == ("pimms",)
    await age(services, conversation, 61)
    late = await say("et leur numéro ?")
    assert (late.actions, late.outcome) == ((), "clarify")
    assert (await say(PAPERS)).actions[0] == "pimms"


async def test_a_long_conversation_is_kept_whole_and_read_by_the_piece(services: Services, say, conversation: str):
    await say(BUSINESS)
    first = (await say("c'est où ?")).actions[0]
    for _ in range(20):
        assert (await say("/help")).outcome == "help"
    assert len(events(services, conversation)) == 22
    tracker = await services.engine._agent.tracker_store.retrieve(conversation)
    assert MAX_EVENTS <= len(tracker.events) <= MAX_EVENTS + len(tracker.slots)
    # What was spoken of before the piece that is read is still known, through the slots.
    assert (await say("et le contact ?")).actions == (first,)
    whole = await services.engine._agent.tracker_store.retrieve_full_tracker(conversation)
    assert [event.text for event in whole.events if event.type_name == "user"].count("/help") == 20


@pytest.mark.parametrize(
    "text", ["/", "//// ", "", "?", "/restart", "/back", "/session_start", "/nlu_fallback", '/need{"a": 1}', "/ask_contact{"]
)
async def test_only_buttons_give_orders(say, text: str):
    assert (await say(text)).outcome != "error"
    assert not (text and _PAYLOAD.fullmatch(text))


@pytest.fixture
def heard(capfd: pytest.CaptureFixture) -> Iterator[Callable[[], Callable[[], str]]]:
    """Starts to listen; then gives everything logged or printed, at the most talkative level that an operator can set.

    pytest's own ``caplog`` also listens where a logger keeps its records to itself, as no operator does.
    """
    root, stream = logging.getLogger(), io.StringIO()
    handler = logging.StreamHandler(stream)
    level = root.level

    def listen() -> Callable[[], str]:
        quieten()  # as at start, with the standard error of this test
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        return lambda: "".join(capfd.readouterr()) + stream.getvalue()

    yield listen
    root.removeHandler(handler)
    root.setLevel(level)
    quieten()


async def test_a_crashing_action_is_apologised_for_and_nothing_said_is_logged(
    services: Services, say, heard, monkeypatch: pytest.MonkeyPatch
):
    listened = heard()
    executor = services.engine._agent.processor.action_endpoint._executor
    monkeypatch.setitem(executor.actions, "action_answer_need", CrashingAction().run)
    crashed = await say(f"je cherche une {SAID} pour apprendre à lire le français")
    assert crashed.outcome == "error" and crashed.actions == ()
    assert "problème technique" in crashed.messages[0].text and "02 54" in crashed.messages[0].text
    for text in (f"bonjour {SAID}", f"{SAID} ?", f"/{SAID}", f'/choose_nth{{"action_id": "{SAID}"}}'):
        await say(text)
    assert (await say("bonjour")).outcome == "greet"  # the conversation goes on
    output = listened()
    assert "no answer was produced" in output and "ValueError" in output
    assert SAID not in output


async def test_a_failure_of_the_library_is_apologised_for_and_nothing_said_is_logged(
    services: Services, say, heard, monkeypatch: pytest.MonkeyPatch
):
    async def broken(*_args, **_keywords):
        raise UnicodeDecodeError("utf-8", SAID.encode(), 0, 1, SAID)

    listened = heard()
    with monkeypatch.context() as patched:
        patched.setattr(services.engine._agent.processor, "parse_message", broken)
        failed = await say(f"je cherche une {SAID}")
    assert failed.outcome == "error" and failed.messages
    output = listened()
    assert "UnicodeDecodeError" in output and SAID not in output


async def test_without_its_table_a_person_is_still_answered_and_nothing_said_is_logged(services: Services, say, heard, conversation: str):
    def rename(old: str, new: str) -> None:
        with services.database.begin() as connection:
            connection.execute(sa.text(f"alter table {old} rename to {new}"))

    listened = heard()
    rename("events", "events_gone")
    try:
        reply = await say(f"{PAPERS}, {SAID}")
    finally:
        rename("events_gone", "events")
    assert reply.messages and reply.outcome != "error"
    output = listened()
    assert "a turn is written later" in output and SAID not in output
    # Nothing of it is kept aside, to come up again.
    await services.engine.erase(conversation)
    services.engine.catch_up()
    assert await services.engine.transcript(conversation) == ()


async def test_postgresql_keeps_conversations_too(open_rasa, say, postgres: str, conversation: str):
    engine = open_rasa(postgres)
    assert (await say(PAPERS, engine)).actions[0] == "pimms"
    for _ in range(8):
        await say("/help", engine)
    assert (await say("et leur numéro ?", engine)).actions == ("pimms",)
    await engine.erase(conversation)
    assert (await say("et leur numéro ?", engine)).actions == ()


@pytest.fixture
def locked_by(services: Services, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes the running engine keep its locks in another place."""

    def use(redis_url: str) -> None:
        locks = ConversationLocks(redis_url)
        monkeypatch.setattr(services.engine, "_locks", locks)
        monkeypatch.setattr(services.engine._agent, "lock_store", locks)

    return use


async def test_locks_may_be_in_redis(say, locked_by, needs_redis: str, conversation: str):
    locked_by(f"{needs_redis}/9")
    replies = await asyncio.gather(say(PAPERS), say("et leur numéro ?"))
    assert [reply.actions[0] for reply in replies] == ["pimms", "pimms"]
    with redis.Redis.from_url(f"{needs_redis}/9") as server:
        assert server.keys(f"*{conversation}*") == []  # nothing is left there


async def test_without_redis_messages_are_answered_in_order_all_the_same(say, locked_by, heard):
    listened = heard()
    locked_by("redis://127.0.0.1:1/4")
    replies = await asyncio.gather(say(PAPERS), say("et leur numéro ?"), say("c'est où ?"))
    assert [reply.actions[0] for reply in replies] == ["pimms", "pimms", "pimms"]
    assert listened().count("redis does not answer") == 1


async def test_locks_that_a_restarted_redis_forgot_hold_nobody_up(locked_by, needs_redis: str, services: Services, conversation: str):
    locked_by(f"{needs_redis}/9")
    with redis.Redis.from_url(f"{needs_redis}/9") as server:
        async with services.engine._locks.lock(conversation):
            server.delete(f"lock:{conversation}")
        async with services.engine._locks.lock(conversation):
            assert server.exists(f"lock:{conversation}")


def test_the_table_of_conversations_is_the_one_that_rasa_reads(services: Services):
    inspector, expected = sa.inspect(services.database), SQLTrackerStore.SQLEvent.__table__
    found = {column["name"]: (str(column["type"]), column["nullable"]) for column in inspector.get_columns("events")}
    assert found == {column.name: (str(column.type), column.nullable) for column in expected.columns}
    assert {index["name"] for index in inspector.get_indexes("events")} == {index.name for index in expected.indexes}


def test_every_rule_is_one_intent_and_one_action_that_no_slot_influences():
    """What bot/rasa_runner.py builds on: the next action depends on the intent and the last action alone."""
    rules = yaml.safe_load((ROOT / "bot/rules/rules.yml").read_text(encoding="utf-8"))["rules"]
    assert all([list(step) for step in rule["steps"]] == [["intent"], ["action"]] for rule in rules)
    assert list((ROOT / "bot/stories").glob("*.yml")) == []
    slots = yaml.safe_load((ROOT / "bot/domain/domain.yml").read_text(encoding="utf-8"))["slots"]
    assert all(slot["influence_conversation"] is False for slot in slots.values())


async def test_a_remembered_prediction_is_the_one_that_the_rules_would_make(services: Services, conversation: str):
    processor = services.engine._agent.processor
    asked = []
    remembered = processor._predict_next_with_tracker

    def compare(tracker):
        expected = type(processor)._predict_next_with_tracker(processor, tracker)
        found = remembered(tracker)
        asked.append(list(found.probabilities) == list(expected.probabilities))
        return found

    processor._predict_next_with_tracker = compare
    try:
        for text in (
            "bonjour",
            PAPERS,
            "c'est où ?",
            "merci",
            BUSINESS,
            "et les horaires ?",
            "je sais pas",
            "aidez moi il respire plus",
            "bla zorgl",
        ):
            await services.engine.respond(Message(conversation, text))
    finally:
        processor._predict_next_with_tracker = remembered
    assert len(asked) >= 18 and all(asked)
