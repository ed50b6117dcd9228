"""Messages on their way out: written with what they answer, sent in the order of their conversation, each at most once.

All functions work inside the caller's transaction.
"""

import datetime as dt
import random
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from knowledge.delivery.leases import claim_due
from knowledge.delivery.models import DEAD, DELIVERED, SENDING, SENT, WAITING, OutgoingMessage
from knowledge.moments import utc_now

# Longer than a provider is waited for: after that whoever was sending is taken for dead.
LEASE = dt.timedelta(seconds=60)
# 5, 10, 20… seconds, a quarter of an hour at most: about an hour in all. An answer that comes later answers nothing.
MOST_ATTEMPTS = 10
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 900.0
_OPEN = (WAITING, SENDING)
# It was asked often enough what became of a message; then a person decides.
UNKNOWN = "maybe_sent"


def add(
    session: Session,
    channel: str,
    conversation: str,
    recipient: str,
    priced: Sequence[tuple[dict[str, Any], int]],
    answers: int | None = None,
    urgent: bool = False,
    expires_at: dt.datetime | None = None,
) -> None:
    """Write bodies, each with its cost (units of the day's allowance), in the order in which they are to be sent.

    ``answers``: the inbox's row, which is answered once. ``urgent``: leaves whatever was spent.
    """
    for position, (body, cost) in enumerate(priced):
        whose = {"channel": channel, "conversation": conversation, "recipient": recipient, "answers": answers, "position": position}
        session.add(OutgoingMessage(key=str(uuid.uuid4()), body=body, cost=cost, urgent=urgent, expires_at=expires_at, **whose))
    session.flush()


def claim(session: Session, owner: str, most: int, channels: Iterable[str]) -> list[OutgoingMessage]:
    """Lease to ``owner`` the oldest open message of up to ``most`` conversations, and note that sending begins.

    ``state`` of what is returned is the one before: `sending` means that whoever had it died or heard no answer.
    """
    earlier = aliased(OutgoingMessage)
    is_first = ~(
        sa.select(earlier.id)
        .where(earlier.conversation == OutgoingMessage.conversation, earlier.state.in_(_OPEN), earlier.id < OutgoingMessage.id)
        .exists()
    )
    due = OutgoingMessage.state.in_(_OPEN), OutgoingMessage.channel.in_(list(channels)), is_first
    claimed = claim_due(session, OutgoingMessage, due, owner, LEASE, most)
    fresh = [message.id for message in claimed if message.state == WAITING]
    session.expunge_all()
    begun = sa.update(OutgoingMessage).where(OutgoingMessage.id.in_(fresh))
    session.execute(begun.values(state=SENDING, begun_at=utc_now()).execution_options(synchronize_session=False))
    return claimed


def sent(session: Session, message: OutgoingMessage, owner: str, provider_id: str | None, confirms: bool = False) -> bool:
    """The provider has it. Recipient and body are forgotten, at once or when it ``confirms``. False: the lease was lost."""
    gone: dict[str, object] = {} if confirms else _FORGOTTEN
    return _end(session, message, owner, state=SENT, provider_id=provider_id, reason=None, **gone)


def try_later(session: Session, message: OutgoingMessage, owner: str, reason: str, after: float | None = None) -> bool:
    """The provider refused it for now: wait, with back-off or as long as it said; a dead letter after ``MOST_ATTEMPTS``."""
    if message.attempts >= MOST_ATTEMPTS:
        return bury(session, message, owner, reason)
    seconds = pause(message.attempts) if after is None else min(after, _LONGEST_PAUSE)
    return _end(session, message, owner, state=WAITING, due_at=utc_now() + dt.timedelta(seconds=seconds), reason=reason[:60])


def doubt(session: Session, message: OutgoingMessage, owner: str, seconds: float) -> bool:
    """Nobody knows whether the provider has it: it stays `sending`, and is asked for before anything is sent again."""
    if message.attempts >= MOST_ATTEMPTS:
        return bury(session, message, owner, UNKNOWN)
    return _end(session, message, owner, state=SENDING, due_at=utc_now() + dt.timedelta(seconds=seconds))


def bury(session: Session, message: OutgoingMessage, owner: str, reason: str, erase: bool = False) -> bool:
    """Make a dead letter of it, for a person to see: with its words, unless they are to be ``erase``d."""
    gone: dict[str, object] = _FORGOTTEN if erase else {}
    return _end(session, message, owner, state=DEAD, reason=reason[:60], **gone)


def withdraw(session: Session, conversation: str) -> None:
    """Drop what has not left for a person."""
    waiting = sa.delete(OutgoingMessage).where(OutgoingMessage.conversation == conversation, OutgoingMessage.state == WAITING)
    session.execute(waiting.execution_options(synchronize_session=False))


def confirm(session: Session, channel: str, provider_id: str, arrived: bool, reason: str | None = None) -> bool:
    """What the provider says later of a message: it ``arrived``, or not, for ``reason``. False: we know of none.

    Providers tell in any order, and more than once: what arrived stays so.
    """
    mine = sa.update(OutgoingMessage).where(OutgoingMessage.channel == channel, OutgoingMessage.provider_id == provider_id)
    if arrived:
        told = mine.where(OutgoingMessage.state.in_((SENT, DEAD))).values(state=DELIVERED, reason=None, updated_at=utc_now(), **_FORGOTTEN)
    else:
        told = mine.where(OutgoingMessage.state == SENT).values(state=DEAD, reason=(reason or "failed")[:60], updated_at=utc_now())
    return session.execute(told.execution_options(synchronize_session=False)).rowcount > 0


def forget_unconfirmed(session: Session, before: dt.datetime) -> None:
    """Erase recipient and words of what was sent before a moment and never confirmed."""
    old = sa.update(OutgoingMessage).where(
        OutgoingMessage.state == SENT, OutgoingMessage.updated_at < before, OutgoingMessage.recipient.is_not(None)
    )
    session.execute(old.values(**_FORGOTTEN).execution_options(synchronize_session=False))


def pause(attempts: int) -> float:
    """Seconds to wait after so many attempts: doubling, with jitter, so that many do not come back at one moment."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempts - 1))
    return longest * random.uniform(0.75, 1.25)  # noqa: S311  # no secret


_FORGOTTEN: dict[str, object] = {"recipient": None, "body": None}


def _end(session: Session, message: OutgoingMessage, owner: str, **values: object) -> bool:
    mine = sa.update(OutgoingMessage).where(
        OutgoingMessage.id == message.id, OutgoingMessage.owner == owner, OutgoingMessage.state == SENDING
    )
    values |= {"owner": None, "leased_until": None, "updated_at": utc_now()}
    return session.execute(mine.values(**values).execution_options(synchronize_session=False)).rowcount == 1
