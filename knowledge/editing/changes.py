"""Changing the directory one sheet at a time.

Every function works in the caller's transaction: it takes the turn, checks, writes the rows, notes the
revision and raises the directory's version, so that residents are answered from it at their next
message, or nothing of it happens. ``kind`` is one of ``checks.EDITED``; ``by`` is the name of who does it.
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from knowledge.editing.checks import FieldProblem, checked
from knowledge.editing.history import at_revision, content, current, last, note
from knowledge.editing.revisions import Revision
from knowledge.editing.usage import EMERGENCY_NUMBERS, is_last_door, users
from knowledge.errors import EditingConflict, InvalidSheet, LastDoor, NeededInEmergencies, StillUsed, UnknownSheet
from knowledge.records import select_sheet
from knowledge.rows import exists, remove, write
from knowledge.version import raise_version, take_turn
from nlu.french.text import fold

_LONGEST_ID = 70


def create(
    session: Session, kind: str, sheet: Mapping[str, Any], by: str, reason: str | None = None, source: str | None = None
) -> Revision:
    """Add a new sheet; without ``id`` it gets one from its title or name. Raises InvalidSheet."""
    take_turn(session)
    given = {**sheet, "id": sheet.get("id") or _new_id(session, kind, sheet.get("title") or sheet.get("name") or "")}
    record = checked(session, kind, given)
    if _is_taken(session, kind, record.id):
        raise InvalidSheet([FieldProblem(("id",), "id_used", {"value": record.id})])
    return _write(session, kind, record, "create", None, by, reason, source)


def save(
    session: Session,
    kind: str,
    slug: str,
    sheet: Mapping[str, Any],
    seen: int,
    by: str,
    reason: str | None = None,
    source: str | None = None,
) -> Revision | None:
    """Replace a sheet that was last seen at revision ``seen``; None when nothing differs.

    ``source``: what the change rests on. Raises UnknownSheet, EditingConflict, InvalidSheet.
    """
    before = _turn_at(session, kind, slug, seen)
    record = checked(session, kind, {**sheet, "id": slug})
    return _replace(session, kind, record, "edit", before, by, reason, source)


def archive(session: Session, kind: str, slug: str, seen: int, by: str, reason: str | None = None) -> Revision:
    """Take a sheet out of the directory; its history stays.

    Raises UnknownSheet, EditingConflict, StillUsed, NeededInEmergencies, LastDoor.
    """
    before = _turn_at(session, kind, slug, seen)
    if kind == "help_number" and slug in EMERGENCY_NUMBERS:
        raise NeededInEmergencies(slug)
    if kind == "action" and is_last_door(session, slug):
        raise LastDoor(slug)
    needed_by = users(session, kind, slug)
    if needed_by:
        raise StillUsed(needed_by)
    remove(session, kind, slug)
    raise_version(session)
    return note(session, kind, slug, "archive", before, None, by, reason)


def restore(session: Session, kind: str, slug: str, number: int, seen: int, by: str, reason: str | None = None) -> Revision | None:
    """Make a sheet what it was after change ``number`` (0: as first loaded), archived or not.

    Raises UnknownSheet, EditingConflict, and InvalidSheet when what it refers to is gone meanwhile.
    """
    take_turn(session)
    refuse_unseen(session, kind, slug, seen)
    wanted = at_revision(session, kind, slug, number)
    if wanted is None:
        raise UnknownSheet(slug)
    record = select_sheet(session, kind, slug)
    before = None if record is None else content(record)
    return _replace(session, kind, checked(session, kind, wanted), "restore", before, by, reason)


def unarchive(session: Session, kind: str, slug: str, seen: int, by: str, reason: str | None = None) -> Revision | None:
    """Bring an archived sheet back as it last was. Raises as ``restore`` does."""
    return restore(session, kind, slug, seen - 1, seen, by, reason)


def verify_today(session: Session, action_id: str, seen: int, by: str, today: dt.date) -> Revision | None:
    """Note that ``by`` checked with the organisation that everything on the sheet is true. Raises as ``save`` does."""
    verified = {"verified_on": today.isoformat(), "verified_by": by}
    before = _turn_at(session, "action", action_id, seen)
    return _replace(session, "action", checked(session, "action", {**before, **verified}), "verify", before, by, None)


def add_phrasing(session: Session, action_id: str, voice: str, text: str, by: str, reason: str | None = None) -> Revision | None:
    """Teach that ``text`` asks for this action; None when it is known already. Raises UnknownSheet, InvalidSheet.

    Phrasings add up, so nobody needs to have seen the sheet.
    """

    take_turn(session)
    before = content(current(session, "action", action_id)[0])
    known = before["questions"]
    if any(text.strip() in texts for texts in known.values()):
        return None
    after = {**before, "questions": {**known, voice: [*known.get(voice, []), text]}}
    return _write(session, "action", checked(session, "action", after), "phrasing", before, by, reason)


def _turn_at(session: Session, kind: str, slug: str, seen: int) -> dict[str, Any]:
    """Take the turn and return the sheet, which must still be what the editor saw."""
    take_turn(session)
    refuse_unseen(session, kind, slug, seen)
    return content(current(session, kind, slug)[0])


def refuse_unseen(session: Session, kind: str, slug: str, seen: int) -> None:
    """Raise EditingConflict when the sheet changed after revision ``seen``. Only within a turn does it stay so."""
    newest = last(session, kind, slug)
    if newest is not None and newest.number != seen:
        session.expunge(newest)  # whoever catches this reads it after the rollback
        raise EditingConflict(newest)


def _replace(
    session: Session, kind: str, record: Any, change: str, before: dict | None, by: str, reason: str | None, source: str | None = None
) -> Revision | None:
    """``_write``, unless nothing differs."""
    return _write(session, kind, record, change, before, by, reason, source) if content(record) != before else None


def _write(
    session: Session, kind: str, record: Any, change: str, before: dict | None, by: str, reason: str | None, source: str | None = None
) -> Revision:
    write(session, kind, record)
    raise_version(session)
    return note(session, kind, record.id, change, before, content(record), by, reason, source)


def _new_id(session: Session, kind: str, name: str) -> str:
    """A slug from ``name`` that no sheet has, or had."""
    slug = re.sub(r"[^a-z0-9]+", "-", fold(name))[:_LONGEST_ID].strip("-") or kind.replace("_", "-")
    number, found = 1, slug
    while _is_taken(session, kind, found):
        number += 1
        found = f"{slug}-{number}"
    return found


def _is_taken(session: Session, kind: str, slug: str) -> bool:
    return exists(session, kind, slug) or last(session, kind, slug) is not None
