"""One value as the cell of a spreadsheet, and back. What a spreadsheet may have spoilt is refused, not guessed."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from knowledge.exchange.tables import Column
from knowledge.exchange.words import Words

# Excel and LibreOffice take a text that begins so for a formula, and run it; of "007" and "116 006" they keep a number.
_TAKEN = r"(?:[=+\-@\t\r]|(?:0\d+|\d{1,3}(?: \d{3})+)\Z)"
_QUOTES = re.compile("'*" + _TAKEN)
_QUOTED = re.compile("'+" + _TAKEN)
# What no file of ours can hold: XML forbids it, and PostgreSQL the first of them.
_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_FRENCH_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_INTEGER = re.compile(r"[+-]?\d{1,15}")
_NUMBER = re.compile(r"[+-]?\d{1,15}([.,]\d+)?")


class BadCell(ValueError):
    """A cell that cannot be read; ``code`` and ``context`` name the reason in ``reasons.yml``."""

    def __init__(self, code: str, **context: Any) -> None:
        super().__init__(code)
        self.code, self.context = code, context


@dataclass(frozen=True)
class Spoilt:
    """A cell that holds no value: a formula, or a spreadsheet's error."""

    code: str
    text: str

    def __str__(self) -> str:
        return self.text


def write(column: Column, value: Any, words: Words) -> Any:
    """Return ``value`` as a cell: a number or a date as such, anything else as a text that no spreadsheet runs."""
    if value is None:
        return None
    if column.kind == "boolean":
        return words.label("boolean", "true" if value else "false")
    if column.kind in ("integer", "number", "date"):
        return value
    if column.kind == "list":
        text = "\n".join(_escape(words.label(column.name, item)) for item in value)
    else:
        text = words.label(column.name, value)
    text = text.replace("\r\n", "\n")  # XLSX cannot hold it
    return ("'" + text if _QUOTES.match(text) else text) or None


def read(column: Column, cell: Any, words: Words) -> Any:
    """Return the value of a cell as a spreadsheet program gives it. Raises BadCell."""
    if isinstance(cell, Spoilt):
        raise BadCell(cell.code)
    if isinstance(cell, str):
        if _INVISIBLE.search(cell):
            raise BadCell("control_character")
        cell = cell.replace("\r\n", "\n").strip()
    if cell is None or cell == "":
        return [] if column.kind == "list" else None
    return _READERS[column.kind](column, cell, words)


def _text(column: Column, cell: Any, words: Words) -> Any:
    return words.code(column.name, _unquote(_must_be_text(cell)))


def _list(column: Column, cell: Any, words: Words) -> Any:
    items = [item.strip() for item in _unquote(_must_be_text(cell)).split("\n")]
    return [words.code(column.name, _unescape(item)) for item in items if item]


def _must_be_text(cell: Any) -> str:
    if isinstance(cell, dt.date):
        raise BadCell("date_for_text")
    if not isinstance(cell, str):
        raise BadCell("number_for_text")  # 0254… has lost its zero
    return cell


def _boolean(column: Column, cell: Any, words: Words) -> Any:
    if cell in (0, 1):  # True and False too
        return bool(cell)
    code = words.code("boolean", str(cell).lower())
    if code not in ("true", "false"):
        raise BadCell("not_boolean")
    return code == "true"


def _integer(column: Column, cell: Any, words: Words) -> Any:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, str) and _INTEGER.fullmatch(cell):
        cell = int(cell)
    if not isinstance(cell, int) or isinstance(cell, bool):
        raise BadCell("not_integer")
    return cell


def _number(column: Column, cell: Any, words: Words) -> Any:
    if isinstance(cell, str) and _NUMBER.fullmatch(cell):
        cell = float(cell.replace(",", "."))
    if not isinstance(cell, int | float) or isinstance(cell, bool):
        raise BadCell("not_number")
    return float(cell)


def _date(column: Column, cell: Any, words: Words) -> Any:
    if isinstance(cell, dt.datetime):
        cell = cell.date()
    if isinstance(cell, dt.date):
        return cell
    try:
        if french := _FRENCH_DATE.fullmatch(str(cell)):
            day, month, year = map(int, french.groups())
            return dt.date(year, month, day)
        return dt.date.fromisoformat(cell)
    except (TypeError, ValueError):
        raise BadCell("not_date") from None


_READERS = {"text": _text, "list": _list, "boolean": _boolean, "integer": _integer, "number": _number, "date": _date}


def _unquote(text: str) -> str:
    return text[1:] if _QUOTED.match(text) else text


def _escape(item: str) -> str:
    """An item on one line of its own."""
    return item.replace("\\", "\\\\").replace("\n", "\\n")


def _unescape(item: str) -> str:
    return re.sub(r"\\([\\n])", lambda found: "\n" if found[1] == "n" else "\\", item)
