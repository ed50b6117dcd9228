"""Is it open? Never « open » by a guess, in Paris time, on the days that are unlike the others."""

import datetime as dt

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from opening_hours import OpeningHours

from knowledge.directory import Directory
from knowledge.files import DirectoryFiles, read_directory
from knowledge.schedules import PARIS, State, guessed, half_day, is_public_holiday, opening, opening_of
from knowledge.schema import Schedule

UTC = dt.timezone.utc


def exact(osm: str, **more: object) -> Schedule:
    return Schedule(text="horaires", osm=osm, confidence="exact", source="page", **more)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def paris(text: str) -> dt.datetime:
    return at(text).replace(tzinfo=PARIS)


@pytest.fixture(scope="module")
def pimms(real_directory: Directory) -> list[Schedule]:
    return real_directory.entry("pimms").schedules


@pytest.fixture(scope="module")
def mairie(real_directory: Directory) -> list[Schedule]:
    return real_directory.entry("faq-conseil-citoyen").schedules


def every_schedule(files: DirectoryFiles) -> list[Schedule]:
    return [s for file in files.organisations for owner in (file.organisation, *file.actions) for s in owner.schedules]


OSM = sorted({schedule.osm for schedule in every_schedule(read_directory()) if schedule.osm})


# The PIMMS on a Thursday afternoon: two sources disagree.


def test_both_sources_on_the_pimms_are_kept_with_the_newest_first(pimms: list[Schedule], real_directory: Directory) -> None:
    assert [real_directory.sources[schedule.source].published for schedule in pimms] == ["2024-08-01", "2021"]
    assert "jeudi après-midi" in pimms[1].text


def test_on_thursday_afternoon_the_pimms_is_open_by_the_list_of_2024_and_not_by_the_page_of_2021(pimms: list[Schedule]) -> None:
    found = half_day(pimms, dt.date(2026, 11, 26), dt.time(12), dt.time(18))
    assert [state for _, state in found] == [State.open, State.unknown]
    assert opening_of(pimms, paris("2026-11-26T15:00")).state is State.open


def test_the_pimms_is_closed_on_monday_morning_until_half_past_one(pimms: list[Schedule]) -> None:
    state = opening_of(pimms, paris("2026-11-23T10:00"))
    assert (state.state, state.next_opening) == (State.closed, paris("2026-11-23T13:30"))
    assert [s for _, s in half_day(pimms[:1], dt.date(2026, 11, 23), dt.time(8), dt.time(12))] == [State.closed]


# What can only be guessed.

GUESSED = [
    ("SH Sa 08:00-23:00", "osm_school_holidays"),
    ("Mo-Fr 10:00-12:00; SH Mo-Fr 14:00-16:00", "osm_school_holidays"),
    ("Mo-Sa 10:00-12:00; PH,SH off", "osm_school_holidays"),
    ('"sur rendez-vous"', "osm_comment"),
    ('Mo-Fr 09:00-12:00 || "sur rdv"', "osm_comment"),
    ('Mo-Sa "sur rendez-vous"', "osm_comment"),
    ('Mo-Sa 09:00-12:00 open "sur rendez-vous"', "osm_comment"),
    ("Mo-Sa 08:00+", "osm_open_end"),
    ("Mo-Sa 08:00-17:00+", "osm_open_end"),
    ("sunrise-sunset", "osm_sun"),
    ("Mo-Sa (Sunrise+01:00)-18:00", "osm_sun"),
]


@pytest.mark.parametrize(("osm", "code"), GUESSED)
def test_what_can_only_be_guessed_is_neither_open_nor_closed(osm: str, code: str) -> None:
    schedule = exact(osm)
    assert guessed(osm) == code
    moments = [paris("2026-11-23T00:30") + dt.timedelta(hours=hour) for hour in range(24 * 7)]
    assert {(state.state, state.next_opening) for state in (opening(schedule, moment) for moment in moments)} == {(State.unknown, None)}
    assert half_day([schedule], dt.date(2026, 11, 28), dt.time(8), dt.time(12)) == [(schedule, State.unknown)]


