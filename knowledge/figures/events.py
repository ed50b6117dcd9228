"""What a message adds to the figures, as one event that may travel: without words, and without whose message it was.

However often an event comes, and by whichever way, it is counted once. All functions work in the caller's transaction.
"""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.figures.counting import Series
from knowledge.figures.models import Count, CountedEvent
from knowledge.moments import utc_now
from knowledge.outages import Outage
from knowledge.upsert import insert

# Where they travel, in the broker.
EXCHANGE, QUEUE = "passerelle", "passerelle-figures"
# An event that comes again later than this is counted again.
REMEMBERED = dt.timedelta(days=7)


class Malformed(ValueError):
    """What came is no event."""


@dataclass(frozen=True)
class FigureEvent:
    """One more in each of ``counted`` (series and name) on a day (Paris) and channel. ``id`` is random."""

    day: dt.date
    channel: str
    counted: tuple[tuple[str, str], ...]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def as_dict(self) -> dict[str, Any]:
        """What travels."""
        return {"id": self.id, "day": self.day.isoformat(), "channel": self.channel, "counted": [list(pair) for pair in self.counted]}


class Publisher(Protocol):
    """Where events leave to. ``outage``: whether it is gone."""

    outage: Outage

    async def run(self) -> None:
        """Keep the connection, until cancelled."""

    async def publish(self, event: FigureEvent) -> bool:
        """True when the event is safe there; False when the caller has to count it."""


def read(said: Any) -> FigureEvent:
    """Return the event that ``as_dict`` wrote. Raises Malformed."""
    try:
        counted = tuple((Series(series).value, str(name)[:80]) for series, name in said["counted"])
        return FigureEvent(dt.date.fromisoformat(said["day"]), str(said["channel"])[:20], counted, uuid.UUID(said["id"]).hex)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed from error


def apply(session: Session, events: Iterable[FigureEvent]) -> int:
    """Add events to the figures, each unless it is there already; return how many were new."""
    given = {event.id: event for event in events}
    known = sa.select(CountedEvent.id).where(CountedEvent.id.in_(list(given)))
    for counted in session.execute(known).scalars().all():
        del given[counted]
    if given:
        session.execute(sa.insert(CountedEvent), [{"id": one, "at": utc_now()} for one in sorted(given)])
        _add(session, Counter((event.day, event.channel, *pair) for event in given.values() for pair in event.counted))
    old = sa.delete(CountedEvent).where(CountedEvent.at < utc_now() - REMEMBERED)
    session.execute(old.execution_options(synchronize_session=False))
    return len(given)


def _add(session: Session, sums: Counter[tuple[dt.date, str, str, str]]) -> None:
    # In one order, so that two processes never wait for each other's rows.
    keys = ("day", "channel", "series", "name", "count")
    rows = [dict(zip(keys, (*key, number), strict=True)) for key, number in sorted(sums.items())]
    added = insert(session, Count).values(rows)
    more = {"count": Count.count + added.excluded.count}
    session.execute(added.on_conflict_do_update(index_elements=list(Count.__table__.primary_key), set_=more))
