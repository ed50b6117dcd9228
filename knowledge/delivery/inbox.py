"""Messages on their way in: stored before they are acknowledged, handled once, in the order of their conversation.

All functions work inside the caller's transaction.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from knowledge.delivery.leases import claim_due
from knowledge.delivery.models import DEAD, DONE, WAITING, IncomingMessage
from knowledge.moments import utc_now
from knowledge.upsert import insert

# Longer than an answer ever takes: after that whoever claimed the message is taken for dead.
LEASE = dt.timedelta(seconds=60)
# A message that fails so often, or kills its process so often, must not hold up its conversation for ever.
MOST_ATTEMPTS = 5
# The digest of what was erased.
FORGOTTEN = ""


@dataclass(frozen=True)
class Incoming:
    """What is stored of a message; ``conversation`` is the pseudonym of ``sender``, ``digest`` a keyed hash of its words.

    ``sent_at``: when it was written, where the provider tells; limits of time count from then, however late it arrives.
    """

    channel: str
    provider_id: str
    conversation: str
    sender: str
    text: str
    digest: str
    kind: str = "text"
    sent_at: dt.datetime | None = None


def store(session: Session, messages: Iterable[Incoming]) -> int:
    """Store new messages in order and return how many there were; what the provider repeats is dropped."""
    new = 0
    for message in messages:
        now, values = utc_now(), asdict(message)
        arrived_at = min(values.pop("sent_at") or now, now)
        row = insert(session, IncomingMessage).values(**values, state=WAITING, attempts=0, due_at=now, arrived_at=arrived_at)
        new += session.execute(row.on_conflict_do_nothing(index_elements=["channel", "provider_id"])).rowcount
    return new


def claim(session: Session, owner: str, most: int, channels: Iterable[str]) -> list[IncomingMessage]:
    """Lease to ``owner`` the oldest waiting message of up to ``most`` conversations; nobody else gets them meanwhile."""
    earlier = aliased(IncomingMessage)
    is_first = ~(
        sa.select(earlier.id)
        .where(earlier.conversation == IncomingMessage.conversation, earlier.state == WAITING, earlier.id < IncomingMessage.id)
        .exists()
    )
    due = IncomingMessage.state == WAITING, IncomingMessage.channel.in_(list(channels)), is_first
    return claim_due(session, IncomingMessage, due, owner, LEASE, most)


def finish(session: Session, message: IncomingMessage, owner: str, kind: str | None = None) -> bool:
    """Mark a message as done and erase its words; False when the lease was lost, and then nothing may be committed.

    ``kind``: what it turned out to be (``knowledge.delivery.abuse``). To be called first in the transaction that stores
    the answer: it makes anybody else who holds the message wait.
    """
    return _end(session, message, owner, state=DONE, sender=None, text=None, kind=kind or message.kind)


def put_off(session: Session, message: IncomingMessage, owner: str, seconds: float) -> bool:
    """Let a message that failed wait; after ``MOST_ATTEMPTS`` it is a dead letter, with its words, for a person to see."""
    if message.attempts >= MOST_ATTEMPTS:
        return _end(session, message, owner, state=DEAD)
    return _end(session, message, owner, due_at=utc_now() + dt.timedelta(seconds=seconds))


def give_back(session: Session, owner: str) -> None:
    """Let others claim at once what ``owner`` leased and will not answer any more; the try does not count."""
    mine = sa.update(IncomingMessage).where(IncomingMessage.owner == owner, IncomingMessage.state == WAITING)
    values = {"owner": None, "leased_until": None, "attempts": IncomingMessage.attempts - 1}
    session.execute(mine.values(**values).execution_options(synchronize_session=False))


def is_first_of_all(session: Session, message: IncomingMessage) -> bool:
    """True when nothing came from this person before (that we still know of)."""
    before = sa.select(IncomingMessage.id).where(IncomingMessage.conversation == message.conversation, IncomingMessage.id < message.id)
    return not session.execute(sa.select(before.exists())).scalar_one()


def last_heard(session: Session, conversation: str) -> dt.datetime | None:
    """When this person last wrote; None when nothing of theirs is left."""
    last = sa.select(IncomingMessage.arrived_at).where(IncomingMessage.conversation == conversation)
    return session.execute(last.order_by(IncomingMessage.arrived_at.desc()).limit(1)).scalar_one_or_none()


def forget(session: Session, conversation: str, up_to: int | None = None) -> None:
    """Erase a conversation's messages, or those up to the row ``up_to``: words, sender and the hash of the words.

    Ids and times stay for a while (``knowledge/retention.py``): a message that the provider repeats must not bring the
    conversation back, nor who erases after each message be without limits.
    """
    theirs = sa.update(IncomingMessage).where(IncomingMessage.conversation == conversation)
    if up_to is not None:
        theirs = theirs.where(IncomingMessage.id <= up_to)
    gone = {"state": DONE, "sender": None, "text": None, "digest": FORGOTTEN, "owner": None, "leased_until": None}
    session.execute(theirs.values(**gone).execution_options(synchronize_session=False))


def _end(session: Session, message: IncomingMessage, owner: str, **values: object) -> bool:
    mine = sa.update(IncomingMessage).where(
        IncomingMessage.id == message.id, IncomingMessage.owner == owner, IncomingMessage.state == WAITING
    )
    values |= {"owner": None, "leased_until": None}
    return session.execute(mine.values(**values).execution_options(synchronize_session=False)).rowcount == 1
