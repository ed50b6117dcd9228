"""Golden conversations, held with the real engine turn by turn."""

import pytest

from bot.evaluation import Conversation, hold, load_conversations, vocabulary_of
from knowledge.directory import Directory
from knowledge.files import read_directory
from knowledge.settings import ROOT

CONVERSATIONS = load_conversations(
    sorted((ROOT / "tests" / "conversations").glob("*.yml")), vocabulary_of(Directory.from_records(1, read_directory()))
)


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda conversation: conversation.id)
async def test_conversation(conversation: Conversation, services, clock) -> None:
    try:
        held = await hold(services.engine, conversation, clock.set)
    finally:
        clock.set(None)
    assert held.right, f"\n{held}"
