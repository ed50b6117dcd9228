"""``passerelle doctor``: what is wrong with this installation, and what to do. Changes nothing."""

import datetime as dt
import shutil
import tempfile
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from api.opening import complete_channels, find_redis
from knowledge import database as db
from knowledge import trained_models
from knowledge.delivery import queues
from knowledge.directory import Directory, DirectoryStore
from knowledge.errors import BadSettings, KnowledgeError
from knowledge.moments import utc_now
from knowledge.settings import Settings
from knowledge.staleness import stale

_LEAST_FREE, _LITTLE_FREE = 200_000_000, 2_000_000_000
_MOST_SECONDS_APART = 5
_SHORTEST_KEY = 32
# How long something may wait before somebody should look; what is not here may wait.
_PATIENCE = {"inbox": dt.timedelta(minutes=2), "outbox": dt.timedelta(minutes=15), "callbacks": dt.timedelta(days=3)}


class Level(str, Enum):
    """How bad a finding is."""

    ok = "ok"
    warning = "warning"
    problem = "problem"


@dataclass(frozen=True)
class Finding:
    """What one look found; ``to_do`` is empty when it is in order."""

    about: str
    level: Level
    said: str
    to_do: str = ""


def examine(settings: Settings, workers: int = 1) -> Iterator[Finding]:
    """Yield what is found, part by part; ``workers``: processes that will serve. Raises nothing that an operator can cause."""
    yield from _settings(settings, workers)
    yield from _disk(settings.var_dir)
    yield from _zones()
    yield from _redis(settings)
    try:
        engine = db.open_engine(settings.database)
    except KnowledgeError as error:
        yield Finding("database", Level.problem, str(error), "Start it, or correct the address; then run this again.")
        return
    try:
        yield from _database(engine, settings)
    except SQLAlchemyError as error:
        yield Finding("database", Level.problem, f"The database fails ({type(error).__name__}).", "See its own log.")
    finally:
        engine.dispose()


def _settings(settings: Settings, workers: int) -> Iterator[Finding]:
    key, found = settings.secret_key.get_secret_value() if settings.secret_key else "", 0
    wrong: list[tuple[bool, Level, str, str]] = [
        (
            settings.uses_server_database and not key,
            Level.problem,
            "PASSERELLE_SECRET_KEY is not set.",
            "Set 32 random characters or more.",
        ),
        (0 < len(key) < _SHORTEST_KEY, Level.warning, "PASSERELLE_SECRET_KEY is short.", "Set 32 random characters or more."),
        (
            settings.public_url.startswith("http://") and not _is_local(settings.public_url),
            Level.warning,
            f"PASSERELLE_PUBLIC_URL is {settings.public_url}: not HTTPS.",
            "Put a proxy with TLS in front, and set the https:// address.",
        ),
        (_is_local(settings.public_url), Level.warning, "PASSERELLE_PUBLIC_URL is this machine's own address.", "Set what people type."),
        (
            not _is_local(settings.public_url) and not settings.trusted_proxies,
            Level.warning,
            "PASSERELLE_TRUSTED_PROXIES is 0: behind a proxy all people share one rate limit.",
            "Set the number of proxies in front, 1 as a rule.",
        ),
        (settings.rate_limit_chat == 0, Level.warning, "PASSERELLE_RATE_LIMIT_CHAT is 0: no limit.", "Set 30, unless a proxy limits."),
        (
            workers > 1 and not settings.redis_url,
            Level.problem,
            f"{workers} processes without Redis: they do not keep the order of one conversation's messages.",
            "Set PASSERELLE_REDIS_URL, or WEB_CONCURRENCY=1.",
        ),
    ]
    for is_so, level, said, to_do in wrong:
        if is_so:
            found += 1
            yield Finding("settings", level, said, to_do)
    try:
        complete_channels(settings)
    except BadSettings as error:
        found += 1
        yield Finding("settings", Level.problem, str(error), "See docs/settings.md.")
    if not found:
        yield Finding("settings", Level.ok, "They fit together.")


def _is_local(url: str) -> bool:
    return any(name in url for name in ("//127.", "//localhost", "//[::1]"))


def _disk(folder: Path) -> Iterator[Finding]:
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        yield Finding("disk", Level.problem, f"{folder} cannot be written ({error.strerror}).", "Give it to the account that serves.")
        return
    free = shutil.disk_usage(there).free
    level = Level.problem if free < _LEAST_FREE else Level.warning if free < _LITTLE_FREE else Level.ok
    to_do = "" if level is Level.ok else "Make room: a training and a backup each need some hundred MB."
    yield Finding("disk", level, f"{folder} can be written, {free / 1e9:.1f} GB free.", to_do)
    secret = folder / "secret_key"
    if secret.exists() and secret.stat().st_mode & 0o077:
        yield Finding("disk", Level.warning, f"{secret} can be read by other accounts.", f"chmod 600 {secret}")


