"""From flat tables back to a directory: rows become records, and every refusal names its cell."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from knowledge import schema
from knowledge.exchange.tables import OWNERS, TABLES, Row, Rows, Table
from knowledge.exchange.words import words
from knowledge.files import DirectoryFiles, check_references

_VOICES = list(schema.Questions.__fields__)


@dataclass(frozen=True)
class Rejected:
    """One refused cell, as an agent finds it; ``row`` is None for a line that is not in the file."""

    sheet: str
    row: int | None
    column: str
    value: str
    reason: str


# For each table that is there its rows, with their number in the file (None: kept from the directory).
Sheets = dict[str, list[tuple[int | None, Row]]]


def rejected(table: Table, row: int | None, column: str, value: Any, code: str, context: Mapping[str, Any]) -> Rejected:
    """A refusal in French. ``column`` is a column's name, or empty for the whole row."""
    found = next((c for c in table.columns if c.name == column), None)
    title = words().title(table, found) if found else column
    values = value if isinstance(value, list) else [] if value is None else [value]
    shown = "\n".join(words().label(column, str(item)) for item in values)
    if "permitted" in context:
        context = {**context, "permitted": [words().label(column, item) for item in context["permitted"]]}
    return Rejected(words().sheet(table), row, title, shown, words().reason(code, context))


def build(sheets: Sheets) -> tuple[DirectoryFiles, list[Rejected]]:
    """Return the directory that ``sheets`` hold and the refused cells; only without any may it be written."""
    building = _Building(sheets)
    result = DirectoryFiles()
    documents = [document for document in building.documents() if document.validate(building.refused)]
    for document in documents:
        if isinstance(document.value, schema.OrganisationFile):
            result.organisations.append(document.value)
        else:
            name = document.name
            setattr(result, name, getattr(document.value, name))
    if not building.refused:
        building.refused += check_references(result, documents)
    return result, building.refused


@dataclass
class _Document:
    """Nested values of one record, like a file's, that know the cells they came from."""

    name: str
    model: type[BaseModel]
    content: dict[str, Any]
    cells: dict[int, tuple[Table, int | None, Row]]
    value: Any = field(default=None)

    def validate(self, refused: list[Rejected]) -> bool:
        try:
            self.value = self.model.parse_obj(self.content)
        except ValidationError as error:
            refused += [self.problem(e["loc"], e["msg"], e["type"], e.get("ctx", {})) for e in error.errors()]
        return self.value is not None

    def problem(self, path: tuple, message: str, code: str, context: Mapping[str, Any]) -> Rejected:
        """Say that the value at ``path`` is refused, by the deepest row on the way there."""
        table, number, row = self.cells[id(self.content)]
        inside: list[Any] = []
        here: Any = self.content
        for part in path:
            here = here[part] if isinstance(here, list) or (isinstance(here, dict) and part in here) else None
            inside = [] if id(here) in self.cells else [*inside, part]
            table, number, row = self.cells.get(id(here), (table, number, row))
        if context.get("field"):
            inside.append(context["field"])
        column = _column(table, inside)
        return rejected(table, number, column, row.get(column), code, context)


def _column(table: Table, path: list) -> str:
    """The column where ``path`` ends, which may go on into a list's items; a missing list of rows is its row's matter."""
    names = {column.name for column in table.columns}
    parts = [str(part) for part in path if part != "__root__"]
    candidates = [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
    candidates += [f"{parts[0]}.text"] if parts else []
    return next((name for name in candidates if name in names), "")


class _Building:
    def __init__(self, sheets: Sheets) -> None:
        self.refused: list[Rejected] = []
        self._cells: dict[int, tuple[Table, int | None, Row]] = {}
        self._records: dict[str, list[dict]] = {}
        self._by_id: dict[str, dict[str, dict]] = defaultdict(dict)
        for name, table in TABLES.items():
            self._records[name] = [self._record(table, number, row) for number, row in sheets.get(name, [])]
            if "id" in table.record.__fields__:
                for record in self._records[name]:
                    self._by_id[name].setdefault(record.get("id", ""), record)
        self._join()

    def documents(self) -> Iterator[_Document]:
        models: dict[str, type[BaseModel]] = {
            "sources": schema.SourcesFile,
            "help_numbers": schema.HelpNumbersFile,
            "outside": schema.OutsideFile,
            "broad_needs": schema.BroadNeedsFile,
            "orientation": schema.OrientationFile,
        }
        for name, model in models.items():
            content: dict[str, Any] = {name: self._records[name]}
            self._cells[id(content)] = (TABLES[name], None, {})
            yield _Document(name, model, content, self._cells)
        for organisation in sorted(self._records["organisations"], key=lambda record: str(record.get("id"))):
            actions = organisation.pop("actions", [])
            content = {"organisation": organisation, "actions": actions}
            self._cells[id(content)] = (TABLES["organisations"], None, {})
            yield _Document(words().sheet(TABLES["organisations"]), schema.OrganisationFile, content, self._cells)

    def _record(self, table: Table, number: int | None, row: Row) -> dict:
        """Nest one row; what is empty is left out."""
        record: dict[str, Any] = {}
        self._cells[id(record)] = (table, number, row)
        for column in table.columns:
            value = row.get(column.name)
            if value is None or value == [] or column.name in table.owners:
                continue
            *parents, last = column.path
            inner = record
            for parent in parents:
                inner = inner.setdefault(parent, {})
            inner[last] = value
        return record

    def _join(self) -> None:
        """Put every record into the list of its owner."""
        for name, table in TABLES.items():
            if not table.owners:
                continue
            for record in self._records[name]:
                _, number, row = self._cells[id(record)]
                if owner := self._owner(table, number, row):
                    if name == "phrasings":
                        self._phrasing(owner, record, number, row)
                    else:
                        owner.setdefault(name, []).append(record)

    def _owner(self, table: Table, number: int | None, row: Row) -> dict | None:
        named = [owner for owner in table.owners if row.get(owner)]
        if len(named) != 1:
            column = named[-1] if named else table.owners[0]
            self.refused.append(rejected(table, number, column, row.get(column), "no_owner", {}))
            return None
        [column] = named
        found = self._by_id[OWNERS[column]].get(row[column])
        if found is None:
            self.refused.append(rejected(table, number, column, row[column], "unknown_owner", {"value": row[column]}))
        return found

    def _phrasing(self, owner: dict, record: dict, number: int | None, row: Row) -> None:
        voice, text, table = record.get("voice"), record.get("text"), TABLES["phrasings"]
        if not text:
            self.refused.append(rejected(table, number, "text", None, "value_error.missing", {}))
        elif bool(voice) != bool(row.get("action")):
            self.refused.append(rejected(table, number, "voice", voice, "voice_without_action", {}))
        elif voice and voice not in _VOICES:
            self.refused.append(rejected(table, number, "voice", voice, "value_error.const", {"permitted": _VOICES}))
        elif row.get("action"):
            owner.setdefault("questions", {}).setdefault(voice, []).append(text)
        else:
            owner.setdefault("questions", []).append(text)


def without_numbers(rows: Rows) -> Sheets:
    """Rows of the directory itself, which stand in no file."""
    return {name: [(None, row) for row in found] for name, found in rows.items()}
