"""Loading the files into the database: all or nothing, and nothing when nothing changed."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from knowledge import models
from knowledge.database import alone, sessions
from knowledge.errors import InvalidDirectory
from knowledge.files import DATA, DirectoryFiles, read_directory
from knowledge.records import canonical
from knowledge.rows import delete_all, insert


@dataclass(frozen=True)
class LoadReport:
    """What a load did. ``version`` is the directory's number after it."""

    changed: bool
    version: int
    organisations: int
    actions: int
    questions: int


def load(session_factory: sessionmaker, data: Path = DATA) -> LoadReport:
    """Replace the directory by the files' content, in one transaction.

    Raises InvalidDirectory when any file is refused: the previous directory then stays as it was.
    """
    files = read_directory(data)
    if files.problems:
        raise InvalidDirectory(files.problems)
    with session_factory.begin() as session:
        return store(session, files)


def store(session: Session, files: DirectoryFiles) -> LoadReport:
    """Write validated ``files`` inside the caller's transaction."""
    digest = hashlib.sha256(canonical(files).encode()).hexdigest()
    _wait_for_other_loads(session)
    current = session.execute(sa.select(models.DirectoryVersion)).scalar_one_or_none()
    changed = current is None or current.content_hash != digest
    if changed:
        delete_all(session)
        insert(session, files)
        if current is None:
            current = models.DirectoryVersion(id=1, version=0)
            session.add(current)
        current.version += 1
        current.content_hash = digest
        current.loaded_at = dt.datetime.now(dt.timezone.utc)
    actions = [action for _, action in files.actions()]
    return LoadReport(changed, current.version, len(files.organisations), len(actions), sum(len(a.questions.all()) for a in actions))


def _wait_for_other_loads(session: Session) -> None:
    """Take the lock that makes loads follow each other, on an empty directory too; readers go on."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("lock table directory_version in exclusive mode"))
    else:  # SQLite locks at the first write, even of no row
        session.execute(sa.update(models.DirectoryVersion).values(version=models.DirectoryVersion.version))


def load_if_empty(engine: Engine, data: Path = DATA) -> LoadReport | None:
    """Load the files into a database that has no directory yet; else leave it as it is.

    Of several processes that start at once on an empty database, one loads and the others wait.
    """
    with alone(engine):
        factory = sessions(engine)
        with factory() as session:
            if session.execute(sa.select(models.DirectoryVersion.version)).scalar_one_or_none() is not None:
                return None
        return load(factory, data)