def _zones() -> Iterator[Finding]:
    try:
        zoneinfo.ZoneInfo("Europe/Paris")
    except zoneinfo.ZoneInfoNotFoundError:
        yield Finding("clock", Level.problem, "The time zone Europe/Paris is unknown here.", "Install tzdata: opening hours depend on it.")


def _redis(settings: Settings) -> Iterator[Finding]:
    if not settings.redis_url:
        yield Finding("redis", Level.ok, "Not used.")
        return
    try:
        find_redis(settings)
    except BadSettings as error:
        yield Finding("redis", Level.problem, str(error), "Start it, or correct the address.")
    else:
        yield Finding("redis", Level.ok, "It answers.")


def _database(engine: Engine, settings: Settings) -> Iterator[Finding]:
    with engine.connect() as connection:
        try:
            found, newest = db.revisions(connection)
        except KnowledgeError as error:
            yield Finding("database", Level.problem, str(error), "Do not start this version on it.")
            return
        yield from _clock(connection)
    if found is None:
        yield Finding("database", Level.warning, f"{engine.dialect.name}, still empty.", "passerelle serve fills it.")
        return
    if found != newest:
        said = f"{engine.dialect.name}, revision {found}; this version works with {newest}."
        yield Finding("database", Level.warning, said, "Take a backup; passerelle serve brings it up to date.")
        return
    yield Finding("database", Level.ok, f"{engine.dialect.name}, revision {found}.")
    factory = db.sessions(engine)
    directory = DirectoryStore(factory).current()
    yield from _directory(directory)
    with factory() as session:
        yield from _model(trained_models.active(session), settings.var_dir)
        waiting = queues.waiting(session)
    yield from _queues(waiting)


def _clock(connection: sa.engine.Connection) -> Iterator[Finding]:
    if connection.dialect.name == "sqlite":  # it has no clock of its own
        yield Finding("clock", Level.ok, f"{utc_now():%Y-%m-%d %H:%M:%S} UTC.")
        return
    apart = abs((connection.execute(sa.text("select clock_timestamp()")).scalar_one() - utc_now()).total_seconds())
    if apart > _MOST_SECONDS_APART:
        to_do = "Run NTP (chrony) on both machines: leases of messages and retention count on one time."
        yield Finding("clock", Level.problem, f"This machine and the database are {apart:.0f} s apart.", to_do)
    else:
        yield Finding("clock", Level.ok, f"This machine and the database agree within {_MOST_SECONDS_APART} s.")


def _directory(directory: Directory) -> Iterator[Finding]:
    if not directory.entries:
        yield Finding("directory", Level.problem, "The directory is empty.", "passerelle kb load, or restore a backup.")
        return
    old, entries = len(stale(directory, dt.date.today())), len(directory.entries)
    said = f"Version {directory.version}, {entries} actions, {len(directory.help_numbers)} help numbers"
    if old:
        yield Finding(
            "directory", Level.warning, f"{said}; {old} facts to verify.", "passerelle kb stale lists them; agents verify at /staff."
        )
    else:
        yield Finding("directory", Level.ok, f"{said}; all facts are verified.")


def _model(active: trained_models.TrainedModel | None, var_dir: Path) -> Iterator[Finding]:
    from bot import training

    if active is None:
        yield Finding("model", Level.warning, "None was trained yet.", "passerelle serve trains one (a minute or two).")
        return
    path = training.models_of(var_dir) / active.name
    again = "passerelle serve trains another (a minute or two); or restore a backup."
    if not path.exists():
        yield Finding("model", Level.problem, f"{path} is missing.", again)
    elif training.sha256(path) != active.sha256:
        yield Finding("model", Level.problem, f"{path} is not the file that was trained: damaged or exchanged.", again)
    elif active.code != training.code_fingerprint():
        yield Finding("model", Level.warning, f"{active.name} was made with another version.", again)
    else:
        yield Finding("model", Level.ok, f"{active.name}, whole, of {active.made_at:%Y-%m-%d}.")


def _queues(waiting: dict[str, queues.Queue]) -> Iterator[Finding]:
    now, calm = utc_now(), True
    for name, patience in _PATIENCE.items():
        queue = waiting[name]
        if queue.oldest and now - queue.oldest > patience:
            calm = False
            since = f"{queue.oldest:%Y-%m-%d %H:%M} UTC"
            to_do = (
                "Somebody should call: /staff/rappels."
                if name == "callbacks"
                else "Is a process serving, and the channel set up? See its log."
            )
            yield Finding("queues", Level.warning, f"{name}: {queue.number} wait, the oldest since {since}.", to_do)
    dead = waiting["dead_in"].number + waiting["dead_out"].number
    if dead:
        calm = False
        yield Finding(
            "queues", Level.warning, f"{dead} messages could not be answered or delivered.", "An editor decides at /staff/messages."
        )
    if calm:
        yield Finding("queues", Level.ok, "Nothing waits for too long.")
