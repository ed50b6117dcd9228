"""An agent who writes in a conversation: while they do, the bot is silent.

What holds is in the database alone, so that it is the same for every process. All functions work
inside the caller's transaction.
"""

import datetime as dt
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.accounts.models import Account
from knowledge.handover.models import AGENT, CLOSED, RESIDENT, TAKEN, CallbackRequest, Talk, TalkMessage
from knowledge.moments import utc_now
from knowledge.upsert import insert

LONGEST_MESSAGE = 1000
# An agent who leaves without closing must not leave the resident without an answer: from then on the bot answers again.
ABSENT_AFTER = dt.timedelta(hours=4)
# Asked at every message, so put together once.
_IS_OPEN = sa.select(Talk.__table__.c.conversation).where(
    Talk.__table__.c.conversation == sa.bindparam("conversation"), Talk.__table__.c.open_until > sa.bindparam("now")
)


class State(str, Enum):
    """What a resident may expect of an agent in their conversation."""

    none = "none"  # nobody was asked for
    waiting = "waiting"  # asked for; the bot still answers
    open = "open"  # an agent writes; the bot is silent
    closed = "closed"  # the agent has ended it


def open_talk(session: Session, request_id: str, account: Account) -> bool:
    """Let ``account`` write in the conversation of a request that it took; False without one, or in a colleague's."""
    mine = sa.select(CallbackRequest.conversation).where(
        CallbackRequest.id == request_id, CallbackRequest.state == TAKEN, CallbackRequest.account_id == account.id
    )
    conversation = session.execute(mine).scalar_one_or_none()
    if not conversation:
        return False
    now = utc_now()
    begun = insert(session, Talk).values(conversation=conversation, open_until=now, last_number=0, updated_at=now)
    session.execute(begun.on_conflict_do_nothing())
    free = sa.or_(Talk.open_until <= now, Talk.account_id == account.id)
    opened = sa.update(Talk).where(Talk.conversation == conversation, free)
    return session.execute(opened.values(account_id=account.id, open_until=now + ABSENT_AFTER, updated_at=now)).rowcount == 1


def close(session: Session, conversation: str) -> None:
    """Give the conversation back to the bot."""
    now = utc_now()
    session.execute(sa.update(Talk).where(Talk.conversation == conversation, Talk.open_until > now).values(open_until=now, updated_at=now))


def is_open(session: Session, conversation: str) -> bool:
    """True while an agent writes in this conversation."""
    return session.execute(_IS_OPEN, {"conversation": conversation, "now": utc_now()}).first() is not None


def hear(session: Session, conversation: str, text: str) -> bool:
    """Hand a resident's message to the agent who writes in the conversation; False when there is none."""
    # A plain look first: on SQLite the update would make every message of every conversation wait for the one writer.
    return is_open(session, conversation) and _write(session, conversation, RESIDENT, text) is not None


def say(session: Session, conversation: str, account: Account, text: str) -> bool:
    """Write as ``account``, who opened the conversation; False when it is closed or a colleague's."""
    return _write(session, conversation, AGENT, text, account) is not None


def messages(session: Session, conversation: str, after: int = 0) -> list[TalkMessage]:
    """What was written since message number ``after``, in order."""
    newer = sa.select(TalkMessage).where(TalkMessage.conversation == conversation, TalkMessage.number > after)
    return list(session.execute(newer.order_by(TalkMessage.number)).scalars())


def find(session: Session, conversation: str) -> Talk | None:
    """The agent's part in a conversation, over or not."""
    return session.get(Talk, conversation)


def state(session: Session, conversation: str) -> State:
    """What the resident of this conversation may expect."""
    if is_open(session, conversation):
        return State.open
    asked = sa.select(CallbackRequest.state).where(CallbackRequest.conversation == conversation)
    states = set(session.execute(asked).scalars())
    if states - {CLOSED}:
        return State.waiting
    return State.closed if states else State.none


def _write(session: Session, conversation: str, author: str, text: str, account: Account | None = None) -> int | None:
    """Add a message under the next number, or None when the talk is over.

    The update locks the talk's row until the transaction ends: numbers become visible in their order, so
    that who has read up to one never misses an earlier one, and nothing slips in after the end.
    """
    now = utc_now()
    open_ = sa.update(Talk).where(Talk.conversation == conversation, Talk.open_until > now)
    values: dict = {"last_number": Talk.last_number + 1, "updated_at": now}
    if account:
        open_, values = open_.where(Talk.account_id == account.id), {**values, "open_until": now + ABSENT_AFTER}
    if session.execute(open_.values(**values).execution_options(synchronize_session=False)).rowcount == 0:
        return None
    number = session.execute(sa.select(Talk.last_number).where(Talk.conversation == conversation)).scalar_one()
    session.add(TalkMessage(conversation=conversation, number=number, author=author, text=text, at=now))
    return number
