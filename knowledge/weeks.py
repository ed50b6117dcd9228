"""An ``opening_hours`` expression as the weeks that it makes, to be read back by who wrote it."""

import datetime as dt
from dataclasses import dataclass

from knowledge.schedules import PARIS, State, existing, in_force, is_computable, is_public_holiday, parse, silent_on_holidays
from knowledge.schema import Schedule

DAY = 24 * 60
# A whole year is looked at; of so many kinds of week, one each is shown.
_YEAR, _SHOWN = 53, 4


@dataclass(frozen=True)
class Span:
    """A part of a day, in minutes from midnight, when it is open, or when that is not known."""

    start: int
    end: int
    state: State


@dataclass(frozen=True)
class Day:
    """One day; ``spans`` is empty when it is closed."""

    date: dt.date
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Weeks:
    """The weeks of a year, holidays aside: the next one of each kind. A regular schedule has one kind.

    ``holidays_known``: the expression speaks of public holidays.
    """

    weeks: tuple[tuple[Day, ...], ...]
    holidays_known: bool


def runs(week: tuple[Day, ...]) -> list[tuple[Day, Day, tuple[Span, ...]]]:
    """Return (first day, last day, spans) of the days that follow each other and are alike."""
    found: list[tuple[Day, Day, tuple[Span, ...]]] = []
    for day in week:
        if found and found[-1][2] == day.spans:
            found[-1] = (found[-1][0], day, day.spans)
        else:
            found.append((day, day, day.spans))
    return found


def weeks(schedule: Schedule, today: dt.date) -> Weeks:
    """Return the weeks of a schedule that has an expression, over a year from ``today`` on.

    Raises opening_hours.ParserError.
    """
    monday = today - dt.timedelta(days=today.weekday())
    kinds: dict[tuple, tuple[Day, ...]] = {}
    for i in range(_YEAR):
        days = [monday + dt.timedelta(weeks=i, days=day) for day in range(7)]
        if not any(is_public_holiday(date) for date in days):
            week = tuple(day_of(schedule, date) for date in days)
            kinds.setdefault(tuple(day.spans for day in week), week)
    return Weeks(tuple(kinds.values())[:_SHOWN], not silent_on_holidays(schedule))


def day_of(schedule: Schedule, date: dt.date) -> Day:
    """Return when a schedule that can be computed is open on ``date``; what is past midnight belongs to the next day."""
    if not (is_computable(schedule) and in_force(schedule, date)):
        return Day(date, (Span(0, DAY, State.unknown),))
    start, end = (existing(dt.datetime.combine(d, dt.time(), tzinfo=PARIS)) for d in (date, date + dt.timedelta(days=1)))
    found = parse(schedule.osm or "").intervals(start, end)
    spans = [Span(_minute(date, begin), _minute(date, finish), State(str(state))) for begin, finish, state, _ in found]
    return Day(date, tuple(span for span in spans if span.state is not State.closed))


def _minute(date: dt.date, moment: dt.datetime) -> int:
    """The clock on the wall at ``moment``, within ``date``."""
    if moment.date() != date:
        return 0 if moment.date() < date else DAY
    return moment.hour * 60 + moment.minute
