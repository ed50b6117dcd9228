"""Erasing what is no longer needed."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from knowledge.models import Feedback

# Rasa's tracker store makes this table; only its names are needed here (seconds since the epoch).
_EVENTS = sa.table("events", sa.column("sender_id"), sa.column("timestamp"))


@dataclass(frozen=True)
class Erased:
    conversations: int
    feedback: int


def erase_older_than(session_factory: sessionmaker, days: int) -> Erased:
    """Erase conversations whose last event, and feedback that, is older than ``days``; returns how many."""
    limit = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=days)
    with session_factory.begin() as session:
        feedback = session.execute(sa.delete(Feedback).where(Feedback.created_at < limit)).rowcount
        if not sa.inspect(session.connection()).has_table("events"):
            return Erased(0, feedback)
        last = sa.func.max(_EVENTS.c.timestamp)
        old = session.execute(sa.select(_EVENTS.c.sender_id).group_by(_EVENTS.c.sender_id).having(last < limit.timestamp())).scalars().all()
        for sender in old:
            session.execute(sa.delete(_EVENTS).where(_EVENTS.c.sender_id == sender))
    return Erased(len(old), feedback)
