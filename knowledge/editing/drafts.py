"""Saving what an editor wrote, with what it rests on: one transaction, every problem at once."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from knowledge.editing import changes
from knowledge.editing.basis import WORDING, rested
from knowledge.editing.checks import FieldProblem, checked
from knowledge.editing.history import at_revision
from knowledge.editing.history import content as content_of
from knowledge.editing.revisions import Revision
from knowledge.editing.verifying import verified_after
from knowledge.errors import InvalidSheet, UnknownSheet
from knowledge.version import take_turn

# The basis is a source that the draft brings along.
NEW_SOURCE = "new"


@dataclass(frozen=True)
class Draft:
    """What an editor wrote. ``basis``: the id of a source, ``WORDING``, ``NEW_SOURCE`` (then ``new_source``), or None."""

    kind: str
    content: Mapping[str, Any]
    basis: str | None = None
    new_source: Mapping[str, Any] | None = None
    reason: str | None = None
    whole: bool = False  # the editor verified the whole sheet today


def save_draft(session: Session, draft: Draft, slug: str | None, seen: int, by: str, today: dt.date) -> Revision | None:
    """Create the sheet (``slug`` None) or replace the one seen at revision ``seen``; None when nothing differs.

    An action of which a fact changed is no longer verified, unless the editor verified the whole ``today``.

    Raises InvalidSheet (problems of the new source under ``new``), EditingConflict, UnknownSheet.
    """
    take_turn(session)
    if slug:
        changes.refuse_unseen(session, draft.kind, slug, seen)
    before = _before(session, draft, slug, seen)
    problems: list[FieldProblem] = []
    basis, content = _basis(session, draft, by, problems), dict(draft.content)
    try:
        content = rested(before, content, basis)
    except InvalidSheet as error:
        problems += error.problems
    if problems:
        raise InvalidSheet(problems + _further(session, draft, {**content, "id": slug or "x"}, {p.path for p in problems}))
    named = None if basis == WORDING else basis
    if draft.kind == "action":
        after = content_of(checked(session, draft.kind, {**content, "id": slug or "x"}))
        facts_of = before if basis != WORDING else after  # corrected words are the same facts
        content |= {name: verified_after(facts_of, after, by, today, draft.whole)[name] for name in ("verified_on", "verified_by")}
    if slug is None:
        return changes.create(session, draft.kind, content, by, draft.reason, named)
    return changes.save(session, draft.kind, slug, content, seen, by, draft.reason, named)


def _before(session: Session, draft: Draft, slug: str | None, seen: int) -> dict[str, Any] | None:
    if slug is None:
        return None
    before = at_revision(session, draft.kind, slug, seen)
    if before is None:
        raise UnknownSheet(slug)
    return before


def _basis(session: Session, draft: Draft, by: str, problems: list[FieldProblem]) -> str | None:
    """The id of what the draft rests on; its new source is created first."""
    if draft.basis != NEW_SOURCE:
        return draft.basis
    try:
        return changes.create(session, "source", draft.new_source or {}, by).slug
    except InvalidSheet as error:
        problems += [FieldProblem(("new", *problem.path), problem.code, problem.context) for problem in error.problems]
        return NEW_SOURCE


def _further(session: Session, draft: Draft, content: Mapping[str, Any], said: set[tuple]) -> list[FieldProblem]:
    """What else is wrong; sources that are still to be named aside."""
    try:
        checked(session, draft.kind, content)
    except InvalidSheet as error:
        return [problem for problem in error.problems if problem.path not in said and problem.path[-1] != "source"]
    return []
