"""The faults, each with what is promised. All happen while people write (``load``)."""

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import sqlalchemy as sa

from knowledge.settings import ROOT
from tests.channels.fakes import FakeTwilio
from tests.conftest import serving
from tests.lines import Line, line_to
from tests.soak.faults.load import Account, Load, account
from tests.soak.faults.town import FAKETIME, Cluster, Missing, Redis, Server, small_disk

BEFORE_SECONDS, AFTER_SECONDS = 2.0, 5.0
SLOW_CLIENTS = 300


@dataclass
class Row:
    """One line of the table."""

    fault: str
    promised: str
    seen: str
    account: Account


@dataclass
class Town:
    """Two processes (``server``, ``other``), PostgreSQL behind a line that can stall, Redis; ``gone``: seconds of an outage."""

    gone: float
    folder: Path
    cluster: Cluster
    redis: Redis
    line: Line
    twilio: FakeTwilio
    server: Server
    other: Server | None
    database: sa.engine.Engine


@contextlib.contextmanager
def town(gone: float) -> Iterator[tuple[Town, Row]]:
    """Open the town: its start is the first fault, two processes on an empty database at once."""
    folder = Path(tempfile.mkdtemp(prefix="passerelle-faults-"))
    folder.chmod(0o755)
    twilio = FakeTwilio()
    with contextlib.ExitStack() as opened:
        cluster = Cluster(folder / "postgres")
        opened.callback(cluster.stop)
        redis = Redis()
        opened.callback(redis.stop)
        line = opened.enter_context(line_to(cluster.port))
        provider = opened.enter_context(serving(twilio.app()))
        url, shared = cluster.url(line.port), {"PASSERELLE_REDIS_URL": f"redis://127.0.0.1:{redis.port}/0"}
        server = Server(folder / "a", url, provider, **shared)
        opened.callback(server.stop)
        other = Server(folder / "b", url, provider, **shared)
        opened.callback(other.stop)
        database = sa.create_engine(cluster.url(), future=True, pool_pre_ping=True)
        opened.callback(database.dispose)
        opened_town = Town(gone, folder, cluster, redis, line, twilio, server, other, database)
        yield opened_town, _two_at_once(opened_town)


def _two_at_once(town: Town) -> Row:
    assert town.other
    seconds = max(town.server.wait(), town.other.wait())
    with town.database.connect() as connection:
        organisations, distinct = connection.execute(sa.text("select count(*), count(distinct slug) from organisations")).one()
        revisions = connection.execute(sa.text("select count(*) from alembic_version")).scalar_one()
    found = _under_load(town, lambda: None)
    found.lost += organisations == 0
    found.doubled += (organisations - distinct) + (revisions - 1)
    promised = "tables made once, directory loaded once, both answer"
    return Row("two processes start at once on an empty database", promised, f"ready after {seconds:.0f} s, both", found)


def _under_load(town: Town, fault: Callable[[], None], after: float = AFTER_SECONDS) -> Account:
    load = Load([one.address for one in (town.server, town.other) if one], town.twilio)
    load.start()
    time.sleep(BEFORE_SECONDS)
    began = time.monotonic()
    try:
        fault()
        time.sleep(after)
    finally:
        load.stop()
    found = account(load, town.database, began)
    if load.broken:
        raise AssertionError("; ".join(load.broken))
    return found


def database_restarted(town: Town) -> Row:
    def fault() -> None:
        town.cluster.stop("fast")
        town.cluster.start()

    found = _under_load(town, fault)
    return Row("database restarted", "web: answers go on; SMS: stored as soon as it is back", "nothing", found)


def database_gone(town: Town) -> Row:
    told: list[str] = []

    def fault() -> None:
        town.cluster.stop("immediate")
        time.sleep(town.gone)
        told.append(_readiness(town.server))
        town.cluster.start()

    found = _under_load(town, fault)
    found.notes.append(f"/readyz: {told[0]}")
    promised = (
        "answers go on from the last directory, conversations from memory, written once it is back; SMS are refused (503) and repeated"
    )
    return Row(f"database gone for {town.gone:.0f} s (killed)", promised, "nothing on the web; an SMS is answered once it is back", found)


