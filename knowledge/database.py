"""Opening the database and bringing its tables up to date."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

from knowledge.errors import DatabaseTooNew, DatabaseUnavailable
from knowledge.locks import held
from knowledge.metrics import count_failures
from knowledge.watch import guard

MIGRATIONS = Path(__file__).parent / "migrations"

# Any constant will do; it names "Passerelle is migrating" among PostgreSQL's advisory locks.
_MIGRATION_LOCK = 41_000
_BUSY_SECONDS = 15
_WIPES, _WIPE_PAUSE = 5, 0.1


def open_engine(url: str) -> Engine:
    """Return an engine for ``url`` after one real connection.

    Raises DatabaseUnavailable when it cannot be reached; the password is never in the message.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(url, future=True, pool_pre_ping=True, **_options(parsed.get_backend_name()))
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "connect", _tune_sqlite)
        count_failures(engine)
        with engine.connect() as connection:
            connection.execute(sa.text("select 1"))
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise DatabaseUnavailable(
            "PASSERELLE_DATABASE_URL is not a database address that Passerelle knows (sqlite or postgresql)."
        ) from error
    except (SQLAlchemyError, OSError) as error:
        where = make_url(url).set(query={}).render_as_string(hide_password=True)  # ?password=… is libpq's too
        raise DatabaseUnavailable(f"The database {where} cannot be reached: start it, or correct PASSERELLE_DATABASE_URL.") from error
    if engine.dialect.name != "sqlite":
        engine.dispose()  # every connection from now on is guarded
        guard(engine, _options(engine.dialect.name)["connect_args"])
    return engine


def _options(backend: str) -> dict:
    if backend == "sqlite":
        # A pool as for a server: opening the file anew for each transaction costs more than the query.
        return {"poolclass": QueuePool, "pool_size": 5, "connect_args": {"timeout": _BUSY_SECONDS, "check_same_thread": False}}
    # A server that was cut off is given up within seconds, on connections that stand as well.
    prompt = {"connect_timeout": 3, "tcp_user_timeout": 5000, "keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 2}
    return {"pool_size": 5, "max_overflow": 10, "pool_timeout": 5, "pool_recycle": 1800, "connect_args": prompt}


def _tune_sqlite(connection, _record) -> None:  # type: ignore[no-untyped-def]
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    # Readers go on while a load writes (https://sqlite.org/wal.html).
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    # What is erased is overwritten; by default it would stay readable in the file until its place is needed.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def sessions(engine: Engine) -> sessionmaker:
    """Return the session factory for ``engine`` (2.0 style)."""
    return sessionmaker(engine, class_=Session, future=True, expire_on_commit=False)


def wipe_journal(engine: Engine) -> None:
    """Take what was erased out of SQLite's journal as well; who reads for longer than a moment delays it to the next time."""
    if engine.dialect.name != "sqlite":
        return
    with engine.connect() as connection:
        # While it waits for readers nobody can write: it must not wait as long as a writer would.
        connection.execute(sa.text("PRAGMA busy_timeout=0"))
        try:
            for _ in range(_WIPES):
                if not connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)")).one()[0]:
                    break
                time.sleep(_WIPE_PAUSE)
        finally:
            connection.execute(sa.text(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}"))


def see_one_moment(session: Session) -> None:
    """Make all reads of a fresh ``session`` see the database as it is now, whatever is loaded meanwhile."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    else:  # pysqlite opens no transaction for reads by itself
        session.execute(sa.text("begin"))


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest revision; safe when several processes start at once.

    Raises DatabaseTooNew.
    """
    config = _migrations()
    with alone(engine), engine.connect() as connection:
        revisions(connection)
        connection.rollback()  # what was read to compare must not begin the transaction of the migrations
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def revisions(connection: Connection) -> tuple[str | None, str]:
    """Return the revision of the database (None: empty) and the newest that this code knows. Raises DatabaseTooNew."""
    script = ScriptDirectory.from_config(_migrations())
    found, newest = MigrationContext.configure(connection).get_current_revision(), script.get_current_head() or ""
    if found is not None and found not in {revision.revision for revision in script.walk_revisions()}:
        raise DatabaseTooNew(found, newest)
    return found, newest


def _migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


@contextlib.contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Hold the one set-up lock of this database (migrating, first load)."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.execute(sa.text("select pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
            try:
                yield
            finally:
                connection.execute(sa.text("select pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
        return
    name = engine.url.database
    if not name or name == ":memory:":
        yield
        return
    with held(Path(f"{name}.migrating")):
        yield
