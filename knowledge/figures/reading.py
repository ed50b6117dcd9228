"""The figures of a period: by week, and the needs, outside topics and parts of the day most often met."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.figures.counting import Series
from knowledge.figures.models import Count

# Of fewer, somebody who knows the quarter might tell who it was.
LEAST_SHOWN = 5


@dataclass(frozen=True)
class Figures:
    """Sums of a period: by week (its Monday) and over all of it; names of a series with their counts."""

    since: dt.date
    until: dt.date
    weeks: dict[dt.date, dict[Series, Counter[str]]] = field(default_factory=dict)

    def total(self, series: Series) -> Counter[str]:
        """The counts of a series over the whole period."""
        return sum((week[series] for week in self.weeks.values()), Counter())


def figures(session: Session, since: dt.date, until: dt.date, channel: str | None = None) -> Figures:
    """Return the figures of the weeks from that of ``since`` to that of ``until``, of one channel or all."""
    first, last = monday(since), monday(until) + dt.timedelta(days=6)
    weeks = {first + dt.timedelta(days=n): {series: Counter[str]() for series in Series} for n in range(0, (last - first).days, 7)}
    for row in session.execute(_chosen(first, last, channel)).scalars():
        weeks[monday(row.day)][Series(row.series)][row.name] += row.count
    return Figures(first, last, weeks)


def rows(session: Session, since: dt.date, until: dt.date) -> list[tuple[dt.date, str, str, str, int]]:
    """Return (week, channel, series, name, count) of the same weeks, for a table to download."""
    found: Counter[tuple[dt.date, str, str, str]] = Counter()
    for row in session.execute(_chosen(monday(since), monday(until) + dt.timedelta(days=6))).scalars():
        found[monday(row.day), row.channel, row.series, row.name] += row.count
    return [(*key, number) for key, number in sorted(found.items())]


def channels(session: Session) -> list[str]:
    """The channels that anything was counted on."""
    return sorted(session.execute(sa.select(Count.channel).distinct()).scalars())


def masked(number: int) -> int | None:
    """``number``, or None when it is so small that it could point at somebody."""
    return number if number == 0 or number >= LEAST_SHOWN else None


def monday(day: dt.date) -> dt.date:
    """The first day of a day's week."""
    return day - dt.timedelta(days=day.weekday())


def _chosen(first: dt.date, last: dt.date, channel: str | None = None) -> sa.sql.Select:
    chosen = sa.select(Count).where(Count.day.between(first, last))
    return chosen.where(Count.channel == channel) if channel else chosen
