"""Erasing what is no longer needed."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from knowledge.feedback import Feedback
from knowledge.handover.models import CallbackRequest, Talk, TalkMessage
from knowledge.learning import keeping

# Rasa's tracker store makes this table; only its names are needed here (seconds since the epoch).
_EVENTS = sa.table("events", sa.column("sender_id"), sa.column("timestamp"))


@dataclass(frozen=True)
class Erased:
    """How many of each were erased."""

    conversations: int
    feedback: int
    callbacks: int
    questions: int


def erase_older_than(session_factory: sessionmaker, days: int) -> Erased:
    """Erase what is older than ``days``: conversations by their last event, feedback, call-back requests and missed
    questions that nobody decided on."""
    limit = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=days)
    with session_factory.begin() as session:
        feedback = session.execute(sa.delete(Feedback).where(Feedback.created_at < limit)).rowcount
        callbacks = session.execute(sa.delete(CallbackRequest).where(CallbackRequest.created_at < limit)).rowcount
        _erase_talks(session, limit)
        questions = keeping.erase_before(session, limit.date())
        return Erased(_erase_conversations(session, limit), feedback, callbacks, questions)


def _erase_talks(session: Session, limit: dt.datetime) -> None:
    """Written last by an agent or a resident before ``limit``."""
    old = sa.select(Talk.conversation).where(Talk.updated_at < limit).scalar_subquery()
    session.execute(sa.delete(TalkMessage).where(TalkMessage.conversation.in_(old)).execution_options(synchronize_session=False))
    session.execute(sa.delete(Talk).where(Talk.updated_at < limit))


def _erase_conversations(session: Session, limit: dt.datetime) -> int:
    if not sa.inspect(session.connection()).has_table("events"):
        return 0
    last = sa.func.max(_EVENTS.c.timestamp)
    old = session.execute(sa.select(_EVENTS.c.sender_id).group_by(_EVENTS.c.sender_id).having(last < limit.timestamp())).scalars().all()
    for sender in old:
        session.execute(sa.delete(_EVENTS).where(_EVENTS.c.sender_id == sender))
    return len(old)
