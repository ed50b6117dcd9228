"""From rows (``knowledge.models``) back to records (``knowledge.schema``): a whole directory, or one sheet.

``insert(session, files)`` (``knowledge.rows``) then ``select_all(session)`` gives back equal records; a
test holds that.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge import models, schema
from knowledge.files import DirectoryFiles
from knowledge.leading import led_to, narrowed
from knowledge.rows import KINDS, OWNED, TABLES, shared

# What names actions that may be archived.
LEADING = ("broad_need", "orientation")
_AT_A_TIME = 5000


@dataclass(frozen=True)
class Records:
    """The whole directory, read back."""

    sources: list[schema.Source]
    organisations: list[schema.OrganisationFile]
    help_numbers: list[schema.HelpNumber]
    outside: list[schema.OutsideTopic]
    broad_needs: list[schema.BroadNeed] = field(default_factory=list)
    orientation: list[schema.OrientationQuestion] = field(default_factory=list)


@dataclass(frozen=True)
class Changed:
    """What became of some sheets. ``actions``: each with the organisation that runs it; ``gone``: (kind, id) of what is
    no more; ``others``: the records of a whole kind, by the name of its field in a directory."""

    organisations: list[schema.Organisation]
    actions: list[tuple[schema.Organisation, schema.Action]]
    sources: dict[str, schema.Source]
    gone: frozenset[tuple[str, str]]
    others: dict[str, tuple[Any, ...]]


# Kinds of which there are few: read again as a whole, by the name of their field.
_FEW = {"help_number": "help_numbers", "outside_topic": "outside", "broad_need": "broad_needs", "orientation": "orientation"}


def select_changed(session: Session, sheets: Collection[tuple[str, str]]) -> Changed:
    """Read what became of these sheets, given as (kind, id)."""
    rows = {kind: [KINDS[kind].row_id(slug) for of, slug in sheets if of == kind] for kind in KINDS}
    actions = list(_Reader(session, rows["action"]).actions())
    owners = {row.organisation_id for row, _ in actions}
    organisations = {row.id: one for row, one in _Reader(session, {*rows["organisation"], *owners}).organisations()}
    sources = {source.id: source for source in _Reader(session, rows["source"]).records("source")}
    changed = [organisations[row_id] for row_id in rows["organisation"] if row_id in organisations]
    there = {("action", action.id) for _, action in actions} | {("source", source) for source in sources}
    # An action that is archived or brought back is no more, or again, among those that others lead to.
    few = {kind for kind in _FEW if rows[kind]} | (set(LEADING) if rows["action"] else set())
    return Changed(
        changed,
        [(organisations[row.organisation_id], action) for row, action in actions],
        sources,
        frozenset(sheets) - there,
        {name: tuple(_Reader(session).records(kind)) for kind, name in _FEW.items() if kind in few},
    )


def select_all(session: Session) -> Records:
    """Read every record: one query a table, then joined here."""
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
    reader = _Reader(session, [KINDS[kind].row_id(slug)])
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
    """Reads rows into records; of some sheets only when ``only`` are the ids of their rows.

    A hundred thousand actions are some millions of values: texts that repeat (a town, a sentence, a source) are
    kept once, and so is the set of the names that a kind of record has.
    """

    def __init__(self, session: Session, only: Collection[str] | None = None) -> None:
        self._session, self._only = session, only
        self._texts: dict[str, str] = {}
        self._names: dict[type[schema.Record], set[str]] = {}
        self._slugs = {row.id: row.slug for row in session.execute(sa.select(models.Source.id, models.Source.slug))}

    def records(self, kind: str) -> list[Any]:
        """Records that own nothing."""
        record, table = KINDS[kind].record, KINDS[kind].table
        found: list[Any] = [self._made(record, {"id": row.slug, **self._values(row, record, table)}) for row in self._rows(table, "id")]
        if kind not in LEADING:
            return found
        named = {action_id for each in found for action_id in led_to(each)}
        there = set(self._session.execute(sa.select(models.Action.slug).where(models.Action.slug.in_(named))).scalars())
        return [narrowed(each, there) for each in found]

    def organisations(self) -> Iterator[tuple[Any, schema.Organisation]]:
        owned = self._owned("organisation_id")
        for row in self._rows(TABLES["organisations"], "id"):
            values = self._values(row, schema.Organisation, TABLES["organisations"]) | _of(owned, row.id)
            yield row, self._made(schema.Organisation, {"id": row.slug, **values})

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
            yield row, self._made(schema.Action, {"id": row.slug, **values})

    def _owned(self, owner: str) -> dict[str, dict[str, list]]:
        return {name: self._by_owner(record, table, owner) for name, record, table in OWNED}

    def _by_owner(self, record: type[schema.Record], table: sa.Table, owner: str) -> dict[str, list]:
        found: dict[str, list] = defaultdict(list)
        for row in self._rows(table, owner):
            found[getattr(row, owner)].append(self._made(record, self._values(row, record, table)))
        return found

    def _made(self, record: type[schema.Record], values: dict[str, Any]) -> Any:
        names = self._names.setdefault(record, set(values))
        return record.construct(_fields_set=names, **values)

    def _values(self, row: Any, record: type[schema.Record], table: sa.Table) -> dict[str, Any]:
        values = {name: self._once(getattr(row, name)) for name in shared(record, table)}
        if "source" in record.__fields__:
            values["source"] = self._slugs[row.source_id]
        if record is schema.OrientationQuestion:
            values["choices"] = [schema.Choice.construct(**choice) for choice in row.choices]
        return values

    def _rows(self, table: sa.Table, key: str) -> Iterable[Any]:
        """The rows of ``table`` in order; those of some sheets, found by the column ``key``, when only they are read."""
        columns = table.columns
        order = next(columns[name] for name in ("position", "slug", "action_id") if name in columns)
        query = sa.select(*columns).order_by(order)
        if self._only is not None:
            return self._session.execute(query.where(columns[key].in_(self._only))).all() if self._only else []
        # From the server some thousand at a time: never all rows beside all records.
        return self._session.execute(query.execution_options(stream_results=True, yield_per=_AT_A_TIME))

    def _once(self, value: Any) -> Any:
        return self._texts.setdefault(value, value) if isinstance(value, str) else value


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
