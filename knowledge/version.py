"""The directory's version: one row, taken by whoever changes the directory, compared by whoever reads it."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.models import DirectoryVersion


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