@pytest.mark.parametrize(
    "osm",
    ['Mo-Fr 09:00-12:00; Sa off "en travaux"', 'Mo 09:00-12:00 || unknown "sur rdv : SH, 08:00+"', "2026+ Mo 09:00-12:00", "PH +1 day off"],
)
def test_what_promises_nothing_is_computed(osm: str) -> None:
    OpeningHours(osm, country="FR")
    assert guessed(osm) is None


# Public holidays.


@pytest.mark.parametrize(
    ("moment", "next_opening"),
    [("2026-11-11T10:00", "2026-11-12T09:00"), ("2026-12-25T10:00", "2026-12-28T13:30"), ("2027-05-06T15:00", "2027-05-07T09:00")],
    ids=["11 November", "Christmas", "Ascension"],
)
def test_on_a_public_holiday_nothing_is_said_open_and_the_next_opening_follows(
    pimms: list[Schedule], moment: str, next_opening: str
) -> None:
    state = opening_of(pimms, paris(moment))
    assert (state.state, state.holiday, state.next_opening) == (State.unknown, True, paris(next_opening))


def test_the_eve_of_a_holiday_gives_a_next_opening_after_it(mairie: list[Schedule]) -> None:
    assert opening_of(mairie, paris("2026-11-10T18:00")).next_opening == paris("2026-11-12T10:15")


def test_no_half_day_of_a_holiday_is_open(pimms: list[Schedule]) -> None:
    assert {state for _, state in half_day(pimms, dt.date(2026, 12, 25), dt.time(0), dt.time(23, 59))} == {State.unknown}


def test_a_schedule_that_speaks_of_holidays_is_believed() -> None:
    assert opening(exact("Mo-Su 09:00-12:00; PH off"), paris("2026-12-25T10:00")).state is State.closed
    assert opening(exact("Mo-Su,PH 09:00-12:00"), paris("2026-12-25T10:00")).state is State.open


@pytest.mark.parametrize("hour", range(24))
def test_at_no_hour_of_a_holiday_is_anything_open(real_directory: Directory, hour: int) -> None:
    for day in (dt.date(2026, 11, 11), dt.date(2026, 12, 25)):
        moment = dt.datetime.combine(day, dt.time(hour, 30), tzinfo=PARIS)
        assert State.open not in {opening_of(entry.schedules, moment).state for entry in real_directory.entries}


def test_the_eleven_public_holidays_of_2026_are_known() -> None:
    days = (dt.date(2026, 1, 1) + dt.timedelta(days=i) for i in range(365))
    assert [day.strftime("%d-%m") for day in days if is_public_holiday(day)] == [
        "01-01", "06-04", "01-05", "08-05", "14-05", "25-05", "14-07", "15-08", "01-11", "11-11", "25-12",
    ]  # fmt: skip


# August.


def test_an_august_weekday_is_open_where_the_source_makes_no_exception(mairie: list[Schedule]) -> None:
    assert opening_of(mairie, paris("2026-08-13T10:20")).state is State.open


def test_an_expression_without_august_is_closed_until_september() -> None:
    state = opening(exact("Mo-Fr 09:00-12:00; Aug off"), paris("2026-08-10T10:00"))
    assert (state.state, state.next_opening) == (State.closed, paris("2026-09-01T09:00"))


def test_a_next_opening_beyond_thirty_days_is_of_no_use() -> None:
    assert opening(exact("Mo-Fr 09:00-12:00; Aug off"), paris("2026-08-01T10:00")).next_opening is None


def test_what_stops_in_august_by_its_text_is_never_open_then(real_files: DirectoryFiles) -> None:
    pausing = [s for s in every_schedule(real_files) if "août" in f"{s.text} {s.exceptions}"]
    assert pausing
    moments = [paris("2026-08-03T00:00") + dt.timedelta(hours=h) for h in range(24 * 7)]
    assert not [s for s in pausing for moment in moments if opening(s, moment).state is State.open]


# The clocks change.


