"""A message that is sent twice is answered once: the answer is kept for a few minutes under the sender's id of it.

In the database and not in memory, so that it holds for every process and after a restart
(docs/adr/0024-widget.md). All functions work inside the caller's transaction.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.models import Base
from knowledge.moments import Moment, utc_now
from knowledge.upsert import insert

# Whoever comes back later than this writes anew.
KEPT = dt.timedelta(minutes=15)
# A process that has not answered by then was killed; whoever waits at its line comes back after fifteen seconds.
_GIVEN_UP = dt.timedelta(seconds=20)


class Answered(Base):
    """A message that was taken on (``answer`` is null), then answered. ``request_id`` is unguessable: it opens the answer.

    Once its conversation is erased only the id is left (``conversation`` is null), so that a repetition that is still
    on its way does not bring the conversation back.
    """

    __tablename__ = "answered_requests"
    request_id = sa.Column(sa.String(36), primary_key=True)
    conversation = sa.Column(sa.String(64), index=True)
    answer = sa.Column(sa.JSON(none_as_null=True))
    at = sa.Column(Moment, nullable=False, default=utc_now, index=True)


class Erased(Exception):
    """The message was of a conversation that is erased."""


def take_on(session: Session, request_id: str, conversation: str) -> bool:
    """True when the caller is the one to answer this message."""
    now = utc_now()
    taken = insert(session, Answered).values(request_id=request_id, conversation=conversation, at=now)
    if session.execute(taken.on_conflict_do_nothing()).rowcount == 1:
        return True
    given_up = sa.update(Answered).where(_live(request_id), Answered.answer.is_(None), Answered.at < now - _GIVEN_UP)
    return session.execute(given_up.values(at=now).execution_options(synchronize_session=False)).rowcount == 1


def answered(session: Session, request_id: str) -> dict[str, Any] | None:
    """The answer of the message; None while it is being made. Raises KeyError when nobody makes it any more, and Erased."""
    found = session.execute(sa.select(Answered.answer, Answered.conversation).where(Answered.request_id == request_id)).one_or_none()
    if found is None:
        raise KeyError(request_id)
    if found.conversation is None:
        raise Erased(request_id)
    return found.answer


def keep(session: Session, request_id: str, answer: dict[str, Any]) -> bool:
    """Keep the answer for who sends the message again; forget those that are too old. False when it was erased meanwhile."""
    kept = sa.update(Answered).where(_live(request_id))
    kept = kept.values(answer=answer, conversation=answer["conversation_id"])
    found = session.execute(kept.execution_options(synchronize_session=False)).rowcount == 1 or not _is_erased(session, request_id)
    session.execute(sa.delete(Answered).where(Answered.at < utc_now() - KEPT).execution_options(synchronize_session=False))
    return found


def give_up(session: Session, request_id: str) -> bool:
    """No answer could be made: the next try is a first one. False when it was erased meanwhile."""
    gone = sa.delete(Answered).where(_live(request_id)).execution_options(synchronize_session=False)
    return session.execute(gone).rowcount == 1 or not _is_erased(session, request_id)


def erase(session: Session, conversation: str) -> None:
    """Forget the answers of a conversation."""
    forgotten = sa.update(Answered).where(Answered.conversation == conversation).values(conversation=None, answer=None)
    session.execute(forgotten.execution_options(synchronize_session=False))


def _is_erased(session: Session, request_id: str) -> bool:
    """False, too, when there is nothing: a clock that was set forward made the message an old one while it was answered."""
    return session.execute(sa.select(Answered.request_id).where(Answered.request_id == request_id, ~_live(request_id))).first() is not None


def _live(request_id: str) -> sa.sql.ColumnElement:
    return sa.and_(Answered.request_id == request_id, Answered.conversation.isnot(None))
