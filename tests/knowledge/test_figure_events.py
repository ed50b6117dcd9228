"""Figures that travel: what is in them, and that they are counted once."""

import datetime as dt
import json
import uuid

import pytest
import sqlalchemy as sa

from knowledge.database import migrate, open_engine, sessions
from knowledge.figures.events import REMEMBERED, FigureEvent, Malformed, apply, read
from knowledge.figures.models import Count, CountedEvent
from knowledge.moments import utc_now

DAY = dt.date(2026, 11, 28)


def an_event(*names: str) -> FigureEvent:
    return FigureEvent(DAY, "web", tuple(("need", name) for name in names))


@pytest.fixture
def factory(tmp_path):
    database = open_engine(f"sqlite:///{tmp_path / 'passerelle.db'}")
    migrate(database)
    yield sessions(database)
    database.dispose()


def counts(session) -> dict[str, int]:
    return {row.name: row.count for row in session.execute(sa.select(Count)).scalars()}


def test_an_event_that_comes_again_is_counted_once(factory):
    one, two = an_event("pimms"), an_event("pimms", "velo")
    with factory.begin() as session:
        assert apply(session, [one, two, one]) == 2
    with factory.begin() as session:
        assert apply(session, [two, an_event("pimms")]) == 1
        assert counts(session) == {"pimms": 3, "velo": 1}
        assert apply(session, []) == 0


def test_ids_are_forgotten_when_nothing_comes_again_any_more(factory):
    with factory.begin() as session:
        session.add(CountedEvent(id=uuid.uuid4().hex, at=utc_now() - REMEMBERED - dt.timedelta(hours=1)))
        session.flush()
        apply(session, [an_event("pimms")])
        assert session.execute(sa.select(sa.func.count()).select_from(CountedEvent)).scalar_one() == 1


def test_an_event_survives_its_journey_and_has_nothing_else():
    event = an_event("pimms")
    travelling = json.loads(json.dumps(event.as_dict()))
    assert read(travelling) == event
    assert set(travelling) == {"id", "day", "channel", "counted"}


_NONE = [
    None,
    [],
    "x",
    {},
    {**an_event().as_dict(), "id": "x"},
    {**an_event().as_dict(), "counted": [["words", "x"]]},
    {**an_event().as_dict(), "day": "hier"},
]


@pytest.mark.parametrize("said", _NONE)
def test_what_is_no_event_is_named(said):
    with pytest.raises(Malformed):
        read(said)
