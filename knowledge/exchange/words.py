"""The French words of the exchange formats: sheets, columns, values and reasons, from ``words.yml``."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from knowledge.exchange.tables import Column, Table


class Words:
    """Looks words up; a code without a word stands for itself."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._tables, self._columns = content["tables"], content["columns"]
        self._reasons, self._labels = content["reasons"], content["values"]
        self._refusals, self._told = content["refusals"], content["told"]
        self._codes = {
            column: {text.lower(): code for code, texts in labels.items() for text in _listed(texts)}
            for column, labels in self._labels.items()
        }
        self.notes: dict[str, str] = content["notes"]
        self.inclusion: dict[str, Any] = content["inclusion"]
        self.hsds: dict[str, Any] = content["hsds"]

    def sheet(self, table: Table) -> str:
        """A table's name as the tab of a workbook."""
        return self._tables[table.name]["sheet"]

    def about(self, table: Table) -> str:
        """What a table holds, in a sentence."""
        return self._tables[table.name]["note"]

    def title(self, table: Table, column: Column) -> str:
        """A column's head."""
        return self._column(table, column)["title"]

    def note(self, table: Table, column: Column) -> str:
        """What goes into a column."""
        return self._column(table, column)["note"]

    def _column(self, table: Table, column: Column) -> dict[str, str]:
        own = self._tables[table.name].get("columns", {})
        return own.get(column.name) or self._columns[column.name]

    def label(self, column: str, code: str) -> str:
        """The word for a code of ``column``."""
        return _listed(self._labels.get(column, {}).get(code, code))[0]

    def code(self, column: str, text: str) -> str:
        """The code for a word of ``column``."""
        return self._codes.get(column, {}).get(text.lower(), text)

    def reason(self, code: str, context: Mapping[str, Any]) -> str:
        """Why a value is refused. ``code`` is pydantic's type of error, or our own."""
        code = context.get("reason", code)
        text = self._reasons.get(code) or self._reasons.get(code.split(".")[0]) or self._reasons["other"]
        values = {name: ", ".join(map(str, value)) if isinstance(value, tuple | list) else value for name, value in context.items()}
        return text.format(**values)

    def refusal(self, code: str, context: Mapping[str, Any]) -> str:
        """Why a whole file is refused."""
        return self._refusals[code].format(**context)

    def told(self, code: str, context: Mapping[str, Any]) -> str:
        """What an import tells without changing it."""
        return self._told[code].format(**context)


def _listed(texts: str | list[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else texts


@cache
def words() -> Words:
    """The words, read once."""
    return Words(yaml.safe_load((Path(__file__).parent / "words.yml").read_text(encoding="utf-8")))
