"""Opening hours and coming events as iCalendar (RFC 5545), for a visitor's own calendar.

A calendar makes a promise for each day that it names. So only what an ``opening_hours`` expression or
a date supports is in it: « un vendredi sur deux » and « en juillet » are not, nor is a public holiday
on which nobody said whether it is open (docs/adr/0023-directory-pages.md).
"""

import datetime as dt
from collections import defaultdict

from icalendar import Calendar, Event, vRecur

from knowledge.cards import newest_first, told_by
from knowledge.directory import Directory, Entry
from knowledge.models import stable_id
from knowledge.schedules import PARIS, State, is_computable, is_public_holiday, silent_on_holidays
from knowledge.schema import Event as DatedEvent
from knowledge.schema import Place, Status
from knowledge.weeks import DAY, day_of

_AHEAD = dt.timedelta(weeks=52)
# A source that gives a week or a month gives a period, in which the days are not known.
_PERIOD = dt.timedelta(days=7)
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PRODUCT = "-//Passerelle//Annuaire//FR"

Hours = tuple[int, int]


def calendar(directory: Directory, entry: Entry, today: dt.date, address: str) -> bytes | None:
    """Return the calendar of ``entry`` for a year from ``today`` on; None when nothing of it may stand in one.

    ``address``: the page, where the source and its date are. Raises opening_hours.ParserError.
    """
    parts = [*_openings(directory, entry, today), *(_event(directory, entry, event) for event in coming(entry, today))]
    if not parts:
        return None
    made = Calendar()
    made.add("prodid", _PRODUCT)
    made.add("version", "2.0")
    for part in parts:
        part.add("dtstamp", dt.datetime.combine(today, dt.time(), tzinfo=dt.timezone.utc))
        part.add("url", address)
        made.add_component(part)
    # The zone is described as well, for calendars that do not know it by name.
    made.add_missing_timezones(first_date=today - _AHEAD, last_date=today + 2 * _AHEAD)
    return made.to_ical()


def coming(entry: Entry, today: dt.date) -> list[DatedEvent]:
    """Return the events that are not over and whose days are known."""
    return [event for event in entry.action.events if event.end >= today and days_known(event)]


def days_known(event: DatedEvent) -> bool:
    """True when the event takes place on each day from its start to its end, and not on some day of a week or a month."""
    return event.end - event.start < _PERIOD - dt.timedelta(days=1)


def _openings(directory: Directory, entry: Entry, today: dt.date) -> list[Event]:
    """A weekly rule for each span of hours, without the days of the year on which it does not hold.

    The first schedule that can be computed counts, as on the page.
    """
    schedule = next((one for one in newest_first(directory, entry.schedules) if is_computable(one)), None)
    if schedule is None or entry.action.kind != "action" or entry.action.status is Status.finished:
        return []
    place = _place(newest_first(directory, entry.places))
    days: dict[Hours, list[dt.date]] = defaultdict(list)
    for date in (today + dt.timedelta(days=n) for n in range(_AHEAD.days)):
        if silent_on_holidays(schedule) and is_public_holiday(date):
            continue
        for span in day_of(schedule, date).spans:
            if span.state is State.open:
                days[span.start, span.end].append(date)
    text = " ".join(filter(None, [schedule.text, schedule.exceptions, told_by(directory, schedule.source)]))
    return [_opening(entry, text, place, hours, dates) for hours, dates in sorted(days.items())]


def _opening(entry: Entry, text: str, place: str | None, hours: Hours, dates: list[dt.date]) -> Event:
    start, end = hours
    weekdays = sorted({date.weekday() for date in dates})
    every = (dates[0] + dt.timedelta(days=n) for n in range((dates[-1] - dates[0]).days + 1))
    missing = [date for date in every if date.weekday() in weekdays and date not in set(dates)]
    made = Event()
    made.add("uid", stable_id("agenda", entry.id, start, end))
    made.add("summary", entry.action.title)
    made.add("description", text)
    made.add("dtstart", _moment(dates[0], start))
    made.add("dtend", _moment(dates[0], end))
    if place:
        made.add("location", place)
    until = _moment(dates[-1], start).astimezone(dt.timezone.utc)
    made.add("rrule", vRecur(freq="WEEKLY", byday=[_DAYS[day] for day in weekdays], until=until))
    if missing:
        made.add("exdate", [_moment(date, start) for date in missing])
    # Open hours do not make the visitor busy.
    made.add("transp", "TRANSPARENT")
    return made


def _event(directory: Directory, entry: Entry, event: DatedEvent) -> Event:
    """Whole days. An event may be elsewhere than the action: its text says where."""
    made = Event()
    made.add("uid", stable_id("agenda", entry.id, event.title, event.start))
    made.add("summary", event.title)
    made.add("description", f"{event.text} {told_by(directory, event.source)}")
    made.add("dtstart", event.start)
    made.add("dtend", event.end + dt.timedelta(days=1))
    return made


def _moment(date: dt.date, minute: int) -> dt.datetime:
    day = date + dt.timedelta(days=minute // DAY)
    return dt.datetime.combine(day, dt.time(minute % DAY // 60, minute % 60), tzinfo=PARIS)


def _place(places: list[Place]) -> str | None:
    if not places:
        return None
    town = " ".join(filter(None, [places[0].postal_code, places[0].city]))
    return ", ".join(filter(None, [places[0].name, places[0].address, town]))
