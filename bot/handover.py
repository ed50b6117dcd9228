"""While an agent writes in a conversation, the bot is silent, whatever engine it runs on."""

import logging
from functools import cache

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import sessionmaker

from bot.engine import Message, Reply, Utterance
from bot.wording import Wording
from knowledge.handover import talks
from knowledge.outages import note
from nlu.french.distress import read_distress

logger = logging.getLogger(__name__)

_HANDED_ON = "say_agent_answers"


def hand_on(session_factory: sessionmaker, message: Message) -> Reply | None:
    """Hand ``message`` to the agent who writes in its conversation; None when the bot is to answer.

    An unmistakable emergency goes to both: nobody waits for an agent to be told the number to call.
    """
    try:
        with session_factory.begin() as session:
            heard = talks.hear(session, message.conversation_id, message.text)
    except SQLAlchemyError as error:  # an agent cannot write either: the bot does what it can
        note(logger, "the bot answers, whether an agent is there or not", error)
        return None
    if not heard or read_distress(message.text):
        return None
    return Reply(message.conversation_id, "handoff", (Utterance(agent_answers(message.channel)),))


def agent_answers(channel: str) -> str:
    """What a person is told whose message went to an agent."""
    return str(_wording().render(_HANDED_ON, channel, {})["text"])


@cache
def _wording() -> Wording:
    return Wording()
