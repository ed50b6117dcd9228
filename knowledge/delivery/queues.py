"""What waits for the assistant or for a person, and since when. Inside the caller's transaction."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.delivery.models import DEAD, SENDING, WAITING, IncomingMessage, OutgoingMessage
from knowledge.handover import models as handover
from knowledge.reports import OPEN, SheetReport

_QUEUES = {
    "inbox": (IncomingMessage.arrived_at, IncomingMessage.state == WAITING),
    "outbox": (OutgoingMessage.created_at, OutgoingMessage.state.in_((WAITING, SENDING))),
    "dead_in": (IncomingMessage.arrived_at, IncomingMessage.state == DEAD),
    "dead_out": (OutgoingMessage.created_at, OutgoingMessage.state == DEAD),
    "callbacks": (handover.CallbackRequest.created_at, handover.CallbackRequest.state == handover.WAITING),
    "reports": (SheetReport.created_at, SheetReport.state == OPEN),
}


@dataclass(frozen=True)
class Queue:
    """How many wait; ``oldest``: since when the first of them does, None when none."""

    number: int
    oldest: dt.datetime | None


def waiting(session: Session) -> dict[str, Queue]:
    """Return every queue by its name: messages of channels, those given up, call-back requests, reported errors."""
    found = {}
    for name, (moment, waits) in _QUEUES.items():
        number, oldest = session.execute(sa.select(sa.func.count(), sa.func.min(moment)).where(waits)).one()
        found[name] = Queue(number, oldest)
    return found
