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
from knowledge.editing.history import LOADED, changed_by_people, content, note
from knowledge.errors import EditedDirectory, InvalidDirectory
from knowledge.files import DATA, DirectoryFiles, read_directory
from knowledge.records import Records, canonical, select_all, sheets
from knowledge.rows import delete_all, insert
from knowledge.version import take_turn


@dataclass(frozen=True)
class LoadReport:
    """What a load did. ``version`` is the directory's number after it."""

    changed: bool
    version: int
    organisations: int
    actions: int
    questions: int


def load(session_factory: sessionmaker, data: Path = DATA, replace: bool = False) -> LoadReport:
    """Replace the directory by the files' content, in one transaction.

    Raises InvalidDirectory when any file is refused, and EditedDirectory when the files would undo what
    agents changed, unless ``replace``: the previous directory then stays as it was.
    """
    files = read_directory(data)
    if files.problems:
        raise InvalidDirectory(files.problems)
    with session_factory.begin() as session:
        return store(session, files, replace=replace)


def store(
    session: Session, files: DirectoryFiles, by: str = "passerelle kb load", replace: bool = False, change: str = LOADED
) -> LoadReport:
    """Write validated ``files`` inside the caller's transaction; every sheet that they change keeps its history.

    ``change``: how the history calls it. Raises EditedDirectory as ``load`` does.
    """
    digest = hashlib.sha256(canonical(files).encode()).hexdigest()
    take_turn(session)
    current = session.execute(sa.select(models.DirectoryVersion)).scalar_one_or_none()
    changed = current is None or current.content_hash != digest or replace
    if current is None:
        current = models.DirectoryVersion(id=1, version=0)
        session.add(current)
    elif changed:
        changed = _note_changes(session, files, by, replace, change) or current.content_hash != digest
    if changed:
        delete_all(session)
        insert(session, files)
        current.version += 1
        current.content_hash = digest
        current.loaded_at = dt.datetime.now(dt.timezone.utc)
    actions = [action for _, action in files.actions()]
    return LoadReport(changed, current.version, len(files.organisations), len(actions), sum(len(a.questions.all()) for a in actions))


def _note_changes(session: Session, files: DirectoryFiles, by: str, replace: bool, change: str) -> bool:
    """Note what the files change of each sheet; False when it is nothing. Raises EditedDirectory."""
    before, after = _contents(select_all(session)), _contents(files)
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    by_people = changed_by_people(session)
    undone = [key for key in changed if key in by_people]
    if undone and not replace:
        raise EditedDirectory(undone)
    for kind, slug in changed:
        note(session, kind, slug, change, before.get((kind, slug)), after.get((kind, slug)), by)
    return bool(changed)


def _contents(directory: Records | DirectoryFiles) -> dict[tuple[str, str], dict]:
    return {(kind, record.id): content(record) for kind, record in sheets(directory)}


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
