"""Adding to the figures, as things happen."""

import datetime as dt
from collections.abc import Iterable
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from knowledge.figures.models import Count
from knowledge.upsert import insert_for


class Series(str, Enum):
    """What is counted."""

    conversation = "conversation"  # first messages; the name is empty
    outcome = "outcome"  # messages, by what became of them
    need = "need"  # needs answered, by the action shown first
    outside = "outside"  # needs that no action covers, by outside topic; empty: none known
    part = "part"  # messages, by part of the day
    feedback = "feedback"  # "helpful", "unhelpful"


# From this hour on (Paris).
_PARTS = ((18, "evening"), (12, "afternoon"), (6, "morning"), (0, "night"))
PARTS = tuple(name for _, name in reversed(_PARTS))


def part_of(at: dt.datetime) -> str:
    """The part of the day of a moment in Paris."""
    return next(name for hour, name in _PARTS if at.hour >= hour)


def count(session: Session, at: dt.datetime, channel: str, found: Iterable[tuple[Series, str]]) -> None:
    """Add one to each of ``found`` (a series and a name in it) on the day of ``at``, a moment in Paris."""
    keys = {"day": at.date(), "channel": channel}
    # In one order, so that two processes never wait for each other's rows.
    rows = [{**keys, "series": series.value, "name": name, "count": 1} for series, name in sorted(set(found))]
    if rows:
        session.execute(_one_more(session.get_bind().dialect.name), rows)


@cache
def _one_more(dialect: str) -> Any:
    """The statement of every message, made once."""
    table = Count.__table__
    return insert_for(dialect, table).on_conflict_do_update(index_elements=list(table.primary_key), set_={"count": table.c.count + 1})
