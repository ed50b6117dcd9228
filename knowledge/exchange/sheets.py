"""What CSV and XLSX have in common: lines of cells become rows, and rows join the directory that is there."""

from collections.abc import Iterable, Sequence
from typing import Any

from knowledge.exchange import cells
from knowledge.exchange.building import Rejected, Sheets, build, rejected, without_numbers
from knowledge.exchange.incoming import ExchangeRefused, Incoming
from knowledge.exchange.tables import OWNERS, TABLES, Column, Content, Row, Table, rows_of
from knowledge.exchange.words import words

MOST_ROWS = 1_000_000


def lines_of(table: Table, rows: Iterable[Row]) -> Iterable[list[Any]]:
    """The head, then the cells of every row."""
    columns = table.columns
    yield [words().title(table, column) for column in columns]
    for row in rows:
        yield [cells.write(column, row[column.name], words()) for column in columns]


def incoming(content: Content, sheets: Sheets, refused: list[Rejected], remove_absent: bool) -> Incoming:
    """Return the directory that ``content`` becomes with ``sheets``. Raises ExchangeRefused with every refused cell.

    Tables that are not in ``sheets`` stay. Of those that are, rows take the place of the row with their
    id, or of all rows of their owner; others stay too, unless ``remove_absent``.
    """
    if not sheets and not refused:
        raise ExchangeRefused("no_sheet")
    files, found = build(_join(content, sheets, remove_absent))
    told = {(cell.sheet, cell.row, cell.column) for cell in refused}
    refused = refused + [cell for cell in found if (cell.sheet, cell.row, cell.column) not in told]
    if refused:
        raise ExchangeRefused("rows_refused", refused, count=len(refused))
    return Incoming(files)


def _join(content: Content, sheets: Sheets, remove_absent: bool) -> Sheets:
    joined = without_numbers(rows_of(content))
    for name, rows in sheets.items():
        joined[name] = rows if remove_absent else _merged(TABLES[name], joined[name], rows)
    for name, table in TABLES.items():
        if table.owners:  # what belonged to a row that is gone goes with it
            joined[name] = [(number, row) for number, row in joined[name] if number or _has_owner(table, row, joined)]
    return joined


def _merged(table: Table, old: list[tuple[int | None, Row]], new: list[tuple[int | None, Row]]) -> list[tuple[int | None, Row]]:
    by_key: dict[tuple, list[tuple[int | None, Row]]] = {}
    for number, row in new:
        by_key.setdefault(table.key(row), []).append((number, row))
    merged: list[tuple[int | None, Row]] = []
    for number, row in old:
        key = table.key(row)
        if key not in by_key:
            merged.append((number, row))
        else:
            merged += by_key[key]
            by_key[key] = []
    return merged + [entry for entries in by_key.values() for entry in entries]


def _has_owner(table: Table, row: Row, joined: Sheets) -> bool:
    column, owner = table.owner(row)
    return owner in {other["id"] for _, other in joined[OWNERS[column]]}


def read_rows(table: Table, lines: Iterable[Sequence[Any]], refused: list[Rejected]) -> list[tuple[int | None, Row]]:
    """Return the rows of ``lines``, the first of which is the head, with their numbers; refused cells are added to ``refused``."""
    numbered = enumerate(lines, 1)
    columns = _columns(table, next(numbered, (1, []))[1], refused)
    rows: list[tuple[int | None, Row]] = []
    if columns is None:
        return rows
    for number, line in numbered:
        if number > MOST_ROWS:
            raise ExchangeRefused("too_many_rows", most=MOST_ROWS)
        if all(cell is None or cell == "" for cell in line):
            continue
        rows.append((number, {c.name: _read(table, number, c, cell, refused) for c, cell in zip(columns, line, strict=False)}))
        if any(cell not in (None, "") for cell in line[len(columns) :]):
            refused.append(rejected(table, number, "", None, "extra_cell", {}))
    return rows


def _read(table: Table, number: int, column: Column, cell: Any, refused: list[Rejected]) -> Any:
    try:
        return cells.read(column, cell, words())
    except cells.BadCell as bad:
        refused.append(rejected(table, number, column.name, cell, bad.code, bad.context))
        return None


def _columns(table: Table, head: Sequence[Any], refused: list[Rejected]) -> list[Column] | None:
    """The columns in the order of the file; None when one is unknown, missing or there twice."""
    known = names_of(table)
    titles = [str(cell or "").strip() for cell in head]
    while titles and not titles[-1]:
        titles.pop()
    problems = [("column_unknown", title) for title in titles if title.lower() not in known]
    found = [known[title.lower()] for title in titles if title.lower() in known]
    problems += [("column_twice", words().title(table, column)) for column in dict.fromkeys(found) if found.count(column) > 1]
    problems += [("column_missing", words().title(table, column)) for column in table.columns if column not in found]
    refused += [rejected(table, 1, title, None, code, {"value": title}) for code, title in problems]
    return None if problems else found


def names_of(table: Table) -> dict[str, Column]:
    """Every column by what its head may be: its French title, or its name."""
    by_name = {column.name.lower(): column for column in table.columns}
    return by_name | {words().title(table, column).lower(): column for column in table.columns}
