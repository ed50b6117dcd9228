"""Drafts: an answer that the engine remembers only with the transaction that stores it."""

import uuid

import pytest

from bot.engine import Message


@pytest.fixture
def conversation() -> str:
    return uuid.uuid4().hex


async def test_a_draft_that_is_dropped_leaves_the_conversation_where_it_stood(services, conversation):
    await services.engine.respond(Message(conversation, "je veux apprendre le français", "sms"))
    before = await services.engine.transcript(conversation)
    asked = Message(conversation, "autre chose ?", "sms")
    first = await services.engine.compose(asked)
    assert await services.engine.transcript(conversation) == before
    second = await services.engine.compose(asked)
    assert second.reply == first.reply and first.reply.actions
    with services.sessions.begin() as session:
        second.remember(session)
    after = await services.engine.transcript(conversation)
    assert [turn.said for turn in after] == ["je veux apprendre le français", "autre chose ?"]
    third = await services.engine.compose(asked)
    assert third.reply.actions != first.reply.actions


async def test_a_transaction_that_fails_takes_the_memory_with_it(services, conversation):
    draft = await services.engine.compose(Message(conversation, "bonjour", "sms"))
    with pytest.raises(RuntimeError), services.sessions.begin() as session:
        draft.remember(session)
        raise RuntimeError
    assert await services.engine.transcript(conversation) == ()
