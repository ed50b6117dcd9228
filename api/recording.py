"""What is kept of a message once it is answered: figures, and what was missed. Never at the price of the answer."""

import asyncio
import logging
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from api.wiring import Services
from bot.engine import Message, Reply
from knowledge.figures.counting import Series, count, part_of
from knowledge.figures.events import FigureEvent, apply
from knowledge.learning.keeping import Reason, keep
from knowledge.metrics import MESSAGES, RECORDING_ERRORS
from knowledge.outages import note
from knowledge.schedules import now_in_paris
from knowledge.search import Result

logger = logging.getLogger(__name__)

# The name among the outcomes of a message that an agent answers.
HELD = "agent"
# Answered with less, another action might have been meant.
_SURE = 0.6


async def record(services: Services, asked: Message, reply: Reply, first: bool, held: bool) -> None:
    """Count an answered message and keep what was missed. ``first``: it began a conversation; ``held``: an agent answers it.

    A failure of the database is noted and the answer goes out.
    """
    MESSAGES.labels(asked.channel, HELD if held else reply.outcome).inc()
    try:
        event = await asyncio.to_thread(_record, services, asked, reply, first, held)
        if event and services.broker and not await services.broker.publish(event):
            await asyncio.to_thread(_count, services, event)
        if reply.outcome == "feedback":
            await record_unhelpful(services, asked.conversation_id)
    except SQLAlchemyError as error:
        RECORDING_ERRORS.inc()
        note(logger, "a message is not counted", error)


async def record_unhelpful(services: Services, conversation_id: str) -> None:
    """Keep the last need of the conversation as one whose answer did not help; never an emergency."""
    for turn in reversed(await services.engine.transcript(conversation_id)):
        if turn.outcome == "emergency" or turn.read == "alarm":
            return
        if turn.read and not turn.said.startswith("/"):
            with services.sessions.begin() as session:
                keep(session, turn.said, Reason.unhelpful, now_in_paris().date())
            return


def _record(services: Services, asked: Message, reply: Reply, first: bool, held: bool) -> FigureEvent | None:
    """Keep what was missed, and count, or return what another is to count."""
    at = now_in_paris()
    # The engine has just searched for it; the search remembers.
    result = services.search.find(asked.text, limit=1) if reply.read in ("need", "outside") else None
    missed = None if asked.text.startswith("/") else _missed(reply, result)
    counted = tuple(_counted(reply, result, first, held, part_of(at)))
    if missed or not services.broker:
        with services.sessions.begin() as session:
            if not services.broker:
                count(session, at, asked.channel, counted)
            if missed:
                keep(session, asked.text, missed, at.date())
    return FigureEvent(at.date(), asked.channel, tuple((series.value, name) for series, name in counted)) if services.broker else None


def _count(services: Services, event: FigureEvent) -> None:
    """Count here what the broker may not have: it may have it all the same, and then it is counted once."""
    with services.sessions.begin() as session:
        apply(session, [event])


def _counted(reply: Reply, result: Result | None, first: bool, held: bool, part: str) -> Iterator[tuple[Series, str]]:
    yield Series.outcome, HELD if held else reply.outcome
    yield Series.part, part
    if first:
        yield Series.conversation, ""
    if reply.read == "need" and reply.actions:
        yield Series.need, reply.actions[0]
    elif reply.read == "outside":
        yield Series.outside, result.topic.id if result and result.topic else ""


def _missed(reply: Reply, result: Result | None) -> Reason | None:
    """Why the staff should look at a message, if they should."""
    if reply.read == "unclear":
        return Reason.misunderstood
    if reply.read == "outside":
        return Reason.refused
    if reply.read == "need" and result and result.best and reply.actions[:1] == (result.best.entry.id,):
        # « apprendre le français » is rightly answered with several doors.
        return None if result.broad or result.is_sure(_SURE) else Reason.unsure
    return None
