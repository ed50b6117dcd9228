"""Messages on their way out: written with what they answer, sent in the order of their conversation, each at most once.

All functions work inside the caller's transaction.
"""

import datetime as dt
import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
# Why a message is a dead letter before any provider saw it.
SPENT, WINDOW, UNKNOWN, OPTED_OUT = "spend_limit", "window", "maybe_sent", "opted_out"
# What `again` may send: of these nobody has received anything for sure.
_OPEN = (WAITING, SENDING)


@dataclass(frozen=True)
class Outgoing:
    """One body for one person. ``cost``: units of the day's allowance; ``urgent``: goes out whatever was spent."""

    channel: str
    conversation: str
    recipient: str
    body: dict[str, Any]
    cost: int = 0
    urgent: bool = False
    expires_at: dt.datetime | None = None


def put(session: Session, messages: Sequence[Outgoing], answers: int | None = None, dead: str | None = None) -> None:
    """Write ``messages`` in order; ``answers`` is the inbox's row, which is answered once. ``dead``: a reason not to send them."""
    for position, message in enumerate(messages):
        state = DEAD if dead else WAITING
        session.add(OutgoingMessage(key=str(uuid.uuid4()), answers=answers, position=position, state=state, reason=dead, **vars(message)))
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


def sent(session: Session, message: OutgoingMessage, owner: str, provider_id: str | None) -> bool:
    """The provider has it: forget recipient and body. False when the lease was lost."""
    return _end(session, message, owner, state=SENT, provider_id=provider_id, recipient=None, body=None, reason=None)


def again_later(session: Session, message: OutgoingMessage, owner: str, reason: str, after: float | None, maybe_sent: bool) -> bool:
    """Let a message wait with back-off, or for ``after`` seconds; a dead letter after ``MOST_ATTEMPTS``.

    ``maybe_sent`` leaves it `sending`, so that the provider is asked before anything is sent again.
    """
    if message.attempts >= MOST_ATTEMPTS:
        return give_up(session, message, owner, UNKNOWN if maybe_sent else reason)
    due = utc_now() + dt.timedelta(seconds=after if after is not None else pause(message.attempts))
    return _end(session, message, owner, state=SENDING if maybe_sent else WAITING, due_at=due, reason=reason[:60])


def give_up(session: Session, message: OutgoingMessage, owner: str, reason: str) -> bool:
    """Make a dead letter of a message, with its words, for a person to see."""
    return _end(session, message, owner, state=DEAD, reason=reason[:60])


def pause(attempts: int) -> float:
    """Seconds to wait after so many attempts: doubling, with jitter, so that many do not come back at one moment."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempts - 1))
    return longest * random.uniform(0.75, 1.25)  # noqa: S311  # no secret


def note_status(session: Session, channel: str, provider_id: str, arrived: bool, reason: str | None = None) -> bool:
    """What the provider says later of a message that it took: it ``arrived``, or not, for ``reason``. False: not ours.

    Providers tell in any order: what arrived stays so.
    """
    mine = sa.update(OutgoingMessage).where(OutgoingMessage.channel == channel, OutgoingMessage.provider_id == provider_id)
    if arrived:
        return session.execute(mine.values(state=DELIVERED, reason=None, updated_at=utc_now())).rowcount > 0
    lost = mine.where(OutgoingMessage.state == SENT).values(state=DEAD, reason=(reason or "failed")[:60], updated_at=utc_now())
    return session.execute(lost).rowcount > 0


def dead_letters(session: Session, most: int = 200) -> list[OutgoingMessage]:
    """What could not be delivered, newest first."""
    dead = sa.select(OutgoingMessage).where(OutgoingMessage.state == DEAD)
    return list(session.execute(dead.order_by(OutgoingMessage.updated_at.desc()).limit(most)).scalars())


def revive(session: Session, message_id: int) -> bool:
    """Send a dead letter again, as if it were new; False when it is none any more, or its words are gone."""
    dead = sa.update(OutgoingMessage).where(
        OutgoingMessage.id == message_id, OutgoingMessage.state == DEAD, OutgoingMessage.recipient.is_not(None)
    )
    fresh = {"state": WAITING, "attempts": 0, "due_at": utc_now(), "reason": None, "expires_at": None, "updated_at": utc_now()}
    return session.execute(dead.values(**fresh).execution_options(synchronize_session=False)).rowcount == 1


def drop(session: Session, message_id: int) -> bool:
    """Erase a dead letter; False when it is none any more."""
    dead = sa.delete(OutgoingMessage).where(OutgoingMessage.id == message_id, OutgoingMessage.state == DEAD)
    return session.execute(dead.execution_options(synchronize_session=False)).rowcount == 1


def _end(session: Session, message: OutgoingMessage, owner: str, **values: object) -> bool:
    mine = sa.update(OutgoingMessage).where(
        OutgoingMessage.id == message.id, OutgoingMessage.owner == owner, OutgoingMessage.state == SENDING
    )
    values |= {"owner": None, "leased_until": None, "updated_at": utc_now()}
    return session.execute(mine.values(**values).execution_options(synchronize_session=False)).rowcount == 1
