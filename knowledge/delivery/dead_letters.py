"""What could not be answered or sent, for editors and administrators. All inside the caller's transaction."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.delivery.models import DEAD, WAITING, IncomingMessage, OutgoingMessage
from knowledge.moments import utc_now

_SHOWN = 200
_TABLES: dict[str, Any] = {"in": IncomingMessage, "out": OutgoingMessage}


@dataclass(frozen=True)
class DeadLetters:
    """The oldest first; ``total`` of both."""

    incoming: list[IncomingMessage]
    outgoing: list[OutgoingMessage]
    total: int


def listed(session: Session) -> DeadLetters:
    """What lies there."""
    found, total = {}, 0
    for name, table in _TABLES.items():
        found[name] = list(session.execute(sa.select(table).where(table.state == DEAD).order_by(table.id).limit(_SHOWN)).scalars())
        total += session.execute(sa.select(sa.func.count()).where(table.state == DEAD)).scalar_one()
    return DeadLetters(found["in"], found["out"], total)


def unsent(session: Session, conversation: str) -> list[OutgoingMessage]:
    """What did not reach this person though it answered no message of theirs: an agent's words."""
    theirs = OutgoingMessage.conversation == conversation, OutgoingMessage.answers.is_(None), OutgoingMessage.state == DEAD
    return list(session.execute(sa.select(OutgoingMessage).where(*theirs).order_by(OutgoingMessage.id)).scalars())


def again(session: Session, way: str, number: int, expires_at: dt.datetime | None = None) -> bool:
    """Try a dead letter once more from the start; False when it is gone, or its words are.

    ``expires_at``: of an outgoing one, until when it may leave now.
    """
    table = _TABLES[way]
    person = table.sender if way == "in" else table.recipient
    dead = sa.update(table).where(table.id == number, table.state == DEAD, person.is_not(None))
    values = {"state": WAITING, "attempts": 0, "due_at": utc_now(), "owner": None, "leased_until": None}
    if way == "out":
        values |= {"expires_at": expires_at, "reason": None}
    return session.execute(dead.values(**values).execution_options(synchronize_session=False)).rowcount == 1


def drop(session: Session, way: str, number: int) -> bool:
    """Forget a dead letter; of an incoming one the id stays against repeats."""
    table = _TABLES[way]
    if way == "in":
        change: Any = sa.update(table).where(table.id == number, table.state == DEAD).values(state="done", sender=None, text=None)
    else:
        change = sa.delete(table).where(table.id == number, table.state == DEAD)
    return session.execute(change.execution_options(synchronize_session=False)).rowcount == 1
