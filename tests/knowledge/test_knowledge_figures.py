"""Counting and reading the figures, on both databases."""

import datetime as dt
import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from knowledge.figures.counting import PARTS, Series, count, part_of
from knowledge.figures.models import Count
from knowledge.figures.reading import LEAST_SHOWN, channels, figures, masked, rows
from knowledge.schedules import PARIS

WEDNESDAY = dt.datetime(2026, 11, 25, 10, 0, tzinfo=PARIS)
NEED = [(Series.outcome, "answer"), (Series.need, "pimms"), (Series.part, "morning")]


@pytest.mark.parametrize(
    ("hour", "part"), [(0, "night"), (5, "night"), (6, "morning"), (11, "morning"), (12, "afternoon"), (18, "evening"), (23, "evening")]
)
def test_the_part_of_the_day(hour: int, part: str) -> None:
    assert part_of(WEDNESDAY.replace(hour=hour)) == part and part in PARTS


def test_sums_by_week_and_channel(factory: sessionmaker) -> None:
    with factory.begin() as session:
        for days, channel in ((0, "web"), (0, "web"), (1, "web"), (0, "sms"), (-7, "web"), (4, "web"), (5, "web")):
            count(session, WEDNESDAY + dt.timedelta(days=days), channel, NEED)
    with factory() as session:
        both = figures(session, dt.date(2026, 11, 18), dt.date(2026, 11, 25))
        assert list(both.weeks) == [dt.date(2026, 11, 16), dt.date(2026, 11, 23)]  # Mondays; what came on the 30th is of the next
        assert [week[Series.need]["pimms"] for week in both.weeks.values()] == [1, 5]
        assert both.total(Series.outcome) == {"answer": 6} and both.total(Series.outside) == {}
        assert figures(session, dt.date(2026, 11, 25), dt.date(2026, 11, 25), "sms").total(Series.need) == {"pimms": 1}
        assert channels(session) == ["sms", "web"]
        found = rows(session, dt.date(2026, 11, 25), dt.date(2026, 11, 25))
        assert (dt.date(2026, 11, 23), "web", "need", "pimms", 4) in found and len(found) == 6


def test_counted_at_once_nothing_is_lost(factory: sessionmaker) -> None:
    def many(reverse: bool) -> None:
        for _ in range(20):
            with factory.begin() as session:
                count(session, WEDNESDAY, "web", NEED[::-1] if reverse else NEED)

    threads = [threading.Thread(target=many, args=(i % 2 == 0,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with factory() as session:
        assert figures(session, WEDNESDAY.date(), WEDNESDAY.date()).total(Series.need) == {"pimms": 80}


def test_a_row_says_nothing_but_a_sum(factory: sessionmaker) -> None:
    """No text, no conversation, no hour: nobody can be told from it."""
    assert set(sa.inspect(Count).columns.keys()) == {"day", "channel", "series", "name", "count"}


@pytest.mark.parametrize(("number", "shown"), [(0, 0), (1, None), (LEAST_SHOWN - 1, None), (LEAST_SHOWN, LEAST_SHOWN), (1000, 1000)])
def test_small_numbers_are_masked(number: int, shown: int | None) -> None:
    assert masked(number) == shown
