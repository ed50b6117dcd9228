"""What a sheet was, is, and who changed it: reading and writing revisions."""

import json
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.orm import Session

from knowledge.editing.revisions import Revision
from knowledge.errors import UnknownSheet
from knowledge.records import select_sheet

# Changes that come from files; all others are the work of people.
LOADED = "load"


def content(record: BaseModel) -> dict[str, Any]:
    """A record as JSON types: what a revision holds, and what a form edits."""
    return json.loads(record.json())


def history(session: Session, kind: str, slug: str) -> list[Revision]:
    """Every change of one sheet, newest first."""
    of_sheet = sa.select(Revision).where(Revision.kind == kind, Revision.slug == slug)
    return list(session.execute(of_sheet.order_by(Revision.number.desc())).scalars())


def last(session: Session, kind: str, slug: str) -> Revision | None:
    """The last change of one sheet; None when it never changed since it was loaded."""
    of_sheet = sa.select(Revision).where(Revision.kind == kind, Revision.slug == slug)
    return session.execute(of_sheet.order_by(Revision.number.desc()).limit(1)).scalar_one_or_none()


def current(session: Session, kind: str, slug: str) -> tuple[Any, int]:
    """The sheet and the number of its last revision. Raises UnknownSheet."""
    newest = last(session, kind, slug)
    record = select_sheet(session, kind, slug)
    if record is None:
        raise UnknownSheet(slug)
    return record, newest.number if newest else 0


def numbers(session: Session, kind: str) -> dict[str, int]:
    """The number of the last revision of every sheet of a kind that ever changed."""
    newest = sa.select(Revision.slug, sa.func.max(Revision.number)).where(Revision.kind == kind).group_by(Revision.slug)
    return dict(session.execute(newest).all())


def at_revision(session: Session, kind: str, slug: str, number: int) -> dict[str, Any] | None:
    """The sheet as it was after change ``number`` (0: as it was first loaded). Raises UnknownSheet."""
    wanted = sa.select(Revision).where(Revision.kind == kind, Revision.slug == slug, Revision.number == (number or 1))
    found = session.execute(wanted).scalar_one_or_none()
    if found is not None:
        return found.after if number else found.before
    if number:
        raise UnknownSheet(slug)
    return content(current(session, kind, slug)[0])


def archived(session: Session) -> list[Revision]:
    """The last change of every sheet that is archived, newest first."""
    return [revision for revision in _last_of_each(session) if revision.after is None]


def changed_by_people(session: Session) -> set[tuple[str, str]]:
    """(kind, id) of the sheets whose last change was not a load."""
    return {(revision.kind, revision.slug) for revision in _last_of_each(session) if revision.change != LOADED}


def note(
    session: Session,
    kind: str,
    slug: str,
    change: str,
    before: dict | None,
    after: dict | None,
    by: str,
    reason: str | None = None,
    source: str | None = None,
) -> Revision:
    """Add one revision, in the caller's transaction and turn."""
    newest = last(session, kind, slug)
    number = newest.number + 1 if newest else 1
    revision = Revision(kind=kind, slug=slug, number=number, change=change, before=before, after=after, by=by, reason=reason, source=source)
    session.add(revision)
    session.flush()
    return revision


def _last_of_each(session: Session) -> list[Revision]:
    newest = sa.select(sa.func.max(Revision.id)).group_by(Revision.kind, Revision.slug)
    return list(session.execute(sa.select(Revision).where(Revision.id.in_(newest)).order_by(Revision.id.desc())).scalars())
