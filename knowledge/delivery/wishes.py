"""Who wants no messages. « STOP » is stored and obeyed, « START » undoes it. All inside the caller's transaction."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.delivery import outbox
from knowledge.delivery.models import Kept, OptOut
from knowledge.moments import utc_now
from knowledge.upsert import insert


def stop(session: Session, channel: str, conversation: str) -> None:
    """Write nothing more to this person, and drop what was on its way."""
    session.execute(insert(session, OptOut).values(conversation=conversation, channel=channel, since=utc_now()).on_conflict_do_nothing())
    outbox.withdraw(session, conversation)
    session.execute(sa.delete(Kept).where(Kept.conversation == conversation).execution_options(synchronize_session=False))


def start(session: Session, conversation: str) -> None:
    """Write to this person again."""
    session.execute(sa.delete(OptOut).where(OptOut.conversation == conversation).execution_options(synchronize_session=False))


def since(session: Session, conversation: str) -> dt.datetime | None:
    """When somebody wrote that they want no messages; None for who wants them."""
    found = session.get(OptOut, conversation)
    return found.since if found else None


def has_stopped(session: Session, conversation: str) -> bool:
    """True for who wants no messages."""
    return session.get(OptOut, conversation) is not None