def test_an_opening_over_the_lost_hour_is_one_hour_shorter() -> None:
    state = opening(exact("Mo-Su 01:00-05:00"), paris("2026-03-29T01:30"))
    assert state.state is State.open
    assert state.until.astimezone(UTC) - state.at.astimezone(UTC) == dt.timedelta(hours=2, minutes=30)


def test_an_opening_over_the_hour_lived_twice_is_one_hour_longer() -> None:
    state = opening(exact("Mo-Su 01:00-05:00"), paris("2026-10-25T01:30"))
    assert state.until.astimezone(UTC) - state.at.astimezone(UTC) == dt.timedelta(hours=4, minutes=30)


def test_half_past_two_on_the_night_that_has_none_is_half_past_three() -> None:
    state = opening(exact("Su 03:00-04:00"), at("2026-03-29T02:30"))
    assert (state.state, state.at) == (State.open, paris("2026-03-29T03:30"))


def test_the_search_for_a_next_opening_may_end_in_the_lost_hour() -> None:
    thirty_days_before = paris("2026-02-27T02:15")
    assert opening(exact("Mo 09:00-12:00"), thirty_days_before).next_opening == paris("2026-03-02T09:00")


def test_a_half_day_may_begin_or_end_in_the_lost_hour() -> None:
    night = [exact("Mo-Su 00:00-05:00")]
    for start, end in ((dt.time(2, 30), dt.time(6)), (dt.time(0), dt.time(2, 30))):
        assert [state for _, state in half_day(night, dt.date(2026, 3, 29), start, end)] == [State.open]


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_the_day_after_the_change_opens_at_the_same_wall_time(mairie: list[Schedule], day: str) -> None:
    monday = dt.date.fromisoformat(day) + dt.timedelta(days=1)
    state = opening_of(mairie, paris(f"{day}T12:00"))
    assert (state.state, state.next_opening) == (State.closed, dt.datetime.combine(monday, dt.time(9), tzinfo=PARIS))


def test_a_moment_in_another_zone_is_read_in_paris_time(mairie: list[Schedule]) -> None:
    assert opening_of(mairie, at("2026-11-24T08:00+00:00")).state is State.open
    assert opening_of(mairie, at("2026-11-24T07:59+00:00")).state is State.closed


# Edges.


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-11-23T08:59:59", State.closed),
        ("2026-11-23T09:00", State.open),
        ("2026-11-23T11:59:59", State.open),
        ("2026-11-23T12:00", State.closed),
    ],
)
def test_an_opening_includes_its_first_moment_and_not_its_last(moment: str, state: State) -> None:
    assert opening(exact("Mo 09:00-12:00"), at(moment)).state is state


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-11-27T23:59", State.open),
        ("2026-11-28T00:00", State.open),
        ("2026-11-28T01:59", State.open),
        ("2026-11-28T02:00", State.closed),
        ("2026-11-27T01:00", State.closed),
    ],
)
def test_a_friday_night_lasts_into_saturday(moment: str, state: State) -> None:
    assert opening(exact("Fr 20:00-02:00"), at(moment)).state is state


def test_a_day_until_midnight_ends_at_midnight() -> None:
    assert opening(exact("Mo 18:00-24:00"), at("2026-11-23T23:59")).until == paris("2026-11-24T00:00")
    assert opening(exact("Mo 18:00-24:00"), at("2026-11-24T00:00")).state is State.closed


def test_what_is_always_open_has_no_end() -> None:
    state = opening(exact("24/7"), at("2026-11-23T10:00"))
    assert (state.state, state.until) == (State.open, None)


def test_the_first_schedule_that_knows_settles_it() -> None:
    vague = Schedule(text="toute l'année", confidence="vague", source="page")
    assert opening_of([vague, exact("Mo 09:00-12:00")], at("2026-11-23T10:00")).state is State.open
    assert opening_of([vague], at("2026-11-23T10:00")).state is State.unknown
    assert opening_of([], at("2026-11-23T10:00")).state is State.unknown


