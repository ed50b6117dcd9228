"""Erasing what is no longer needed."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from knowledge.delivery.models import IncomingMessage, Kept, OutgoingMessage, Spent
from knowledge.feedback import Feedback
from knowledge.handover.models import CallbackRequest, Talk, TalkMessage
from knowledge.learning import keeping
from knowledge.moments import utc_now
from knowledge.once import KEPT, Answered
from knowledge.reports import SheetReport

# Rasa's tracker store makes this table; only its names are needed here (seconds since the epoch).
_EVENTS = sa.table("events", sa.column("sender_id"), sa.column("timestamp"))


# What was written up to now is older than tomorrow, in every zone.
_TOMORROW = 2


@dataclass(frozen=True)
class Erased:
    """How many of each were erased."""

    conversations: int
    feedback: int
    callbacks: int
    questions: int
    reports: int


def erase_older_than(session_factory: sessionmaker, days: int) -> Erased:
    """Erase what is older than ``days``: conversations by their last event, feedback, call-back requests, reports of errors,
    missed questions that nobody decided on, messages of other channels, delivered or not; sooner, the answers
    kept for who sends twice; and, after a year, questions that were set aside."""
    limit = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=days)
    with session_factory.begin() as session:
        feedback = session.execute(sa.delete(Feedback).where(Feedback.created_at < limit)).rowcount
        callbacks = session.execute(sa.delete(CallbackRequest).where(CallbackRequest.created_at < limit)).rowcount
        _erase_talks(session, limit)
        _erase_messages(session, limit)
        reports = session.execute(sa.delete(SheetReport).where(SheetReport.created_at < limit)).rowcount
        session.execute(sa.delete(Answered).where(Answered.at < utc_now() - KEPT))
        questions = keeping.erase_before(session, limit.date()) + keeping.erase_set_aside(session)
        return Erased(_erase_conversations(session, limit), feedback, callbacks, questions, reports)


def erase_all(session_factory: sessionmaker, days: int | None) -> Erased:
    """Erase what is older than ``days`` (None: everything that people wrote, however new) after a restore.

    Without days the answers kept for who sends twice go too, and what waits to be sent: it answers nobody any more.
    """
    if days is not None:
        return erase_older_than(session_factory, days)
    with session_factory.begin() as session:
        session.execute(sa.delete(Answered))
    return erase_older_than(session_factory, -_TOMORROW)


def _erase_talks(session: Session, limit: dt.datetime) -> None:
    """Written last by an agent or a resident before ``limit``."""
    old = sa.select(Talk.conversation).where(Talk.updated_at < limit).scalar_subquery()
    session.execute(sa.delete(TalkMessage).where(TalkMessage.conversation.in_(old)).execution_options(synchronize_session=False))
    session.execute(sa.delete(Talk).where(Talk.updated_at < limit))


def _erase_messages(session: Session, limit: dt.datetime) -> None:
    """Long after any provider would repeat them. Who wants no messages is kept as long as they want none."""
    for moment in (IncomingMessage.arrived_at, OutgoingMessage.created_at, Kept.updated_at):
        session.execute(sa.delete(moment.class_).where(moment < limit).execution_options(synchronize_session=False))
    session.execute(sa.delete(Spent).where(Spent.day < limit.date()))


def _erase_conversations(session: Session, limit: dt.datetime) -> int:
    if not sa.inspect(session.connection()).has_table("events"):
        return 0
    last = sa.func.max(_EVENTS.c.timestamp)
    old = session.execute(sa.select(_EVENTS.c.sender_id).group_by(_EVENTS.c.sender_id).having(last < limit.timestamp())).scalars().all()
    for sender in old:
        session.execute(sa.delete(_EVENTS).where(_EVENTS.c.sender_id == sender))
    return len(old)
