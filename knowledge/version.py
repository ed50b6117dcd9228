"""The directory's version: one row, taken by whoever changes the directory, compared by whoever reads it."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.editing.revisions import Revision
from knowledge.models import DirectoryVersion


@dataclass(frozen=True)
class Mark:
    """What had happened to the directory when it was read. ``loaded_at``: the last load; ``revision``: the last noted change."""

    version: int
    loaded_at: dt.datetime | None
    revision: int


def mark(session: Session) -> Mark:
    """Return what has happened until now; version 0 before the first load."""
    last = sa.select(sa.func.max(Revision.id)).scalar_subquery()
    row = session.execute(sa.select(DirectoryVersion.version, DirectoryVersion.loaded_at, last)).first()
    return Mark(row[0], row[1], row[2] or 0) if row else Mark(0, None, 0)


def changed_since(session: Session, seen: Mark, now: Mark, most: int) -> set[tuple[str, str]] | None:
    """Return (kind, id) of the sheets that changed since ``seen``; None after more than ``most`` changes, or when it is not known.

    Turns are taken one after the other, so that a lower number is never committed after a higher one.
    """
    if now.revision < seen.revision or now.version < seen.version:  # as after a backup was restored
        return None
    changed = sa.select(Revision.kind, Revision.slug).where(Revision.id > seen.revision).limit(most + 1)
    found = [(kind, slug) for kind, slug in session.execute(changed)]
    return set(found) if len(found) <= most else None


def take_turn(session: Session) -> None:
    """Take the lock that makes changes follow each other, on an empty directory too; readers go on.

    Held until the caller's transaction ends. Take it before reading what is to be changed.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("lock table directory_version in exclusive mode"))
    else:  # SQLite locks at the first write, even of no row
        session.execute(sa.update(DirectoryVersion).values(version=DirectoryVersion.version))


def raise_version(session: Session) -> None:
    """Make readers see, at their next message, what this transaction changes."""
    session.execute(sa.update(DirectoryVersion).values(version=DirectoryVersion.version + 1))
