"""Opening the database and bringing its tables up to date."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

from knowledge.errors import DatabaseUnavailable
from knowledge.locks import held
from knowledge.outages import DATABASE, KNOWN, Outage
from knowledge.watch import Watch

MIGRATIONS = Path(__file__).parent / "migrations"

# Any constant will do; it names "Passerelle is migrating" among PostgreSQL's advisory locks.
_MIGRATION_LOCK = 41_000


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
        _fail_at_once_while_gone(engine)
    return engine


def _options(backend: str) -> dict:
    if backend == "sqlite":
        # A pool as for a server: opening the file anew for each transaction costs more than the query.
        return {"poolclass": QueuePool, "pool_size": 5, "connect_args": {"timeout": 15, "check_same_thread": False}}
    # A server that was cut off is given up within seconds, on connections that stand as well.
    prompt = {"connect_timeout": 2, "tcp_user_timeout": 5000, "keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 2}
    return {"pool_size": 5, "max_overflow": 10, "pool_timeout": 5, "pool_recycle": 1800, "connect_args": prompt}


def _fail_at_once_while_gone(engine: Engine) -> None:
    """Let no caller wait for a server that did not take the last connection; one thread tries until it does."""
    arguments, options = engine.dialect.create_connect_args(engine.url)
    options |= _options(engine.dialect.name)["connect_args"]
    outage = engine.outage = Outage(DATABASE, lambda: engine.dialect.connect(*arguments, **options).close())  # type: ignore[attr-defined]

    def connect(dialect: Any, _record: Any, cargs: Any, cparams: Any) -> Any:
        if outage.is_on:
            raise dialect.dbapi.OperationalError(KNOWN)
        try:
            return dialect.connect(*cargs, **cparams)
        except dialect.dbapi.OperationalError as error:
            outage.begin(error)
            raise

    sa.event.listen(engine, "do_connect", connect)


def watch(engine: Engine) -> Watch | None:
    """Notice from now on when a server database hangs; None for a file."""
    return None if engine.dialect.name == "sqlite" else Watch(engine, engine.outage)  # type: ignore[attr-defined]


def _tune_sqlite(connection, _record) -> None:  # type: ignore[no-untyped-def]
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    # Readers go on while a load writes (https://sqlite.org/wal.html).
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def sessions(engine: Engine) -> sessionmaker:
    """Return the session factory for ``engine`` (2.0 style)."""
    return sessionmaker(engine, class_=Session, future=True, expire_on_commit=False)


def see_one_moment(session: Session) -> None:
    """Make all reads of a fresh ``session`` see the database as it is now, whatever is loaded meanwhile."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    else:  # pysqlite opens no transaction for reads by itself
        session.execute(sa.text("begin"))


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest revision; safe when several processes start at once."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with alone(engine), engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


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
