"""The whole database as one file and back: SQLite's online backup, or PostgreSQL's own pg_dump and pg_restore."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine, make_url

from knowledge.database import open_engine
from knowledge.errors import KnowledgeError

_ASIDE = "passerelle_before_restore"
_OTHERS = """select count(*) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"""


class DumpFailed(KnowledgeError, RuntimeError):
    """A database could not be written to a file, or read from one; the message says why."""


def dump(url: str, file: Path) -> None:
    """Write the database at ``url`` to ``file``, as it is at one moment, while others work in it.

    Raises DumpFailed, DatabaseUnavailable.
    """
    open_engine(url).dispose()
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        _copy(Path(parsed.database or ""), file)
    else:
        _run("pg_dump", parsed, ["--format=custom", "--no-owner", "--no-privileges", f"--file={file}"])


def load(url: str, file: Path) -> None:
    """Put what ``dump`` wrote to ``file`` in the place of everything in the database at ``url``; all or nothing.

    Raises DumpFailed, DatabaseUnavailable.
    """
    parsed = make_url(url)
    engine = open_engine(url)
    try:
        if parsed.get_backend_name() == "sqlite":
            _copy(file, Path(parsed.database or ""))
        else:
            _exchange(engine, parsed, file)
    finally:
        engine.dispose()


def is_empty(engine: Engine) -> bool:
    """True for a database without a table of ours."""
    return not sa.inspect(engine).has_table("alembic_version")


def _copy(source: Path, target: Path) -> None:
    """Page by page in one transaction: whoever has the target open sees the old content or the new."""
    try:
        with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target, timeout=15)) as written:
            read.backup(written)
            if written.execute("pragma quick_check").fetchone() != ("ok",):
                raise DumpFailed(f"{target} is not whole after the copy: check the disk.")
    except sqlite3.Error as error:
        raise DumpFailed(f"{source} could not be copied to {target} ({error}): check the disk, and stop Passerelle.") from error


def _exchange(engine: Engine, url: URL, file: Path) -> None:
    """Set the present tables aside, restore beside them, and only then drop them."""
    _run("pg_restore", None, ["--list", str(file)])
    with engine.connect() as connection:
        others = connection.execute(sa.text(_OTHERS)).scalar_one()
        # Left by a restore that was interrupted: those are the tables of before, and what is in their place is unfinished.
        interrupted = _ASIDE in sa.inspect(connection).get_schema_names()
    if others:
        raise DumpFailed(f"{others} other connections to the database are open: stop Passerelle and whatever else uses it first.")
    _execute(engine, "drop schema public cascade" if interrupted else f"alter schema public rename to {_ASIDE}", "create schema public")
    try:
        _run("pg_restore", url, ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--schema=public", str(file)])
    except DumpFailed:
        _execute(engine, "drop schema public cascade", f"alter schema {_ASIDE} rename to public")
        raise
    _execute(engine, f"drop schema {_ASIDE} cascade")


def _execute(engine: Engine, *statements: str) -> None:
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("set local lock_timeout = '15s'"))
            for statement in statements:
                connection.execute(sa.text(statement))
    except sa.exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        raise DumpFailed(f"The database refuses ({reason}): stop Passerelle, and use the account that owns the database.") from error


def _run(program: str, url: URL | None, arguments: list[str]) -> None:
    """Run one of PostgreSQL's programs; the password is in its environment, not among its arguments, which others can see."""
    found = shutil.which(program)
    if not found:
        raise DumpFailed(f"{program} is not installed here: install PostgreSQL's client programs, of the server's version or newer.")
    environment, command = dict(os.environ), [found]
    if url is not None:
        environment |= {"PGPASSWORD": url.password} if url.password else {}
        command.append(f"--dbname={url.set(drivername='postgresql', password=None).render_as_string()}")
    done = subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[0]
        raise DumpFailed(f"{program} failed: {last}")