def database_hangs(town: Town) -> Row:
    def fault() -> None:
        town.line.stall()
        time.sleep(max(town.gone / 4, 8))
        town.line.mend()

    found = _under_load(town, fault)
    promised = "given up after 5 s, then as if it were gone"
    return Row("database hangs (the line stalls)", promised, "one answer that takes some seconds, then nothing", found)


def redis_gone(town: Town) -> Row:
    def fault() -> None:
        town.redis.stop()
        time.sleep(town.gone / 6)
        town.redis.start()

    found = _under_load(town, fault)
    promised = "each process locks and counts alone; said once; never an error"
    return Row("Redis gone", promised, "nothing", found)


def worker_killed(town: Town) -> Row:
    """As the machine's supervisor does, it is started again."""
    assert town.other

    def fault(killed: Server) -> None:
        killed.kill()
        killed.start()
        killed.wait()

    found = _under_load(town, lambda: fault(town.other))
    promised = "a message in its hands is sent again and answered once, by another process after at most 20 s"
    return Row("worker killed (kill -9) and started again", promised, "nothing, or the same message once more", found)


def import_fails(town: Town) -> Row:
    file = town.folder / "directory.zip"

    def run(*arguments: str) -> subprocess.Popen:
        return subprocess.Popen(town.server.command("kb", *arguments), env=town.server.environment, cwd=ROOT, stdout=subprocess.DEVNULL)

    assert run("export", str(file), "--format", "archive").wait(120) == 0
    with town.database.begin() as connection:  # something for the import to change, in every row
        connection.execute(sa.text("update actions set summary = summary || ' Bis.'"))
        connection.execute(sa.text("update directory_version set version = version + 1"))
    before = _directory(town.database)
    found = _under_load(town, lambda: _kill_in_transaction(town.database, run("import", str(file))))
    found.lost += before != _directory(town.database)
    promised = "all or nothing: the directory is as before, answers go on"
    return Row("a directory import killed half way", promised, "nothing", found)


