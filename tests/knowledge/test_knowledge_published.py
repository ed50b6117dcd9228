"""Calendars and schema.org name no day that the directory does not know; a calendar is read back by the library and unrolled."""

import datetime as dt
from collections.abc import Iterator

import icalendar
import pytest
from dateutil.rrule import rrulestr

from knowledge.cards import card
from knowledge.directory import Directory, Entry
from knowledge.published import agenda, schema_org
from knowledge.schedules import PARIS, State, is_public_holiday, opening
from knowledge.schema import Event, Schedule, Status

TODAY = dt.date(2026, 11, 30)  # a Monday
PAGE = "https://passerelle.example/annuaire/pimms"


def entry(directory: Directory, osm: str | None = None, events: list[Event] | None = None, status: Status = Status.active, **more) -> Entry:
    schedules = [Schedule(text="un horaire", osm=osm, confidence="exact" if osm else "vague", source="page-2021", **more)]
    known = directory.entry("pimms")
    return Entry(known.action.copy(update={"schedules": schedules, "events": events or [], "status": status}), known.organisation)


def events_of(directory: Directory, of: Entry, today: dt.date = TODAY) -> list[icalendar.Event]:
    made = agenda.calendar(directory, of, today, PAGE)
    if made is None:
        return []
    read = icalendar.Calendar.from_ical(made)
    assert not read.errors and all(not part.errors for part in read.walk())
    return list(read.walk("VEVENT"))


def unrolled(event: icalendar.Event) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Every (start, end) that the rule makes, by dateutil."""
    start = event["dtstart"].dt
    length = event["dtend"].dt - start
    excluded = event.get("exdate")
    lists = excluded if isinstance(excluded, list) else [excluded] if excluded else []
    left_out = {one.dt for each in lists for one in each.dts}
    for moment in rrulestr(event["rrule"].to_ical().decode(), dtstart=start):
        if moment not in left_out:
            yield moment, moment + length


@pytest.mark.parametrize(
    "osm",
    [
        "Mo 13:30-17:30; Tu-Fr 09:00-12:00,13:30-17:30; Sa unknown",
        "Mo-Fr 09:00-12:00; PH off",
        "Mo-Fr 09:00-12:00; PH 10:00-11:00",
        "We[1] 14:00-16:00",
        "week 1-53/2 Fr 14:00-16:00",
        "Mo 22:00-02:00",
        "Sa 00:00-24:00",
        "Apr-Sep Tu 09:00-12:00",
    ],
)
def test_a_calendar_holds_just_the_hours_that_are_known(directory: Directory, osm: str) -> None:
    of = entry(directory, osm)
    schedule = of.schedules[0]
    open_hours = [span for event in events_of(directory, of) for span in unrolled(event)]
    assert open_hours
    begun = dt.datetime.combine(TODAY, dt.time(0, 10), tzinfo=PARIS)
    for half_hours in range(2 * 24 * 364):
        moment = begun + dt.timedelta(minutes=30 * half_hours)
        held = any(start <= moment < end for start, end in open_hours) if moment.minute else False
        if half_hours % 7 and not held:
            continue  # every seventh half-hour that is said to be closed is enough
        assert held == (opening(schedule, moment).state is State.open), moment


def test_no_calendar_speaks_for_a_holiday_that_nobody_spoke_of(directory: Directory) -> None:
    starts = [start for event in events_of(directory, entry(directory, "Mo-Su 09:00-12:00")) for start, _ in unrolled(event)]
    assert len(starts) > 340
    assert not [start for start in starts if is_public_holiday(start.date())]


@pytest.mark.parametrize("osm", [None, "24/7 off"])
def test_a_text_makes_no_calendar(directory: Directory, osm: str | None) -> None:
    assert events_of(directory, entry(directory, osm)) == []


def test_what_is_finished_or_only_explained_makes_none(directory: Directory) -> None:
    assert events_of(directory, entry(directory, "Mo 09:00-12:00", status=Status.finished)) == []
    assert directory.entry("faq-financement").schedules[0].osm
    assert events_of(directory, directory.entry("faq-financement")) == []


def test_a_schedule_makes_none_outside_of_its_dates(directory: Directory) -> None:
    of = entry(directory, "Mo 09:00-12:00", valid_from=dt.date(2027, 1, 11), valid_to=dt.date(2027, 1, 25))
    (event,) = events_of(directory, of)
    assert [start.date().day for start, _ in unrolled(event)] == [11, 18, 25]


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (dt.date(2026, 12, 5), dt.date(2026, 12, 5), 1),
        (dt.date(2026, 11, 29), dt.date(2026, 11, 30), 2),  # goes on today
        (dt.date(2026, 11, 27), dt.date(2026, 11, 29), None),  # over
        (dt.date(2026, 12, 7), dt.date(2026, 12, 13), None),  # « la semaine du 7 »
        (dt.date(2026, 12, 1), dt.date(2026, 12, 31), None),  # « en décembre »
    ],
)
def test_an_event_has_its_days_when_they_are_known_and_to_come(
    directory: Directory, start: dt.date, end: dt.date, days: int | None
) -> None:
    found = events_of(directory, entry(directory, events=[Event(title="Une fête", start=start, end=end, text="…", source="page-2021")]))
    assert [(e["dtend"].dt - e["dtstart"].dt).days for e in found] == ([days] if days else [])
    for event in found:
        assert event["summary"] == "Une fête" and "2021" in event["description"] and "location" not in event


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (dt.date(2026, 12, 5), dt.date(2026, 12, 6), ("2026-12-05", "2026-12-06")),
        (dt.date(2026, 12, 1), dt.date(2026, 12, 31), ("2026-12", "2026-12")),
        (dt.date(2026, 9, 1), dt.date(2027, 2, 28), ("2026-09", "2027-02")),
        (dt.date(2026, 12, 7), dt.date(2026, 12, 13), (None, None)),  # « la semaine du 7 »
    ],
)
def test_search_engines_are_told_of_no_day_that_is_not_known(directory: Directory, start: dt.date, end: dt.date, said: tuple) -> None:
    of = entry(directory, events=[Event(title="Une fête", start=start, end=end, text="…", source="page-2021")])
    now = dt.datetime.combine(TODAY, dt.time(10), tzinfo=PARIS)
    data = schema_org.page(directory, of, card(directory, of, now), TODAY, PAGE, "https://passerelle.example/")
    (event,) = data["mainEntity"]["subjectOf"]
    assert (event.get("startDate"), event.get("endDate")) == said and event["name"] == "Une fête"
