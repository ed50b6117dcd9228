"""From rows (``knowledge.models``) back to records (``knowledge.schema``): a whole directory, or one sheet.

``insert(session, files)`` (``knowledge.rows``) then ``select_all(session)`` gives back equal records; a
test holds that.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge import models, schema
from knowledge.files import DirectoryFiles
from knowledge.leading import narrowed
from knowledge.rows import KINDS, OWNED, TABLES, shared

# What names actions that may be archived.
LEADING = ("broad_need", "orientation")


@dataclass(frozen=True)
class Records:
    """The whole directory, read back."""

    sources: list[schema.Source]
    organisations: list[schema.OrganisationFile]
    help_numbers: list[schema.HelpNumber]
    outside: list[schema.OutsideTopic]
    broad_needs: list[schema.BroadNeed] = field(default_factory=list)
    orientation: list[schema.OrientationQuestion] = field(default_factory=list)


def select_all(session: Session) -> Records:
    """Read every record: one query a table, then joined here (10,000 actions in a few seconds)."""
    reader = _Reader(session)
    actions = defaultdict(list)
    for row, action in reader.actions():
        actions[row.organisation_id].append(action)
    files = [
        schema.OrganisationFile.construct(organisation=organisation, actions=actions[row.id])
        for row, organisation in reader.organisations()
    ]
    simple = [reader.records(kind) for kind in ("source", "help_number", "outside_topic", "broad_need", "orientation")]
    return Records(simple[0], files, *simple[1:])


def select_leading(session: Session) -> list[tuple[str, Any]]:
    """Read what leads to actions, as (kind, record)."""
    reader = _Reader(session)
    return [(kind, record) for kind in LEADING for record in reader.records(kind)]


def select_sheet(session: Session, kind: str, slug: str) -> Any | None:
    """Read one sheet: a record of ``KINDS[kind]``; None when there is none of this id."""
    reader = _Reader(session, KINDS[kind].row_id(slug))
    if kind == "organisation":
        return next((organisation for _, organisation in reader.organisations()), None)
    if kind != "action":
        return next(iter(reader.records(kind)), None)
    found = next(reader.actions(), None)
    if found is None:
        return None
    row, action = found
    owner = session.execute(sa.select(models.Organisation.slug).where(models.Organisation.id == row.organisation_id)).scalar_one()
    return sheet_of(action, owner)


def sheet_of(action: schema.Action, organisation_id: str) -> schema.ActionSheet:
    """An action as the sheet that is edited."""
    return schema.ActionSheet.construct(organisation=organisation_id, **{name: getattr(action, name) for name in schema.Action.__fields__})


def sheets(directory: Records | DirectoryFiles) -> Iterator[tuple[str, Any]]:
    """Every sheet of a directory, as (kind, record)."""
    for kind, records in (("source", directory.sources), ("help_number", directory.help_numbers), ("outside_topic", directory.outside),
                          ("broad_need", directory.broad_needs), ("orientation", directory.orientation)):  # fmt: skip
        yield from ((kind, record) for record in records)
    for file in directory.organisations:
        yield "organisation", file.organisation
        yield from (("action", sheet_of(action, file.organisation.id)) for action in file.actions)


class _Reader:
    """Reads rows into records; of one sheet only when ``only`` is the id of its row."""

    def __init__(self, session: Session, only: str | None = None) -> None:
        self._session, self._only = session, only
        self._slugs = {row.id: row.slug for row in session.execute(sa.select(models.Source.id, models.Source.slug))}

    def records(self, kind: str) -> list[Any]:
        """Records that own nothing."""
        record, table = KINDS[kind].record, KINDS[kind].table
        found: list[Any] = [record.construct(id=row.slug, **self._values(row, record, table)) for row in self._rows(table, "id")]
        if kind not in LEADING:
            return found
        there = set(self._session.execute(sa.select(models.Action.slug)).scalars())
        return [narrowed(each, there) for each in found]

    def organisations(self) -> Iterator[tuple[Any, schema.Organisation]]:
        owned = self._owned("organisation_id")
        for row in self._rows(TABLES["organisations"], "id"):
            values = self._values(row, schema.Organisation, TABLES["organisations"]) | _of(owned, row.id)
            yield row, schema.Organisation.construct(id=row.slug, **values)

    def actions(self) -> Iterator[tuple[Any, schema.Action]]:
        owned = self._owned("action_id") | {"events": self._by_owner(schema.Event, TABLES["action_events"], "action_id")}
        audiences = self._by_owner(schema.Audience, TABLES["audiences"], "action_id")
        prices = self._by_owner(schema.Price, TABLES["prices"], "action_id")
        themes, questions = defaultdict(list), defaultdict(list)
        for row in self._rows(TABLES["action_themes"], "action_id"):
            themes[row.action_id].append(row.theme)
        for row in self._rows(TABLES["questions"], "action_id"):
            questions[row.action_id].append((row.voice, row.text))
        for row in self._rows(TABLES["actions"], "id"):
            values = self._values(row, schema.Action, TABLES["actions"]) | _of(owned, row.id) | {"status": schema.Status(row.status)}
            values |= {
                "audience": next(iter(audiences[row.id]), None),
                "price": next(iter(prices[row.id]), None),
                "themes": themes[row.id],
                "questions": _questions(questions[row.id]),
            }
            yield row, schema.Action.construct(id=row.slug, **values)

    def _owned(self, owner: str) -> dict[str, dict[str, list]]:
        return {name: self._by_owner(record, table, owner) for name, record, table in OWNED}

    def _by_owner(self, record: type[schema.Record], table: sa.Table, owner: str) -> dict[str, list]:
        found: dict[str, list] = defaultdict(list)
        for row in self._rows(table, owner):
            found[getattr(row, owner)].append(record.construct(**self._values(row, record, table)))
        return found

    def _values(self, row: Any, record: type[schema.Record], table: sa.Table) -> dict[str, Any]:
        values = {name: getattr(row, name) for name in shared(record, table)}
        if "source" in record.__fields__:
            values["source"] = self._slugs[row.source_id]
        if record is schema.OrientationQuestion:
            values["choices"] = [schema.Choice.construct(**choice) for choice in row.choices]
        return values

    def _rows(self, table: sa.Table, key: str) -> Iterable[Any]:
        """The rows of ``table`` in order; those of the one sheet when only one is read, found by the column ``key``."""
        columns = table.columns
        order = next(columns[name] for name in ("position", "slug", "action_id") if name in columns)
        query = sa.select(*columns).order_by(order)
        return self._session.execute(query.where(columns[key] == self._only) if self._only else query).all()


def _of(owned: dict[str, dict[str, list]], owner_id: str) -> dict[str, Any]:
    return {name: by_owner[owner_id] for name, by_owner in owned.items()}


def _questions(pairs: list[tuple[str, str]]) -> schema.Questions:
    by_voice: dict[str, Any] = {voice: [] for voice in schema.Questions.__fields__}
    for voice, text in pairs:
        by_voice[voice].append(text)
    return schema.Questions.construct(**by_voice)


def canonical(files: DirectoryFiles) -> str:
    """One JSON text per content: equal texts mean the same directory."""
    content = {
        "sources": sorted((json.loads(s.json()) for s in files.sources), key=lambda s: s["id"]),
        "organisations": [json.loads(f.json()) for f in files.organisations],
        "help_numbers": [json.loads(n.json()) for n in files.help_numbers],
        "outside": [json.loads(t.json()) for t in files.outside],
        "broad_needs": [json.loads(b.json()) for b in files.broad_needs],
        "orientation": [json.loads(q.json()) for q in files.orientation],
    }
    return json.dumps(content, sort_keys=True, ensure_ascii=False)
