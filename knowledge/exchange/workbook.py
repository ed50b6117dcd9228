"""XLSX: one sheet a table, a sheet that explains the columns, lists to choose from where values are fixed."""

import datetime as dt
import io
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation

from knowledge.exchange import cells
from knowledge.exchange.building import Rejected
from knowledge.exchange.incoming import ExchangeRefused, Incoming
from knowledge.exchange.sheets import incoming, lines_of, read_rows
from knowledge.exchange.tables import TABLES, Column, Content, Row, Table, rows_of
from knowledge.exchange.words import words
from knowledge.exchange.zips import open_zip, read_entries

MOST_BYTES = 100_000_000
# Rows that have lists to choose from: those there are, and as many new ones.
_MORE_ROWS = 1000
_FIRST_EXCEL_YEAR, _LONGEST_CELL = 1901, 32_767
_WIDE = 60
_SPOILT = {"f": "formula", "e": "cell_error"}
_FORMATS = {"date": "yyyy-mm-dd", "integer": "0", "number": "General"}


def export(content: Content) -> bytes:
    """Return the directory as a workbook."""
    return _workbook(rows_of(content))


def template() -> bytes:
    """Return the workbook without rows."""
    return _workbook({name: [] for name in TABLES})


def _workbook(rows: dict[str, list[Row]]) -> bytes:
    writer = _Writer()
    writer.explain()
    for name, table in TABLES.items():
        writer.fill(table, rows[name])
    buffer = io.BytesIO()
    writer.workbook.save(buffer)
    return buffer.getvalue()


class _Writer:
    """Writes one workbook. Styles are registered once: openpyxl takes a hundred times longer to do so for each cell."""

    def __init__(self) -> None:
        self.workbook = Workbook(write_only=True)
        self._styles: dict[tuple[str, bool], Any] = {}

    def explain(self) -> None:
        """The first sheet: what goes into each column."""
        notes = words().notes
        sheet = self.workbook.create_sheet(notes["sheet"])
        for letter, width in zip("ABCD", (22, 24, 70, 50), strict=True):
            sheet.column_dimensions[letter].width = width
        for line in notes["intro"].splitlines():
            sheet.append([line])
        sheet.append([])
        sheet.append([self._cell(sheet, notes[name], bold=True) for name in ("table", "column", "meaning", "allowed")])
        for table in TABLES.values():
            sheet.append([self._cell(sheet, words().sheet(table), bold=True), None, self._cell(sheet, words().about(table))])
            for column in table.columns:
                note = words().note(table, column) + (f" ({notes['required']})" if column.required else "")
                allowed = "\n".join(words().label(column.name, value) for value in column.values)
                sheet.append([None, words().title(table, column), self._cell(sheet, note), self._cell(sheet, allowed)])

    def fill(self, table: Table, rows: Sequence[Row]) -> None:
        """One sheet: the head, and ``rows``."""
        sheet = self.workbook.create_sheet(words().sheet(table))
        sheet.freeze_panes = "A2"
        last = len(rows) + 1 + _MORE_ROWS
        formats = [_FORMATS.get(column.kind, "@") for column in table.columns]
        for position, column in enumerate(table.columns, 1):
            letter = get_column_letter(position)
            sheet.column_dimensions[letter].width = min(_WIDE, 12 + 3 * len(words().title(table, column)))
            sheet.column_dimensions[letter].number_format = formats[position - 1]
            if choice := _choice(column):
                choice.add(f"{letter}2:{letter}{last}")
                sheet.data_validations.append(choice)
        head, *lines = lines_of(table, rows)
        sheet.append([self._cell(sheet, title, bold=True) for title in head])
        for line in lines:
            sheet.append([self._cell(sheet, value, format_) for format_, value in zip(formats, line, strict=True)])

    def _cell(self, sheet: Any, value: Any, number_format: str = "@", bold: bool = False) -> Any:
        if isinstance(value, dt.date) and value.year < _FIRST_EXCEL_YEAR:
            value = value.isoformat()
        if isinstance(value, str):
            if len(value) > _LONGEST_CELL:
                raise ExchangeRefused("cell_too_long", sheet=sheet.title, beginning=value[:40])
            value = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)
        cell: Any = WriteOnlyCell(sheet, value)
        if isinstance(value, str):
            cell.data_type = "s"  # never a formula, however it begins
        cell._style = self._style(sheet, number_format, bold)
        return cell

    def _style(self, sheet: Any, number_format: str, bold: bool) -> Any:
        if (number_format, bold) not in self._styles:
            model: Any = WriteOnlyCell(sheet)
            model.number_format = number_format
            model.alignment = Alignment(wrap_text=True, vertical="top")
            model.font = Font(bold=bold)
            self._styles[number_format, bold] = model._style
        return self._styles[number_format, bold]


def _choice(column: Column) -> DataValidation | None:
    """The list to choose from: fixed values, yes and no, or the ids of another sheet."""
    if column.kind == "list":
        return None
    if column.refers_to:
        other = words().sheet(TABLES[column.refers_to])
        ids = get_column_letter([c.name for c in TABLES[column.refers_to].columns].index("id") + 1)
        return DataValidation(type="list", formula1=f"{quote_sheetname(other)}!${ids}$2:${ids}$20000", allow_blank=True)
    values = ("true", "false") if column.kind == "boolean" else column.values
    labels = ",".join(words().label("boolean" if column.kind == "boolean" else column.name, value) for value in values)
    return DataValidation(type="list", formula1=f'"{labels}"', allow_blank=True) if values else None


def read(data: bytes, content: Content, remove_absent: bool = False) -> Incoming:
    """Return what ``content`` becomes with a workbook. Raises ExchangeRefused."""
    with open_zip(data) as archive:
        read_entries(archive, re.compile(r".+"), MOST_BYTES)  # refuses what would unfold without end
    refused: list[Rejected] = []
    try:
        sheets = dict(_read_sheets(data, refused))
    except ExchangeRefused:
        raise
    except Exception:  # openpyxl lets whatever it stumbles over through
        raise ExchangeRefused("xlsx_unreadable") from None
    return incoming(content, sheets, refused, remove_absent)


def _read_sheets(data: bytes, refused: list[Rejected]) -> Iterator[tuple[str, list[tuple[int | None, Row]]]]:
    known = {words().sheet(table).lower(): table for table in TABLES.values()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # parts of a workbook that openpyxl leaves out
        workbook = load_workbook(io.BytesIO(data), read_only=True)
        for sheet in workbook.worksheets:
            table = known.get(sheet.title.strip().lower())
            if table:
                sheet.reset_dimensions()  # the size that the file declares may be wrong
                yield table.name, read_rows(table, _lines(sheet), refused)
            elif sheet.title != words().notes["sheet"]:
                refused.append(Rejected(sheet.title, None, "", "", words().reason("sheet_unknown", {})))


def _lines(sheet: Any) -> Iterator[list[Any]]:
    for line in sheet.iter_rows():
        yield [cells.Spoilt(_SPOILT[cell.data_type], cell.value) if cell.data_type in _SPOILT else cell.value for cell in line]
