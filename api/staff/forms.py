"""The form of a sheet, made from its record: what to show in each field, and what was typed.

Fields follow ``knowledge.schema`` by way of the exchanged tables (``knowledge.exchange.tables``), so that
a new field of the directory needs one line in ``web/sheets.yml`` to be edited. What is typed stays as it
was typed until the record accepts it: a refused form loses nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from starlette.datastructures import FormData

from knowledge import schema
from knowledge.editing.checks import FieldProblem
from knowledge.exchange.common import national
from knowledge.exchange.tables import TABLES, Column
from knowledge.exchange.words import words
from knowledge.rows import KINDS

_TABLE = {
    "action": "actions", "organisation": "organisations", "source": "sources", "help_number": "help_numbers", "outside_topic": "outside",
}  # fmt: skip
_LONG = {"summary", "description", "text", "level_text", "for_whom", "how", "conditions", "referral", "next_edition", "status_text"}
_WIDGETS = {"integer": "number", "number": "number", "date": "date", "boolean": "flag"}

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Input:
    """One field: ``name`` in the form, the ``widget`` that shows it, what it holds, what is wrong with it."""

    name: str
    widget: str
    title: str
    note: str | None
    value: Any
    required: bool
    choices: Choices = ()
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Item:
    """One contact, place… of a group."""

    name: str
    inputs: list[Input]
    problems: list[str]
    focus: bool


@dataclass(frozen=True)
class Group:
    """A repeated part of the form."""

    name: str
    one: str
    add: str
    items: list[Item]


@dataclass(frozen=True)
class Section:
    """What stands under one heading."""

    id: str
    title: str
    inputs: list[Input]
    groups: list[Group]


@cache
def layout() -> dict[str, Any]:
    """``web/sheets.yml``, read once."""
    return yaml.safe_load((Path(__file__).parents[1] / "web/sheets.yml").read_text(encoding="utf-8"))


@cache
def columns(kind: str) -> dict[str, Column]:
    """The single fields of a kind of sheet, or of the items of a group, by name."""
    found = {column.name: column for column in TABLES[_TABLE.get(kind, kind)].columns if column.name not in ("id", "action")}
    if kind not in ("action", "organisation") and kind in TABLES:
        found.pop("organisation", None)
    if kind == "action":
        found |= {f"questions.{voice}": Column(f"questions.{voice}", "list") for voice in schema.Questions.__fields__}
    if kind == "outside_topic":
        found["questions"] = Column("questions", "list", required=True)
    return found


def groups_of(kind: str) -> list[str]:
    """The repeated parts of a kind of sheet."""
    return [name for section in layout()["sections"][kind] for name in section.get("groups", ())]


def new(kind: str) -> dict[str, Any]:
    """The content of a new sheet: what its record is without being told."""
    defaults = {name: field.default for name, field in KINDS[kind].record.__fields__.items() if isinstance(field.default, str | bool)}
    return {name: value.value if isinstance(value, Enum) else value for name, value in defaults.items()}


def read(kind: str, form: FormData, prefix: str = "") -> dict[str, Any]:
    """Return what was typed, as the content of a sheet; items of groups that are all empty are left out."""
    content: dict[str, Any] = {}
    for column in columns(kind).values():
        outer, _, inner = column.name.partition(".")
        value = _typed(column, form, prefix + column.name)
        if inner:
            content.setdefault(outer, {})[inner] = value
        else:
            content[outer] = value
    for name in ("audience", "price"):
        if name in content and not any(content[name].values()):
            content[name] = None
    for name in groups_of(kind) if kind in layout()["sections"] else ():
        items = (read(name, form, f"{name}.{i}.") for i in _indices(form, name))
        content[name] = [item for item in items if any(value for key, value in item.items() if key != "public")]
    if content.get("kind") == "phone" and content.get("value"):
        content["value"] = national(content["value"])
    return content


def _typed(column: Column, form: FormData, name: str) -> Any:
    given = [value.strip() for value in form.getlist(name) if isinstance(value, str)]
    if column.kind == "boolean":
        return bool(given)
    if column.kind == "list":
        return [line.strip() for value in given for line in value.splitlines() if line.strip()]
    text = given[0].replace("\r\n", "\n") if given else ""
    if column.kind == "number":
        text = text.replace(",", ".")
    if column.name == "published":
        text = iso_day(text)
    return text or None


def iso_day(text: str) -> str:
    """« 28/11/2026 » as « 2026-11-28 »; anything else stays as it is."""
    day = re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", text)
    return f"{day[3]}-{day[2]:0>2}-{day[1]:0>2}" if day else text


def _indices(form: FormData, group: str) -> list[int]:
    pattern = re.compile(rf"{group}\.(\d{{1,4}})\.")
    return sorted({int(match[1]) for name in form if (match := pattern.match(name))})


def sections(
    kind: str, content: Mapping[str, Any], problems: Iterable[FieldProblem], refers: Mapping[str, Choices], focus: str = ""
) -> list[Section]:
    """Return the form of ``content``. ``refers``: what may be chosen of other tables; ``focus``: the group whose last item is new."""
    shown = list(problems)
    return [
        Section(
            part["id"],
            part["title"],
            [_input(columns(kind)[name], name, _value(content, name), shown, refers) for name in part.get("fields", ())],
            [_group(name, content.get(name) or [], shown, refers, focus == name) for name in part.get("groups", ())],
        )
        for part in layout()["sections"][kind]
    ]


def source_inputs(content: Mapping[str, Any], problems: Iterable[FieldProblem]) -> list[Input]:
    """The fields of the new source that a change rests on."""
    shown = list(problems)
    names = ("kind", "told_by", "published", "title", "url")
    return [_input(columns("source")[name], f"new.{name}", content.get(name), shown, {}, required=False) for name in names]


def _group(name: str, items: Sequence[Mapping[str, Any]], problems: list[FieldProblem], refers: Mapping, focus: bool) -> Group:
    said = layout()["groups"][name]
    return Group(
        name,
        said["one"],
        said["add"],
        [
            Item(
                f"{name}.{i}",
                [_input(column, f"{name}.{i}.{part}", _value(item, part), problems, refers) for part, column in columns(name).items()],
                [reason(problem) for problem in problems if problem.path == (name, i)],
                focus and i == len(items) - 1,
            )
            for i, item in enumerate(items)
        ],
    )


def _input(
    column: Column, name: str, value: Any, problems: list[FieldProblem], refers: Mapping[str, Choices], required: bool | None = None
) -> Input:
    path = tuple(int(part) if part.isdigit() else part for part in name.split("."))
    wrong = [reason(problem) for problem in problems if problem.path[: len(path)] == path]
    widget, choices = _widget(column, refers)
    if widget == "choices":  # their order counts: the first theme sorts
        choices = sorted(choices, key=lambda choice: value.index(choice[0]) if choice[0] in (value or ()) else len(value or ()))
    if widget == "flag" and value is None:
        value = column.name == "public"
    table = name.partition(".")[0] if len(path) > 2 else None
    own = layout()["notes"].get(column.name)
    note = own or (None if widget in ("choice", "choices", "flag", "date") else _word("note", column, table))
    return Input(name, widget, title(column.name, table), note, value, column.required if required is None else required, choices, wrong)


def _widget(column: Column, refers: Mapping[str, Choices]) -> tuple[str, Choices]:
    if column.refers_to:
        return ("choices" if column.kind == "list" else "choice"), refers.get(column.refers_to, ())
    if column.values:
        return ("choices" if column.kind == "list" else "choice"), [(code, label(column.name, code)) for code in column.values]
    if column.kind == "list":
        return "lines", ()
    if column.kind == "text" and column.name.split(".")[-1] in _LONG:
        return "long", ()
    return _WIDGETS.get(column.kind, "text"), ()


def label(name: str, code: str) -> str:
    """The French word for a code of the field ``name``."""
    return layout()["values"].get(name, {}).get(code) or words().label(name, code)


def title(name: str, table: str | None = None) -> str:
    """The French name of a field, of a group's item when ``table`` is the group."""
    own = layout()["titles"].get(name)
    return own or _word("title", Column(name), table) or name


