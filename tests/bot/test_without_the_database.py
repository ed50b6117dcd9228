"""A conversation goes on while the database fails, and is written afterwards: every turn once, in order."""

import contextlib
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from api.wiring import Services
from bot.engine import Message, Reply
from bot.memory import KEPT_SECONDS, ConversationMemory

PAPERS = "j'ai besoin d'aide pour mes papiers de la caf"  # the PIMMS


@pytest.fixture
def conversation() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def say(services: Services, conversation: str):
    async def send(text: str) -> Reply:
        return await services.engine.respond(Message(conversation, text))

    return send


@pytest.fixture
def gone(services: Services):
    """Within ``gone()`` every statement fails as on a server that went away; ``gone(at="commit")`` only the commit's answer is lost."""

    @contextlib.contextmanager
    def begin(at: str = "statement") -> Iterator[None]:
        def fails(*_what) -> None:
            raise sa.exc.OperationalError("", {}, Exception("server closed the connection unexpectedly"))

        def commits_and_fails(connection) -> None:
            connection.connection.commit()
            fails()

        event, listener = ("before_cursor_execute", fails) if at == "statement" else ("commit", commits_and_fails)
        sa.event.listen(services.database, event, listener)
        try:
            yield
        finally:
            sa.event.remove(services.database, event, listener)

    return begin


def _said(services: Services, conversation: str) -> list[str]:
    return [event["text"] for event in services.engine._tracker_store.spoken(conversation) if event["event"] == "user"]


async def test_turns_without_the_database_have_their_context_and_are_written_once_in_order(services, say, gone, conversation):
    assert (await say(PAPERS)).actions[0] == "pimms"
    with gone():
        assert (await say("et leur numéro ?")).actions == ("pimms",)
        services.engine.catch_up()
        assert (await say("c'est où ?")).actions == ("pimms",)
    assert (await say("c'est gratuit ?")).actions == ("pimms",)  # before anything caught up
    services.engine.catch_up()
    assert _said(services, conversation) == [PAPERS, "et leur numéro ?", "c'est où ?", "c'est gratuit ?"]


async def test_a_conversation_that_began_without_the_database_is_written_when_it_is_back(services, say, gone, conversation):
    with gone():
        await say(PAPERS)
        assert (await say("et leur numéro ?")).actions == ("pimms",)
    services.engine.catch_up()
    services.engine.catch_up()
    assert _said(services, conversation) == [PAPERS, "et leur numéro ?"]


async def test_a_turn_whose_commit_was_not_answered_is_not_written_twice(services, say, gone, conversation):
    with gone(at="commit"):
        await say(PAPERS)
    services.engine.catch_up()
    assert (await say("et leur numéro ?")).actions == ("pimms",)
    assert _said(services, conversation) == [PAPERS, "et leur numéro ?"]


async def test_what_is_composed_for_the_outbox_waits_for_the_database(services, say, gone, conversation):
    """Its message is stored and tried again: then with all of its conversation, also what another process wrote."""
    await say(PAPERS)
    with gone(), pytest.raises(sa.exc.OperationalError):
        await services.engine.compose(Message(conversation, "et leur numéro ?"))
    assert (await services.engine.compose(Message(conversation, "et leur numéro ?"))).reply.actions == ("pimms",)


async def test_a_clock_set_back_loses_no_conversation(services, say, conversation):
    await say(PAPERS)
    with services.database.begin() as connection:  # as if the session had begun when the clock was an hour ahead
        connection.execute(sa.text("update events set timestamp = timestamp + 3600 where sender_id = :id"), {"id": conversation})
    assert (await say("et leur numéro ?")).actions == ("pimms",)
    assert (await say("c'est où ?")).actions == ("pimms",)


def test_memory_is_short_and_bounded(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    memory = ConversationMemory(clock=lambda: now[0])
    monkeypatch.setattr("bot.memory.MOST_CONVERSATIONS", 2)
    for name in ("a", "b", "a", "c"):
        memory.remember(name, [name])
    assert [memory.recall(name) for name in "abc"] == [["a"], [], ["c"]]
    now[0] = KEPT_SECONDS + 1
    memory.tidy()
    assert not memory._known
    monkeypatch.setattr("bot.memory.MOST_TURNS", 2)
    for name in ("a", "b", "b"):
        memory.put_by(name, [{"of": name}])
    assert memory.waiting() == ["b"] and len(memory.rows_of("b")) == 2


async def test_a_message_whose_process_was_killed_before_its_answer_left_is_one_turn_when_it_is_sent_again(services, say, conversation):
    await say(PAPERS)
    asked = Message(conversation, "et leur numéro ?", id=uuid.uuid4().hex)
    first, second = await services.engine.respond(asked), await services.engine.respond(asked)
    assert second == first and second.actions == ("pimms",)
    assert _said(services, conversation) == [PAPERS, "et leur numéro ?"]


async def test_a_turn_that_waits_is_not_written_when_another_process_answered_the_message_meanwhile(services, say, gone, conversation):
    asked = Message(conversation, PAPERS, id=uuid.uuid4().hex)
    with gone():
        await services.engine.respond(asked)
    waiting = dict(services.engine._memory._unwritten)
    services.engine._memory.forget(conversation)
    await services.engine.respond(asked)  # as another process does
    services.engine._memory._unwritten.update(waiting)
    services.engine._memory.turns += 1
    assert services.engine.catch_up() == 0
    assert _said(services, conversation) == [PAPERS]


async def test_what_waits_in_memory_is_erased_with_the_conversation(services, say, gone, conversation):
    with gone():
        await say(PAPERS)
    await services.engine.erase(conversation)
    assert services.engine.catch_up() == 0
    assert _said(services, conversation) == [] and services.engine._memory.recall(conversation) == []
