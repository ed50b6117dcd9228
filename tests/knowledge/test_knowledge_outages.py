"""A database that is gone costs nobody more than one attempt, and is found again."""

import logging
import multiprocessing
import threading
import time

import pytest
import sqlalchemy as sa

from knowledge.database import open_engine
from knowledge.outages import KNOWN, Outage, note
from knowledge.watch import outage_of, watching
from tests.lines import line_to
from tests.postgres import POSTGRES


def _until(holds) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_server_that_is_gone_is_asked_by_one_thread_alone(caplog: pytest.LogCaptureFixture) -> None:
    answers, asked = [], []

    def probe() -> None:
        asked.append(1)
        if not answers:
            raise OSError

    outage = Outage("server of a test", probe, probe_seconds=0.01)
    for _ in range(5):
        outage.begin(OSError())
    assert outage.is_on and outage.has_lasted(0) and not outage.has_lasted(60)
    _until(lambda: len(asked) > 2)
    answers.append(1)
    _until(lambda: not outage.is_on)
    said = [record.message for record in caplog.records if outage.name in record.message]
    assert len(said) == 2 and "does not answer (OSError)" in said[0] and "answers again" in said[1]


def test_a_server_that_nobody_asked_for_is_looked_at() -> None:
    gone = []

    def probe() -> None:
        if gone:
            raise OSError

    outage = Outage("server of a test", probe, probe_seconds=0.01)
    outage.look()
    assert not outage.is_on
    gone.append(1)
    outage.look()
    assert outage.is_on
    gone.clear()
    _until(lambda: not outage.is_on)


def test_a_forked_process_notices_by_itself() -> None:
    back = threading.Event()

    def probe() -> None:
        if not back.is_set():
            raise OSError

    outage = Outage("server of a test", probe, probe_seconds=0.01)
    outage.begin(OSError())
    said = multiprocessing.get_context("fork").Queue()
    child = multiprocessing.get_context("fork").Process(target=lambda: said.put(outage.is_on))
    child.start()
    assert said.get(timeout=20) is False and outage.is_on
    child.join()
    back.set()


@pytest.mark.parametrize("how", ["cut", "stall"])
def test_a_database_that_is_gone_fails_at_once_and_is_found_again(postgres_server, how: str, caplog: pytest.LogCaptureFixture) -> None:
    with line_to(5432) as line:
        engine = open_engine(POSTGRES.replace("5432", str(line.port)) + "/postgres")
        outage = outage_of(engine)
        with watching(engine, patience=2, pulse=0.1):
            engine.connect().close()
            getattr(line, how)()
            with pytest.raises(sa.exc.OperationalError):
                engine.connect()
            for _ in range(100):
                with pytest.raises(sa.exc.OperationalError, match=KNOWN) as raised:
                    engine.connect()
                note(logging.getLogger("test"), "nothing is said twice", raised.value)
            line.mend()
            _until(lambda: not outage.is_on)
            with engine.connect() as connection:
                assert connection.execute(sa.text("select 1")).scalar_one() == 1
        engine.dispose()
    assert caplog.text.count("database does not answer") == 1 and "nothing is said twice" not in caplog.text


def test_a_file_is_no_server(tmp_path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/passerelle.db")
    with watching(engine):
        assert outage_of(engine) is None
    engine.dispose()
