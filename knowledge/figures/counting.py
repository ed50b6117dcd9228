"""Adding to the figures, as things happen."""

import datetime as dt
from collections.abc import Iterable
from enum import Enum
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import TextClause


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
    # In one order, so that two processes never wait for each other's rows.
    keys = sorted((series.value, name) for series, name in set(found))
    if keys:
        said = {f"{part}{row}": value for row, key in enumerate(keys) for part, value in zip(("series", "name"), key, strict=True)}
        session.execute(_one_more(len(keys)), {"day": at.date(), "channel": channel, **said})


@cache
def _one_more(rows: int) -> TextClause:
    """The statement of every message, written out once: SQLAlchemy would put one of several rows together anew each time."""
    values = ", ".join(f"(:day, :channel, :series{row}, :name{row}, 1)" for row in range(rows))
    return sa.text(
        f"insert into counts (day, channel, series, name, count) values {values} "  # noqa: S608  # of row numbers
        "on conflict (day, channel, series, name) do update set count = counts.count + 1"
    ).bindparams(sa.bindparam("day", type_=sa.Date))
