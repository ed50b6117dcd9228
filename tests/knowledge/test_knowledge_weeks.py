"""An expression read back as weeks."""

import datetime as dt

import pytest
from opening_hours import ParserError

from knowledge.schema import Schedule
from knowledge.weeks import Weeks, runs, weeks

TODAY = dt.date(2026, 3, 4)  # a Wednesday; Easter Monday is 6 April


def read(osm: str, today: dt.date = TODAY, **values: object) -> Weeks:
    return weeks(Schedule(text="…", osm=osm, confidence="exact", source="page", **values), today)


def told(found: Weeks, week: int = 0) -> list[list[tuple]]:
    return [[(span.start / 60, span.end / 60, span.state.value) for span in day.spans] for day in found.weeks[week]]


def test_a_regular_week_is_shown_once() -> None:
    found = read("Mo-Fr 09:00-12:30,13:30-17:00")
    assert not found.holidays_known and len(found.weeks) == 1
    assert told(found) == [[(9, 12.5, "open"), (13.5, 17, "open")]] * 5 + [[], []]
    assert [(first.date.weekday(), last.date.weekday(), len(spans)) for first, last, spans in runs(found.weeks[0])] == [
        (0, 4, 2),
        (5, 6, 0),
    ]


def test_what_the_expression_does_not_know_is_unknown() -> None:
    assert told(read("Mo 09:00-12:00; Sa unknown")) == [[(9, 12, "open")], [], [], [], [], [(0, 24, "unknown")], []]


def test_a_night_belongs_to_both_days() -> None:
    assert told(read("Sa 20:00-02:00"))[5:] == [[(20, 24, "open")], [(0, 2, "open")]]


def test_weeks_with_a_holiday_are_left_aside() -> None:
    found = read("Mo 09:00-12:00; PH 10:00-11:00", dt.date(2026, 4, 6))
    assert found.holidays_known and len(found.weeks) == 1
    assert (found.weeks[0][0].date, told(found)[0]) == (dt.date(2026, 4, 13), [(9, 12, "open")])


def test_of_weeks_that_differ_one_of_each_kind_is_shown() -> None:
    found = read("week 1-53/2 Fr 10:00-12:00")
    assert sorted(bool(week[4].spans) for week in found.weeks) == [False, True]
    summer = read("Mo-Fr 09:00-12:00; Jul-Aug off").weeks
    assert [bool(week[0].spans) for week in summer[:2]] == [True, True] and any(not any(day.spans for day in week) for week in summer)


def test_outside_of_its_dates_nothing_is_known() -> None:
    found = read("Mo-Su 09:00-12:00", valid_to=dt.date(2026, 3, 5))
    assert len(found.weeks) == 2
    assert [day[0][2] for day in told(found)] == ["open"] * 4 + ["unknown"] * 3


@pytest.mark.parametrize("night", [dt.date(2026, 3, 29), dt.date(2026, 10, 25)])
def test_the_night_of_a_clock_change_is_a_whole_day(night: dt.date) -> None:
    found = read("24/7; PH off", night)
    assert told(found)[6] == [(0, 24, "open")]


def test_an_expression_that_does_not_parse_is_said() -> None:
    with pytest.raises(ParserError):
        read("Mo-")
