"""Is it open? Evaluated at question time, in Europe/Paris, with French public holidays.

Only a schedule with an ``opening_hours`` expression can be computed, and only where the library knows
what all of it means. Anything else, and any public holiday that the expression does not speak of, is
"not known": a person must never walk to a closed door because we guessed.
"""

import datetime as dt
import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, ParserError  # type: ignore[attr-defined]  # missing from its stubs

from knowledge.schema import Schedule

PARIS = ZoneInfo("Europe/Paris")
# How far a next opening is looked for; beyond that it is of no use to the person asking.
HORIZON = dt.timedelta(days=30)
# Of the expressions loaded, all stay parsed: a city has some hundreds.
_PARSED = 4096
# What the library reads and does not know, by the reason, beside comments (« sur rendez-vous » is open to it): it has no
# school holidays, and takes an open end for midnight and the sun's hours for fixed ones.
_GUESSED = {
    "osm_school_holidays": re.compile(r"\bSH\b"),
    "osm_open_end": re.compile(r":\d\d\+"),
    "osm_sun": re.compile(r"sunrise|sunset|dawn|dusk", re.IGNORECASE),
}
_COMMENT = re.compile(r'"[^"]*"')
# A comment on what is not said to be open does no harm.
_NO_PROMISE = re.compile(r'\b(off|closed|unknown)\s*"[^"]*"', re.IGNORECASE)


def now_in_paris() -> dt.datetime:
    """The clock on the wall in Blois."""
    return dt.datetime.now(PARIS)


class State(str, Enum):
    """Open or closed at one moment; ``unknown`` when no source settles it."""

    open = "open"
    closed = "closed"
    unknown = "unknown"


@dataclass(frozen=True)
class Opening:
    """The state at ``at``; ``until`` ends an opening, ``next_opening`` follows a closure (both aware, Paris)."""

    state: State
    at: dt.datetime
    until: dt.datetime | None = None
    next_opening: dt.datetime | None = None
    holiday: bool = False


@lru_cache(_PARSED)
def parse(expression: str) -> OpeningHours:
    """Return the parsed expression. Raises opening_hours.ParserError."""
    return OpeningHours(expression, timezone=PARIS, country="FR")


@lru_cache(_PARSED)
def guessed(expression: str) -> str | None:
    """What the library could only guess of an expression, as a code (worded in knowledge/exchange/words.yml); None: nothing."""
    if _COMMENT.search(_NO_PROMISE.sub("", expression)):
        return "osm_comment"
    said = _COMMENT.sub("", expression)
    return next((code for code, pattern in _GUESSED.items() if pattern.search(said)), None)


def refusal(expression: str) -> str | None:
    """Why an expression is not taken, as a code; None: the library knows all of what it means."""
    try:
        parse(expression)
    except ParserError:
        return "osm_unreadable"
    return guessed(expression)


def is_computable(schedule: Schedule) -> bool:
    """Is its expression known to mean what the library makes of it?"""
    return bool(schedule.osm) and guessed(schedule.osm) is None


def is_public_holiday(day: dt.date) -> bool:
    """True on the public holidays of metropolitan France (opening-hours-py's calendar)."""
    return parse("PH").is_open(dt.datetime.combine(day, dt.time(12), tzinfo=PARIS))


def opening(schedule: Schedule, at: dt.datetime) -> Opening:
    """Return the state of ``schedule`` at ``at`` (aware; naive is taken as Paris time)."""
    at = existing(at if at.tzinfo else at.replace(tzinfo=PARIS))
    if not is_computable(schedule) or not in_force(schedule, at.date()):
        return Opening(State.unknown, at)
    hours = parse(schedule.osm)
    if silent_on_holidays(schedule) and is_public_holiday(at.date()):
        return Opening(State.unknown, at, next_opening=_next_opening(schedule, at), holiday=True)
    if hours.is_unknown(at):
        return Opening(State.unknown, at)
    if hours.is_open(at):
        return Opening(State.open, at, until=hours.next_change(at))
    return Opening(State.closed, at, next_opening=_next_opening(schedule, at))


def existing(at: dt.datetime) -> dt.datetime:
    """``at`` in Paris time, through UTC: half past two does not exist on the night the clocks go forward."""
    return at.astimezone(dt.timezone.utc).astimezone(PARIS)


def in_force(schedule: Schedule, day: dt.date) -> bool:
    """Is ``day`` inside the dates for which the schedule was given?"""
    return (schedule.valid_from is None or schedule.valid_from <= day) and (schedule.valid_to is None or day <= schedule.valid_to)


def silent_on_holidays(schedule: Schedule) -> bool:
    """True when the expression does not speak of public holidays: nobody knows whether it is open then."""
    return "PH" not in (schedule.osm or "")


def _next_opening(schedule: Schedule, at: dt.datetime) -> dt.datetime | None:
    silent, hours = silent_on_holidays(schedule), parse(schedule.osm)
    for start, _, state, _ in hours.intervals(at, existing(at + HORIZON)):
        if str(state) != "open" or start <= at or (silent and is_public_holiday(start.date())):
            continue
        if not hours.is_open(start):  # within the hour that does not exist when the clocks go forward
            continue
        if in_force(schedule, start.date()):
            return start
    return None


def opening_of(schedules: list[Schedule], at: dt.datetime) -> Opening:
    """State at ``at`` of the first schedule that settles it (the newest source stands first)."""
    states = [opening(schedule, at) for schedule in schedules]
    return next((s for s in states if s.state is not State.unknown or s.holiday), states[0] if states else Opening(State.unknown, at))


def half_day(schedules: list[Schedule], day: dt.date, start: dt.time, end: dt.time) -> list[tuple[Schedule, State]]:
    """For each schedule, is it open at some time between ``start`` and ``end`` of ``day``?"""
    found = []
    for schedule in schedules:
        state = State.unknown
        if is_computable(schedule) and in_force(schedule, day) and not (silent_on_holidays(schedule) and is_public_holiday(day)):
            begin, finish = (existing(dt.datetime.combine(day, time, tzinfo=PARIS)) for time in (start, end))
            states = {str(kind) for _, _, kind, _ in parse(schedule.osm).intervals(begin, finish)}
            state = next((s for s in (State.open, State.unknown) if s.value in states), State.closed)
        found.append((schedule, state))
    return found
