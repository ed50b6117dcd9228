"""A message sent twice is answered once; reports of errors are decided once; both are forgotten. On both databases."""

import datetime as dt
import threading
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from knowledge import once, reports
from knowledge.moments import utc_now
from knowledge.retention import erase_older_than

TALK = "conversation-of-nadia-000001"
ANSWER = {"conversation_id": TALK, "messages": [{"text": "bonjour"}]}


def count(factory: sessionmaker, table: type) -> int:
    with factory() as session:
        return session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_one_of_many_takes_a_message_on(factory: sessionmaker) -> None:
    request_id, taken = str(uuid.uuid4()), []

    def try_it() -> None:
        with factory.begin() as session:
            taken.append(once.take_on(session, request_id, TALK))

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(taken) == [False] * 7 + [True]
    with factory() as session:
        assert once.answered(session, request_id) is None
    with factory.begin() as session:
        once.keep(session, request_id, ANSWER)
    with factory.begin() as session:
        assert once.answered(session, request_id) == ANSWER and not once.take_on(session, request_id, TALK)


def test_a_process_that_died_leaves_the_message_to_the_next(factory: sessionmaker) -> None:
    request_id = str(uuid.uuid4())
    with factory.begin() as session:
        assert once.take_on(session, request_id, TALK)
        session.execute(sa.update(once.Answered).values(at=utc_now() - dt.timedelta(seconds=90)))
    with factory.begin() as session:
        assert once.take_on(session, request_id, TALK) and not once.take_on(session, request_id, TALK)
        once.give_up(session, request_id)
    with factory.begin() as session, pytest.raises(KeyError):
        once.answered(session, request_id)


def test_a_message_that_a_clock_made_old_while_it_was_answered_is_no_erased_one(factory: sessionmaker, monkeypatch) -> None:
    first, second, third = (str(uuid.uuid4()) for _ in range(3))
    with factory.begin() as session:
        assert all(once.take_on(session, request_id, TALK) for request_id in (first, second, third))
    monkeypatch.setattr(once, "utc_now", lambda: utc_now() + dt.timedelta(hours=2))
    with factory.begin() as session:
        assert once.keep(session, first, ANSWER)  # and forgets what is old: all of them
    with factory.begin() as session:
        assert once.keep(session, second, ANSWER) and once.give_up(session, third)


def test_answers_are_forgotten_soon_and_with_their_conversation(factory: sessionmaker) -> None:
    first, second, third = (str(uuid.uuid4()) for _ in range(3))
    with factory.begin() as session:
        for request_id in (first, second):
            once.take_on(session, request_id, TALK)
            once.keep(session, request_id, ANSWER)
        once.erase(session, TALK)
    with factory.begin() as session:  # a repetition that is still on its way brings nothing back
        assert not once.take_on(session, first, TALK)
        with pytest.raises(once.Erased):
            once.answered(session, first)
        assert {row.answer for row in session.execute(sa.select(once.Answered.answer))} == {None}
        session.execute(sa.update(once.Answered).values(at=utc_now() - once.KEPT))
        once.take_on(session, third, TALK)
        once.keep(session, third, ANSWER)
    assert count(factory, once.Answered) == 1
    with factory.begin() as session:
        session.execute(sa.update(once.Answered).values(at=utc_now() - once.KEPT))
    erase_older_than(factory, 30)
    assert count(factory, once.Answered) == 0


def test_a_report_is_decided_once_and_erased_in_time(factory: sessionmaker) -> None:
    with factory.begin() as session:
        reports.leave(session, "pimms", "schedule", "le samedi aussi")
    with factory() as session:
        (one,) = reports.waiting(session)
    with factory.begin() as session:
        assert reports.decide(session, one.id, reports.DONE, "Anne")
        assert not reports.decide(session, one.id, reports.IGNORED, "Bilal")
    with factory.begin() as session:
        assert [(r.state, r.decided_by) for r in reports.decided(session)] == [("done", "Anne")] and not reports.waiting(session)
        assert reports.reopen(session, one.id) and not reports.reopen(session, one.id)
    assert erase_older_than(factory, 30)["sheet_reports"] == 0
    with factory.begin() as session:
        session.execute(sa.update(reports.SheetReport).values(created_at=utc_now() - dt.timedelta(days=31)))
    assert erase_older_than(factory, 30)["sheet_reports"] == 1
