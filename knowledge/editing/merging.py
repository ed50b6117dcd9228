"""Two people changed one sheet: what each of them wants, field by field, and what becomes of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Disagreement:
    """One field that differs. ``both``: both changed it; else ``mine`` says who did."""

    name: str
    mine_value: Any
    their_value: Any
    both: bool
    mine: bool


def disagreements(base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Disagreement]:
    """Return the fields in which ``mine`` and ``theirs`` differ; ``base`` is what both began with."""
    flat_base, flat_mine, flat_theirs = (dict(_flat(sheet)) for sheet in (base, mine, theirs))
    found = []
    for name in {**flat_theirs, **flat_mine}:
        old, own, other = (flat.get(name) for flat in (flat_base, flat_mine, flat_theirs))
        if _plain(own) != _plain(other):
            mine_changed, theirs_changed = _plain(own) != _plain(old), _plain(other) != _plain(old)
            found.append(Disagreement(name, own, other, mine_changed and theirs_changed, mine_changed))
    return found


def merged(mine: Mapping[str, Any], theirs: Mapping[str, Any], keep_mine: set[str]) -> dict[str, Any]:
    """Return ``theirs`` with the fields of ``mine`` that are named (``"title"``, ``"audience.text"``)."""
    result: dict[str, Any] = {name: dict(value) if isinstance(value, Mapping) else value for name, value in theirs.items()}
    own = dict(_flat(mine))
    for name in keep_mine & own.keys():
        outer, _, inner = name.partition(".")
        if inner:
            result[outer] = {**(result.get(outer) or {}), inner: own[name]}
        else:
            result[outer] = own[name]
    return {name: None if isinstance(value, dict) and not any(value.values()) else value for name, value in result.items()}


def _flat(sheet: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Fields by name; those of a part (an audience, a price, phrasings) by name and part."""
    for name, value in sheet.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", item) for inner, item in value.items())
        elif value is not None:
            yield name, value


def _plain(value: Any) -> Any:
    """A value to compare: a form says "18" where the sheet says 18, and nothing where the sheet has an empty one."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items() if item not in (None, "", [])}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return "" if value in (None, "", [], False) else str(value)
