"""CSV: one table a file, all of them in a zip. UTF-8 with a mark and semicolons, as French spreadsheets read it."""

import csv
import io
import re
from collections.abc import Sequence

from knowledge.exchange.building import Rejected
from knowledge.exchange.incoming import ExchangeRefused, Incoming
from knowledge.exchange.sheets import incoming, lines_of, names_of, read_rows
from knowledge.exchange.tables import TABLES, Content, Row, Table, rows_of
from knowledge.exchange.zips import open_zip, read_entries, write_zip

MOST_BYTES = 200_000_000
_NAME = re.compile(rf"({'|'.join(TABLES)})\.csv")


def export(content: Content) -> bytes:
    """Return a zip with one CSV file a table."""
    return write_zip({f"{name}.csv": _write(TABLES[name], rows) for name, rows in rows_of(content).items()})


def export_table(content: Content, name: str) -> bytes:
    """Return one table as a CSV file."""
    return _write(TABLES[name], rows_of(content)[name])


def template() -> bytes:
    """Return the zip with heads only."""
    return write_zip({f"{name}.csv": _write(table, []) for name, table in TABLES.items()})


def _write(table: Table, rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(lines_of(table, rows))
    return text.getvalue().encode("utf-8-sig")


def read(data: bytes, content: Content, remove_absent: bool = False) -> Incoming:
    """Return what ``content`` becomes with a CSV file, or a zip of them. Raises ExchangeRefused."""
    refused: list[Rejected] = []
    if data.startswith(b"PK"):
        with open_zip(data) as archive:
            files = read_entries(archive, _NAME, MOST_BYTES)
        tables = {name.removesuffix(".csv"): _lines(file) for name, file in files.items()}
    else:
        lines = _lines(data)
        tables = {_table_with(lines[0] if lines else []): lines}
    sheets = {name: read_rows(TABLES[name], lines, refused) for name, lines in tables.items()}
    return incoming(content, sheets, refused, remove_absent)


def _lines(data: bytes) -> list[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ExchangeRefused("csv_encoding") from None
    head = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") >= head.count(",") else ",", strict=True)
    try:
        return list(reader)
    except csv.Error:
        raise ExchangeRefused("csv_broken", line=reader.line_num) from None


def _table_with(head: Sequence[str]) -> str:
    """The table that has most of these columns."""
    titles = {title.strip().lower() for title in head}
    matching = {name: len(titles & set(names_of(table))) / len(table.columns) for name, table in TABLES.items()}
    best = max(matching, key=matching.__getitem__)
    if matching[best] < 0.5:
        raise ExchangeRefused("csv_unknown_table")
    return best