def test_a_holiday_is_told_although_a_vaguer_schedule_stands_first() -> None:
    vague = Schedule(text="toute l'année", confidence="vague", source="page")
    state = opening_of([vague, exact("Mo-Fr 09:00-12:00")], at("2026-11-11T10:00"))
    assert (state.state, state.holiday, state.next_opening) == (State.unknown, True, paris("2026-11-12T09:00"))


# Validity.


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2021-05-30T10:00", State.unknown),
        ("2021-06-01T10:00", State.open),
        ("2021-06-30T10:00", State.open),
        ("2021-07-01T10:00", State.unknown),
    ],
)
def test_outside_its_validity_a_schedule_says_nothing(moment: str, state: State) -> None:
    june = exact("Mo-Su 09:00-12:00", valid_from="2021-06-01", valid_to="2021-06-30")
    assert opening(june, at(moment)).state is state


def test_no_opening_is_announced_after_the_last_valid_day() -> None:
    june = exact("Mo-Su 09:00-12:00", valid_from="2021-06-01", valid_to="2021-06-30")
    assert opening(june, at("2021-06-29T18:00")).next_opening == paris("2021-06-30T09:00")
    assert opening(june, at("2021-06-30T18:00")).next_opening is None


# The data.


@pytest.mark.parametrize("osm", OSM)
def test_every_expression_of_the_data_is_evaluated_over_a_year(osm: str) -> None:
    OpeningHours(osm, country="FR")
    states = [opening(exact(osm), paris("2026-11-01T00:00") + dt.timedelta(hours=h)) for h in range(24 * 365)]
    assert {state.state for state in states} == {State.open, State.closed, State.unknown}
    assert all(state.until > state.at for state in states if state.state is State.open)
    assert all(state.next_opening > state.at for state in states if state.state is State.closed)


def test_vague_and_partial_schedules_are_never_computed(real_files: DirectoryFiles) -> None:
    guesses = [s for s in every_schedule(real_files) if s.confidence != "exact"]
    assert len(guesses) > 10
    for schedule in guesses:
        moments = (paris("2026-11-23T00:30") + dt.timedelta(hours=h) for h in range(24 * 7))
        assert {opening(schedule, moment).state for moment in moments} == {State.unknown}, schedule.text


EXPRESSIONS = [
    *OSM,
    "24/7",
    "Fr 20:00-02:00",
    "Mo-Su 02:15-02:45",
    "Su 00:00-24:00",
    "week 1-53/2 Fr 14:00-17:00",
    "Aug off; Mo 09:00-12:00",
    "Mo 09:00-12:00; PH off",
    "PH 10:00-12:00",
    "Mo 09:00-12:00 unknown",
    "Mo[1] 10:00-11:00",
    "2026 Dec 24 10:00-26:00",
]
MOMENTS = st.datetimes(
    dt.datetime(2024, 1, 1), dt.datetime(2031, 1, 1), timezones=st.sampled_from([None, UTC, PARIS]), allow_imaginary=True
)


@settings(max_examples=500, deadline=None)
@given(osm=st.sampled_from(EXPRESSIONS), moment=MOMENTS)
def test_an_opening_ends_and_a_closure_is_followed_later(osm: str, moment: dt.datetime) -> None:
    state = opening(exact(osm), moment)
    if state.state is State.open:
        assert state.until is None or state.until.astimezone(UTC) > state.at.astimezone(UTC)
        assert state.next_opening is None
    else:
        assert state.until is None
        assert state.next_opening is None or state.next_opening.astimezone(UTC) > state.at.astimezone(UTC)


@settings(max_examples=200, deadline=None)
@example(osm="Mo-Su 02:15-02:45", day=dt.date(2024, 3, 30))  # the clocks go forward over it
@given(osm=st.sampled_from(EXPRESSIONS), day=st.dates(dt.date(2024, 1, 1), dt.date(2031, 1, 1)))
def test_an_announced_opening_is_one(osm: str, day: dt.date) -> None:
    announced = opening(exact(osm), dt.datetime.combine(day, dt.time(5))).next_opening
    if announced:
        assert opening(exact(osm), announced).state is State.open
