"""From records (``knowledge.schema``) to rows (``knowledge.models``): a whole directory, or one sheet.

A sheet is what is edited as one: a record of one of ``KINDS``, with all that it owns.
``knowledge.records`` reads back what is written here; a test holds the two together.
"""

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.orm import Session

from knowledge import models, schema
from knowledge.files import DirectoryFiles
from knowledge.models import stable_id

Rows = dict[sa.Table, list[dict[str, Any]]]

TABLES = models.Base.metadata.tables

# What actions and organisations both own: field, record, table.
OWNED: list[tuple[str, type[schema.Record], sa.Table]] = [
    ("places", schema.Place, TABLES["places"]),
    ("contacts", schema.Contact, TABLES["contacts"]),
    ("schedules", schema.Schedule, TABLES["schedules"]),
]


@dataclass(frozen=True)
class Kind:
    """One kind of sheet: its record, its table, the first part of its rows' natural key, and what it owns by which column."""

    record: type[schema.Record]
    table: sa.Table
    key: str
    owner: str = ""
    owned: tuple[sa.Table, ...] = ()

    def row_id(self, slug: str) -> str:
        return stable_id(self.key, slug)


_PARTS = tuple(table for _, _, table in OWNED)
_ACTION_PARTS = (TABLES["audiences"], TABLES["prices"], TABLES["action_themes"], TABLES["action_events"], TABLES["questions"], *_PARTS)
# In this order they are written: what others refer to comes first.
KINDS = {
    "source": Kind(schema.Source, TABLES["sources"], "source"),
    "organisation": Kind(schema.Organisation, TABLES["organisations"], "organisation", "organisation_id", _PARTS),
    "action": Kind(schema.ActionSheet, TABLES["actions"], "action", "action_id", _ACTION_PARTS),
    "help_number": Kind(schema.HelpNumber, TABLES["help_numbers"], "help"),
    "outside_topic": Kind(schema.OutsideTopic, TABLES["outside_topics"], "outside"),
    "broad_need": Kind(schema.BroadNeed, TABLES["broad_needs"], "broad"),
    "orientation": Kind(schema.OrientationQuestion, TABLES["orientation_questions"], "orientation"),
}


@cache
def shared(record: type[schema.Record], table: sa.Table) -> tuple[str, ...]:
    """The names that carry the same value in a record and in its row."""
    return tuple(column.name for column in table.columns if column.name in record.__fields__ and column.name != "id")


def insert(session: Session, files: DirectoryFiles) -> None:
    """Insert every record of ``files`` into empty tables; the caller owns the transaction."""
    rows = _no_rows()
    for source in files.sources:
        _add("source", rows, source)
    for i, file in enumerate(files.organisations):
        _add("organisation", rows, file.organisation, i)
    for i, (organisation, action) in enumerate(files.actions()):
        _add("action", rows, action, i, organisation.id)
    for kind, records in (("help_number", files.help_numbers), ("outside_topic", files.outside)):
        for i, record in enumerate(records):
            _add(kind, rows, record, i)
    for i, broad in enumerate(files.broad_needs):
        _add("broad_need", rows, broad, i)
    for i, question in enumerate(files.orientation):
        _add("orientation", rows, question, i)
    _insert(session, rows)


def write(session: Session, kind: str, record: Any) -> None:
    """Insert one sheet after the others of its kind, or replace it where it stands, with all that it owns."""
    entry, rows = KINDS[kind], _no_rows()
    _add(kind, rows, record, organisation=getattr(record, "organisation", None))
    (own,) = rows.pop(entry.table)
    columns = entry.table.columns
    if "position" in columns:
        own["position"] = _position(session, columns, own["id"])
    if not session.execute(sa.update(entry.table).where(columns.id == own["id"]).values(**own)).rowcount:
        session.execute(sa.insert(entry.table), [own])
    for table in entry.owned:
        session.execute(sa.delete(table).where(table.columns[entry.owner] == own["id"]))
    _insert(session, rows)


def remove(session: Session, kind: str, slug: str) -> None:
    """Delete one sheet; the database deletes what it owns, and refuses while another refers to it."""
    table = KINDS[kind].table
    session.execute(sa.delete(table).where(table.columns.slug == slug))


def exists(session: Session, kind: str, slug: str) -> bool:
    """Is there a sheet of this kind with this id?"""
    columns = KINDS[kind].table.columns
    return session.execute(sa.select(columns.id).where(columns.slug == slug)).first() is not None


def delete_all(session: Session) -> None:
    """Empty the directory's tables, children first."""
    for table in reversed(models.Base.metadata.sorted_tables):
        if table in _directory_tables():
            session.execute(sa.delete(table))


@cache
def _directory_tables() -> frozenset:
    return frozenset(table for kind in KINDS.values() for table in (kind.table, *kind.owned))


def _no_rows() -> Rows:
    return defaultdict(list)


def _insert(session: Session, rows: Rows) -> None:
    order = models.Base.metadata.sorted_tables
    for table in sorted(rows, key=order.index):
        session.execute(sa.insert(table), rows[table])


def _position(session: Session, columns: Any, row_id: str) -> int:
    """Where the row stands; a new one comes last."""
    found = session.execute(sa.select(columns.position).where(columns.id == row_id)).scalar_one_or_none()
    if found is not None:
        return found
    last = session.execute(sa.select(sa.func.max(columns.position))).scalar_one()
    return 0 if last is None else last + 1


def _add(kind: str, rows: Rows, record: Any, position: int = 0, organisation: str | None = None) -> None:
    """Add the rows of one sheet to ``rows``."""
    entry = KINDS[kind]
    columns = entry.table.columns
    row = {"id": entry.row_id(record.id), "slug": record.id} | _values(record, entry.table)
    if "position" in columns:
        row["position"] = position
    if organisation:
        row["organisation_id"] = KINDS["organisation"].row_id(organisation)
    rows[entry.table].append(row)
    if kind == "action":
        _add_action_parts(rows, record, row["id"])
    if kind in ("action", "organisation"):
        for name, _, table in OWNED:
            no_owner = {"action_id": None, "organisation_id": None}
            for i, part in enumerate(getattr(record, name)):
                own = {"id": stable_id(name, row["id"], i), "position": i, entry.owner: row["id"]}
                rows[table].append(no_owner | own | _values(part, table))


def _add_action_parts(rows: Rows, action: schema.Action, action_id: str) -> None:
    own, audiences, prices, events = {"action_id": action_id}, TABLES["audiences"], TABLES["prices"], TABLES["action_events"]
    if action.audience:
        rows[audiences].append(own | _values(action.audience, audiences))
    if action.price:
        rows[prices].append(own | _values(action.price, prices))
    for i, theme in enumerate(action.themes):
        rows[TABLES["action_themes"]].append(own | {"theme": theme, "position": i})
    for i, event in enumerate(action.events):
        rows[events].append(own | {"id": stable_id("event", action_id, i), "position": i} | _values(event, events))
    for i, (voice, text) in enumerate(action.questions.all()):
        said = {"id": stable_id("question", action_id, i), "position": i, "voice": voice, "text": text}
        rows[TABLES["questions"]].append(own | said)


def _values(record: Any, table: sa.Table) -> dict[str, Any]:
    """The columns that a record fills as it is, and the id of its source."""
    kind: type[schema.Record] = type(record)
    values = {name: _plain(getattr(record, name)) for name in shared(kind, table)}
    if "source_id" in table.columns:
        values["source_id"] = KINDS["source"].row_id(record.source)
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list):
        return [item.dict() if isinstance(item, BaseModel) else item for item in value]
    return value