def slow_clients(town: Town) -> Row:
    """Some send a byte a second, some open a connection and say nothing, some vanish without a word."""
    left: list[int] = []

    def fault() -> None:
        ends = [socket.create_connection(("127.0.0.1", town.server.port)) for _ in range(SLOW_CLIENTS)]
        for one in ends[: SLOW_CLIENTS // 2]:
            one.sendall(b"POST /api/chat HTTP/1.1\r\nHost: x\r\n")
        until = time.monotonic() + 13
        while time.monotonic() < until:
            for one in ends[: SLOW_CLIENTS // 2]:
                with contextlib.suppress(OSError):
                    one.sendall(b"X")
            time.sleep(1)
        left.append(sum(1 for one in ends if _is_open(one)))
        for one in ends:
            one.close()

    found = _under_load(town, fault, after=1)
    found.notes.append(f"{left[0]} of {SLOW_CLIENTS} connections still open after 13 s")
    found.lost += left[0]
    promised = "a request must be there after 10 s (body: 60 s), else the connection is closed; others notice nothing"
    return Row(f"{SLOW_CLIENTS} slow clients and half-open connections", promised, "nothing", found)


ON_POSTGRESQL = (database_restarted, database_gone, database_hangs, redis_gone, worker_killed, import_fails, slow_clients)


def on_a_small_disk(gone: float) -> Iterator[Row]:
    """One process on SQLite, on a disk that can be filled, with a clock that can be set, and a model file to be damaged."""
    folder = Path(tempfile.mkdtemp(prefix="passerelle-faults-"))
    clock = folder / "clock"
    clock.write_text("+0\n")
    if FAKETIME is None:
        raise Missing("no libfaketime is installed (Debian: faketime)")
    fake = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    twilio = FakeTwilio()
    with contextlib.ExitStack() as opened:
        disk = opened.enter_context(small_disk(folder / "disk", 24))
        provider = opened.enter_context(serving(twilio.app()))
        url = f"sqlite:///{disk}/passerelle.db"
        server = Server(folder / "c", url, provider, **fake)
        opened.callback(server.stop)
        server.wait()
        database = sa.create_engine(url, future=True, connect_args={"timeout": 15})
        opened.callback(database.dispose)
        town = Town(gone, folder, None, None, None, twilio, server, None, database)  # type: ignore[arg-type]
        yield _disk_full(town, disk)
        yield _clock_set(town, clock, 7200, "two hours ahead", "conversations begin anew, as after two hours")
        yield _clock_set(town, clock, 0, "back by two hours", "conversations go on, nothing waits until then")
        yield _model_damaged(town)


def _disk_full(town: Town, disk: Path) -> Row:
    def fault() -> None:
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as handle, contextlib.suppress(OSError):
            while True:
                handle.write(b"x" * 65536)
        with filler.open("ab", buffering=0) as handle, contextlib.suppress(OSError):
            while True:
                handle.write(b"x")
        time.sleep(town.gone / 6)
        filler.unlink()

    found = _under_load(town, fault)
    promised = "answers go on, conversations in memory, written once there is room; SMS are refused (503) and repeated"
    return Row("disk full (SQLite)", promised, "nothing on the web; an SMS is answered once there is room", found)


def _clock_set(town: Town, clock: Path, seconds: int, how: str, promised: str) -> Row:
    found = _under_load(town, lambda: clock.write_text(f"{seconds:+d}\n"))
    return Row(f"clock set {how}", f"{promised}; no message waits for it or leaves twice", "nothing", found)


def _model_damaged(town: Town) -> Row:
    model = next((town.server.folder / "models").glob("*.tar.gz"))

    def fault() -> None:
        with model.open("r+b") as handle:
            handle.seek(1000)
            handle.write(b"\0" * 5000)

    found = _under_load(town, fault)
    found.lost += not town.server.said("is damaged or gone")
    promised = "answers go on from memory, the log says so; a start trains anew instead of loading it"
    return Row("model file damaged while it answers", promised, "nothing", found)


def model_damaged_at_start(town: Town) -> Row:
    """The server of the town is started anew over a damaged file: some minutes of training."""
    town.server.stop()
    for model in (town.server.folder / "models").glob("*.tar.gz"):
        model.write_bytes(b"damaged")
    town.server.start()
    seconds = town.server.wait()
    found = _under_load(town, lambda: None)
    found.normal_after = seconds
    promised = "never loaded: trained anew before anything answers; SMS are taken in meanwhile"
    return Row("model file damaged at start", promised, "« Le service démarre » until it is trained", found)


def _readiness(server: Server) -> str:
    answer = httpx.get(f"{server.address}/readyz", timeout=5)
    return f"{answer.status_code} {answer.text}"


def _directory(database: sa.engine.Engine) -> list:
    with database.connect() as connection:
        version = connection.execute(sa.text("select version from directory_version")).all()
        tables = ("organisations", "actions", "contacts", "schedules", "places")
        return version + [
            connection.execute(sa.text(f"select md5(string_agg(t::text, '' order by t::text)) from {t} t")).all() for t in tables
        ]


def _kill_in_transaction(database: sa.engine.Engine, command: subprocess.Popen) -> None:
    """Kill ``command`` once it has written, and before it commits."""
    writing = sa.text("select count(*) from pg_stat_activity where backend_xid is not null and state <> 'idle' and pid <> pg_backend_pid()")
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        seen = 0
        while command.poll() is None:
            locks = connection.execute(_DIRECTORY_LOCKED).scalar_one()
            seen = seen + 1 if locks and connection.execute(writing).scalar_one() else 0
            if seen > 2:
                command.kill()
                return
            time.sleep(0.002)
    raise AssertionError("the import was over before it could be killed")


_DIRECTORY_LOCKED = sa.text(
    "select count(*) from pg_locks l join pg_class c on c.oid = l.relation "
    "where c.relname = 'directory_version' and l.mode = 'ExclusiveLock'"
)


def _is_open(end: socket.socket) -> bool:
    end.setblocking(False)
    try:
        return end.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
