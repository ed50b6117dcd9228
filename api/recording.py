"""What is kept of a message once it is answered: figures, and what was missed. Never at the price of the answer."""

import asyncio
import logging
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from api.wiring import Services
from bot.engine import Message, Reply
from knowledge.figures.counting import Series, count, part_of
from knowledge.schedules import now_in_paris

logger = logging.getLogger(__name__)

# The name among the outcomes of a message that an agent answers.
HELD = "agent"


async def record(services: Services, asked: Message, reply: Reply, first: bool, held: bool) -> None:
    """Count an answered message. ``first``: it began a conversation; ``held``: an agent answers it.

    A failure of the database is noted and the answer goes out.
    """
    try:
        await asyncio.to_thread(_record, services, asked, reply, first, held)
    except SQLAlchemyError as error:
        logger.error("figures: the database failed (%s); a message is not counted", type(error).__name__)


def _record(services: Services, asked: Message, reply: Reply, first: bool, held: bool) -> None:
    with services.sessions.begin() as session:
        at = now_in_paris()
        count(session, at, asked.channel, _counted(services, asked, reply, first, held, part_of(at)))


def _counted(services: Services, asked: Message, reply: Reply, first: bool, held: bool, part: str) -> Iterator[tuple[Series, str]]:
    yield Series.outcome, HELD if held else reply.outcome
    yield Series.part, part
    if first:
        yield Series.conversation, ""
    if reply.read == "need" and reply.actions:
        yield Series.need, reply.actions[0]
    elif reply.read == "outside":
        topic = services.search.find(asked.text, limit=1).topic
        yield Series.outside, topic.id if topic else ""