def _word(what: str, column: Column, table: str | None) -> str | None:
    """The exchanged tables' title of a column, or their note."""
    for named in (table, *_TABLE.values()):
        if named and (named == table or column.name in {found.name for found in TABLES[named].columns}):
            return getattr(words(), what)(TABLES[named], column)
    return None


def named(path: Sequence[Any]) -> str:
    """The French name of a field by its path: « Contacts 1, Valeur »."""
    if path and path[0] == "new" and len(path) > 1:
        return f"{title('new')}, {title(str(path[1]), 'sources')}"
    parts, names = [], [part for part in path if isinstance(part, str)]
    if path and path[0] in layout()["groups"]:
        number = f" {path[1] + 1}" if len(path) > 1 else ""
        parts.append(title(path[0]) + number)
        parts += [title(name, path[0]) for name in names[1:]]
    elif names:
        parts.append(title(".".join(names)))
    return ", ".join(parts)


def reason(problem: FieldProblem) -> str:
    """Why a field is refused, in French."""
    return layout()["reasons"].get(problem.code) or words().reason(problem.code, problem.context)


def _value(content: Mapping[str, Any], name: str) -> Any:
    value: Any = content
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def field_ids(kind: str) -> Iterator[str]:
    """Every field that the form of ``kind`` shows, groups by name: held against the schema by a test."""
    for part in layout()["sections"][kind]:
        yield from (*part.get("fields", ()), *part.get("groups", ()))


def shown(name: str, value: Any) -> list[str]:
    """Any value of a sheet as lines to read, codes in words; nothing when it is empty."""
    if isinstance(value, Mapping):
        return [f"{title(part)} : {line}" for part, item in value.items() for line in shown(part, item)]
    if isinstance(value, list):
        return [" ; ".join(shown(name, item)) for item in value]
    if value in (None, ""):
        return []
    if isinstance(value, bool):
        value = "true" if value else "false"
        return [words().label("boolean", value)]
    return [label(name, str(value))]
