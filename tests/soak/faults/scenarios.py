"""The faults, each with what is promised. All happen while people write (``load``)."""

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import sqlalchemy as sa

from knowledge.settings import ROOT
from tests.channels.fakes import FakeTwilio
from tests.conftest import serving
from tests.lines import Line, line_to
from tests.soak.faults.load import Account, Load, account
from tests.soak.faults.town import FAKETIME, Cluster, Missing, Redis, Server, rabbit_vhost, small_disk

BEFORE_SECONDS, AFTER_SECONDS = 2.0, 4.0
# What is gone for so long is missing (api/health.py), with some seconds for a look.
SAID_AFTER_SECONDS = 17
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
    disk: Path
    cluster: Cluster
    redis: Redis
    line: Line
    twilio: FakeTwilio
    server: Server
    other: Server | None
    database: sa.engine.Engine
    broker: Line | None = None
    statistics: dict[str, str] = field(default_factory=dict)  # the settings of who counts what comes by the broker


@contextlib.contextmanager
def town(gone: float) -> Iterator[tuple[Town, Row]]:
    """Open the town: its start is the first fault, two processes on an empty database at once."""
    folder = Path(tempfile.mkdtemp(prefix="passerelle-faults-"))
    folder.chmod(0o755)
    twilio = FakeTwilio()
    with contextlib.ExitStack() as opened:
        disk = opened.enter_context(small_disk(folder / "disk", 320))
        cluster = Cluster(disk / "postgres")
        opened.callback(cluster.stop)
        redis = Redis()
        opened.callback(redis.stop)
        line = opened.enter_context(line_to(cluster.port))
        provider = opened.enter_context(serving(twilio.app()))
        vhost = opened.enter_context(rabbit_vhost())
        broker = opened.enter_context(line_to(5672))
        url = cluster.url(line.port)
        shared = {
            "PASSERELLE_REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
            "PASSERELLE_BROKER_URL": f"amqp://guest:guest@127.0.0.1:{broker.port}/{vhost}",
        }
        counting = {"PASSERELLE_DATABASE_URL": cluster.url(), "PASSERELLE_BROKER_URL": f"amqp://guest:guest@127.0.0.1:5672/{vhost}"}
        server = Server(folder / "a", url, provider, **shared)
        opened.callback(server.stop)
        other = Server(folder / "b", url, provider, **shared)
        opened.callback(other.stop)
        database = sa.create_engine(cluster.url(), future=True, pool_pre_ping=True)
        opened.callback(database.dispose)
        opened_town = Town(gone, folder, disk, cluster, redis, line, twilio, server, other, database, broker, counting)
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
    if load.broken:
        raise AssertionError("; ".join(load.broken))
    return account(load, town.database, began)


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
        told.extend(_told(town, "database", town.gone))
        town.cluster.start()

    found = _under_load(town, fault)
    found.notes += told
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
    seconds, told = max(3.0, town.gone / 2.5), []

    def fault() -> None:
        town.redis.stop()
        time.sleep(seconds)
        told.extend(_told(town, "redis", seconds))
        town.redis.start()

    found = _under_load(town, fault)
    found.notes += told
    promised = "each process locks and counts alone; said once; never an error"
    return Row(f"Redis gone for {seconds:.0f} s", promised, "nothing", found)


def broker_gone(town: Town) -> Row:
    """Here figures are looked for as well: one for every message of the web, no more and no less."""
    assert town.broker
    seconds, told = max(6.0, town.gone / 2.5), []
    counting = town.server.start_command({**town.server.environment, **town.statistics}, "statistics")

    def fault() -> None:
        assert town.broker
        town.broker.cut()
        time.sleep(seconds)
        told.extend(_told(town, "broker", seconds))
        town.broker.mend()

    try:
        waited = _counted(town.database)
        until = time.monotonic() + 60
        while _counted(town.database) == waited and time.monotonic() < until:  # what came before it began
            time.sleep(0.2)
        before = _settled(town.database)
        found = _under_load(town, fault, after=8)
        counted = _settled(town.database) - before
    finally:
        counting.terminate()
        counting.wait(30)
    found.lost += max(0, found.web - counted)
    found.doubled += max(0, counted - found.web)
    found.notes += [*told, f"{counted} of {found.web} messages of the web in the figures"]
    promised = "figures are counted in the database, each message once; never an error"
    return Row(f"broker gone for {seconds:.0f} s", promised, "nothing", found)


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
        version = connection.execute(sa.text("update directory_version set version = version + 1 returning version")).scalar_one()
    _wait_for_refits(town, version)
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


def disk_full(town: Town) -> Row:
    """The database's own disk. PostgreSQL ends itself when it cannot write its journal: started again as systemd does."""
    seconds, kind = max(3.0, town.gone / 2.5), "PostgreSQL" if town.cluster else "SQLite"
    told: list[str] = []

    def fault() -> None:
        filler = town.disk / "filler"
        for size in (65536, 1):
            with filler.open("ab", buffering=0) as handle, contextlib.suppress(OSError):
                while True:
                    handle.write(b"x" * size)
        time.sleep(seconds)
        told.extend(_told(town, "database", seconds, "database: failed"))
        filler.unlink()
        if town.cluster:
            told.append("PostgreSQL ended itself" if town.cluster.start_again() else "PostgreSQL went on, refusing what it could not write")

    found = _under_load(town, fault)
    found.notes += told
    promised = "answers go on, conversations in memory, written once there is room; SMS are refused (503) and repeated"
    return Row(f"disk full ({kind}) for {seconds:.0f} s", promised, "nothing on the web; an SMS is answered once there is room", found)


