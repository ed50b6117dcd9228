"""The directory as flat tables: what a sheet of a spreadsheet or a CSV file holds.

Tables and columns follow the records of ``knowledge.schema``, so that a new field is exchanged
without a line here. An action's audience and price are columns of its row (``audience.text``); lists
of records are tables whose rows name their owner.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import SHAPE_LIST, ModelField

from knowledge import schema
from knowledge.files import DirectoryFiles
from knowledge.records import Records

Content = Records | DirectoryFiles
Row = dict[str, Any]
Rows = dict[str, list[Row]]

Kind = Literal["text", "list", "integer", "number", "boolean", "date"]
_KINDS: dict[type, Kind] = {bool: "boolean", int: "integer", float: "number", dt.date: "date"}


@dataclass(frozen=True)
class Column:
    """One column. ``values``: the only ones allowed, when there is such a list; ``refers_to``: the table whose ids it holds."""

    name: str
    kind: Kind = "text"
    required: bool = False
    values: tuple[str, ...] = ()
    refers_to: str | None = None

    @property
    def path(self) -> list[str]:
        """Where the value stands in its record."""
        return self.name.split(".")


@dataclass(frozen=True)
class Table:
    """One table. ``owners``: the columns of which exactly one names whose row it is."""

    name: str
    record: type[BaseModel]
    owners: tuple[str, ...] = ()
    leaves_out: tuple[str, ...] = ()

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        owners = [Column(owner, refers_to=OWNERS[owner], required=len(self.owners) == 1) for owner in self.owners]
        return *owners, *_columns(self.record, self.leaves_out)

    def key(self, row: Row) -> tuple:
        """What a row is matched by: its own id, else whose it is."""
        return (row["id"],) if "id" in self.record.__fields__ else self.owner(row)

    def owner(self, row: Row) -> tuple:
        """(column, id) of the owner."""
        return next(((name, row[name]) for name in self.owners if row.get(name)), ())


class Phrasing(schema.Record):
    """One way to ask for an action, for what is outside, or for a broad need."""

    voice: Literal["resident", "learner", "phonetic", "teen", "agent"] | None
    text: str


OWNERS = {
    "organisation": "organisations",
    "action": "actions",
    "outside": "outside",
    "broad_need": "broad_needs",
    "question": "orientation",
}
_EITHER = ("organisation", "action")

TABLES = {
    table.name: table
    for table in (
        Table("sources", schema.Source),
        Table("organisations", schema.Organisation),
        Table("actions", schema.Action, ("organisation",), ("questions",)),
        Table("places", schema.Place, _EITHER),
        Table("contacts", schema.Contact, _EITHER),
        Table("schedules", schema.Schedule, _EITHER),
        Table("events", schema.Event, ("action",)),
        Table("help_numbers", schema.HelpNumber),
        Table("outside", schema.OutsideTopic, (), ("questions",)),
        Table("broad_needs", schema.BroadNeed, (), ("questions",)),
        Table("orientation", schema.OrientationQuestion, (), ("choices",)),
        Table("choices", schema.Choice, ("question",)),
        Table("phrasings", Phrasing, ("action", "outside", "broad_need")),
    )
}


def _columns(record: type[BaseModel], leaves_out: tuple[str, ...] = (), prefix: str = "", required: bool = True) -> Iterator[Column]:
    for name, field in record.__fields__.items():
        if name in leaves_out or (field.shape == SHAPE_LIST and _is_record(field)):
            continue  # a table of its own
        if _is_record(field):
            yield from _columns(field.type_, (), f"{prefix}{name}.", False)
        else:
            yield _column(prefix + name, field, required)


def _column(name: str, field: ModelField, required: bool) -> Column:
    values = tuple(v.value for v in field.type_) if _is(field.type_, Enum) else get_args(field.type_)
    single: Kind = next((kind for type_, kind in _KINDS.items() if _is(field.type_, type_)), "text")
    kind: Kind = "list" if field.shape == SHAPE_LIST else single
    refers_to = {"source": "sources", "further_sources": "sources", "actions": "actions", "unsure": "actions", "next": "orientation"}
    needed = required and (bool(field.required) or bool(field.field_info.min_items))
    return Column(name, kind, needed, values, refers_to.get(name.split(".")[-1]))


def _is_record(field: ModelField) -> bool:
    return _is(field.type_, BaseModel)


def _is(type_: Any, base: type) -> bool:
    return get_origin(type_) is None and isinstance(type_, type) and issubclass(type_, base)


def rows_of(content: Content) -> Rows:
    """Return the whole directory as rows, in an order that does not depend on the database."""
    rows: Rows = {name: [] for name in TABLES}
    rows["sources"] = [_row("sources", source) for source in sorted(content.sources, key=lambda source: source.id)]
    for file in sorted(content.organisations, key=lambda file: file.organisation.id):
        rows["organisations"].append(_row("organisations", file.organisation))
        _owned(rows, file.organisation, ("places", "contacts", "schedules"), organisation=file.organisation.id)
        for action in file.actions:
            rows["actions"].append(_row("actions", action, organisation=file.organisation.id))
            _owned(rows, action, ("places", "contacts", "schedules", "events"), action=action.id)
            rows["phrasings"] += [_phrasing(text, voice, action=action.id) for voice, text in action.questions.all()]
    rows["help_numbers"] = [_row("help_numbers", number) for number in content.help_numbers]
    for topic in content.outside:
        rows["outside"].append(_row("outside", topic))
        rows["phrasings"] += [_phrasing(text, outside=topic.id) for text in topic.questions]
    for need in content.broad_needs:
        rows["broad_needs"].append(_row("broad_needs", need))
        rows["phrasings"] += [_phrasing(text, broad_need=need.id) for text in need.questions]
    for question in content.orientation:
        rows["orientation"].append(_row("orientation", question))
        _owned(rows, question, ("choices",), question=question.id)
    return rows


def _owned(rows: Rows, owner: Any, names: tuple[str, ...], **named: str) -> None:
    for name in names:
        rows[name] += [_row(name, record, **named) for record in getattr(owner, name)]


def _row(table: str, record: BaseModel, **named: str) -> Row:
    owners = {owner: named.get(owner) for owner in TABLES[table].owners}
    return owners | {column.name: _value(record, column.path) for column in _columns(type(record), TABLES[table].leaves_out)}


def _value(record: Any, path: list[str]) -> Any:
    for name in path:
        record = getattr(record, name) if record is not None else None
    return record.value if isinstance(record, Enum) else record


def _phrasing(text: str, voice: str | None = None, **named: str) -> Row:
    return {owner: named.get(owner) for owner in TABLES["phrasings"].owners} | {"voice": voice, "text": text}
