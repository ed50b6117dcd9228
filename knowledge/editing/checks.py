"""Is a sheet valid? Every problem at its field, as a code that is worded in French elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from knowledge import models, schema
from knowledge.errors import InvalidSheet
from knowledge.files import DirectoryFiles, check_references
from knowledge.rows import KINDS, exists

EDITED = ("action", "organisation", "source", "help_number", "outside_topic")


@dataclass(frozen=True)
class FieldProblem:
    """One refused value: the path of its field (``("contacts", 0, "value")``), and why."""

    path: tuple
    code: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class _Sheet:
    """A sheet as ``check_references`` reads documents."""

    value: Any
    name: str = ""

    def problem(self, path: tuple, message: str, code: str, context: Mapping[str, Any]) -> FieldProblem:
        return FieldProblem(path, code, context)


def checked(session: Session, kind: str, content: Mapping[str, Any]) -> Any:
    """Return the record that ``content`` (JSON types) makes. Raises InvalidSheet with every problem."""
    try:
        record: Any = KINDS[kind].record.parse_obj(content)
    except ValidationError as error:
        raise InvalidSheet([_problem(found) for found in error.errors()]) from None
    slugs = session.execute(sa.select(models.Source.slug)).scalars()
    known = DirectoryFiles(sources=[schema.Source.construct(id=slug) for slug in slugs])
    problems = check_references(known, [_Sheet(record)])
    problems += _unstorable(content)
    if kind == "action" and not exists(session, "organisation", record.organisation):
        problems.append(FieldProblem(("organisation",), "unknown_organisation", {"value": record.organisation}))
    if problems:
        raise InvalidSheet(problems)
    return record


def _problem(error: Mapping[str, Any]) -> FieldProblem:
    """One of pydantic's errors; what refuses a whole record says at which of its fields."""
    context = error.get("ctx", {})
    path = tuple(part for part in error["loc"] if part != "__root__")
    if context.get("field"):
        path = (*path, context["field"])
    return FieldProblem(path, context.get("reason", error["type"]), context)


def _unstorable(value: Any, path: tuple = ()) -> list[FieldProblem]:
    """PostgreSQL stores no U+0000."""
    if isinstance(value, str):
        return [FieldProblem(path, "zero_character")] if "\0" in value else []
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    return [problem for key, item in items for problem in _unstorable(item, (*path, key))]