def model_damaged(town: Town) -> Row:
    """While it answers. PostgreSQL keeps the files of models, from which the damaged one is mended; with SQLite it is said."""
    model = next(town.server.models.glob("*.tar.gz"))
    whole = model.read_bytes()

    def fault() -> None:
        with model.open("r+b") as handle:
            handle.seek(1000)
            handle.write(b"\0" * 5000)
        time.sleep(6)  # every five seconds a process looks

    found = _under_load(town, fault)
    if town.cluster:
        found.lost += not (model.read_bytes() == whole and town.server.said("the database had another"))
        how, promised = "PostgreSQL", "answers go on from memory; the file is mended from the database within seconds, the log says so"
    else:
        found.lost += not town.server.said("is damaged or gone")
        how, promised = "SQLite", "answers go on from memory, the log says so; a start trains anew instead of loading it"
    return Row(f"model file damaged while it answers ({how})", promised, "nothing", found)


def model_damaged_at_start(town: Town) -> Row:
    """The server is started anew over a damaged file. PostgreSQL has another; with SQLite some minutes of training."""
    town.server.stop()
    for model in town.server.models.glob("*.tar.gz"):
        model.write_bytes(b"damaged")
    town.server.start()
    seconds = town.server.wait()
    found = _under_load(town, lambda: None)
    found.normal_after = seconds
    how, promised = (
        ("PostgreSQL", "never loaded: the one in the database is")
        if town.cluster
        else ("SQLite", "never loaded: trained anew before anything answers; SMS are taken in meanwhile")
    )
    return Row(f"model file damaged at start ({how})", promised, "« Le service démarre » until then", found)


ON_POSTGRESQL = (
    database_restarted,
    database_gone,
    database_hangs,
    redis_gone,
    broker_gone,
    disk_full,
    worker_killed,
    import_fails,
    slow_clients,
    model_damaged,
    model_damaged_at_start,
)


def on_a_small_disk(gone: float, train: bool) -> Iterator[Row]:
    """One process on SQLite, on a disk that can be filled, with a clock that can be set, and a model file to be damaged.

    ``train``: also started over the damaged file, which takes minutes.
    """
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
        town = Town(gone, folder, disk, None, None, None, twilio, server, None, database)  # type: ignore[arg-type]
        yield disk_full(town)
        yield _clock_set(town, clock, 7200, "two hours ahead", "conversations begin anew, as after two hours")
        yield _clock_set(town, clock, 0, "back by two hours", "conversations go on, nothing waits until then")
        yield model_damaged(town)
        if train:
            yield model_damaged_at_start(town)


def _clock_set(town: Town, clock: Path, seconds: int, how: str, promised: str) -> Row:
    found = _under_load(town, lambda: clock.write_text(f"{seconds:+d}\n"))
    return Row(f"clock set {how}", f"{promised}; no message waits for it or leaves twice", "nothing", found)


def _told(town: Town, name: str, seconds: float, line: str = "") -> list[str]:
    """What readiness, metrics and log say of a server that has been gone for so long. Raises AssertionError when they do not."""
    ready = httpx.get(f"{town.server.address}/readyz", timeout=5)
    if ready.status_code != 200 or not town.server.said(line or f"outage: {name} does not answer"):
        raise AssertionError(f"{name} was gone and nothing told it: {ready.status_code} {ready.text}")
    if seconds < SAID_AFTER_SECONDS:
        return []
    metrics = httpx.get(f"{town.server.address}/metrics", timeout=20).text
    if name not in ready.json()["missing"] or f'passerelle_up{{service="{name}"}} 0.0' not in metrics:
        raise AssertionError(f"{name} was gone and is not missing: {ready.text}")
    return [f"/readyz: {ready.status_code}, `missing`: {name}"]


def _wait_for_refits(town: Town, version: int) -> None:
    """What the search does about our own change is not the fault."""
    for server in (town.server, town.other):
        until = time.monotonic() + 300
        while server and time.monotonic() < until:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{server.address}/api/search", params={"q": "papiers"}, timeout=20)
                if f'passerelle_served_version{{part="search"}} {version:.1f}' in httpx.get(f"{server.address}/metrics", timeout=20).text:
                    break
            time.sleep(1)


def _settled(database: sa.engine.Engine) -> int:
    """How many messages of the web the figures hold, once they change no more."""
    counted, since, until = -1, time.monotonic(), time.monotonic() + 60
    while time.monotonic() - since < 4 and time.monotonic() < until:
        if (now := _counted(database)) != counted:
            counted, since = now, time.monotonic()
        time.sleep(0.2)
    return counted


def _counted(database: sa.engine.Engine) -> int:
    with database.connect() as connection:
        return connection.execute(_COUNTED).scalar_one()


_COUNTED = sa.text("select coalesce(sum(count), 0) from counts where channel = 'web' and series = 'outcome'")


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
