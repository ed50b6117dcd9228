"""What would change: two directories compared row by row. One way for every format."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from knowledge.exchange.tables import TABLES, Content, Row, Table, rows_of

Kind = Literal["added", "changed", "removed", "moved"]
_MOST_PAIRS = 10_000
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class FieldChange:
    """One value of a row, before and after."""

    column: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """One row that would differ. ``key`` is its id, or that of whom it belongs to."""

    table: str
    key: str
    kind: Kind
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Every change, in the order of the tables, and how many rows stay as they are."""

    changes: tuple[Change, ...]
    unchanged: int

    def count(self, kind: Kind) -> int:
        """How many rows are added, changed, removed or moved."""
        return sum(change.kind == kind for change in self.changes)


def compare(before: Content, after: Content) -> Comparison:
    """Return what turns ``before`` into ``after``."""
    old, new = rows_of(before), rows_of(after)
    changes: list[Change] = []
    unchanged = 0
    for name, table in TABLES.items():
        groups_before, groups_after = _groups(table, old[name]), _groups(table, new[name])
        for key in dict.fromkeys([*groups_before, *groups_after]):
            found, same = _compare(table, key, groups_before.get(key, []), groups_after.get(key, []))
            changes += found
            unchanged += same
        if "id" in table.record.__fields__ and _order(table, old[name], new[name]) != _order(table, new[name], old[name]):
            changes.append(Change(name, "", "moved"))
    return Comparison(tuple(changes), unchanged)


def _groups(table: Table, rows: list[Row]) -> dict[tuple, list[Row]]:
    groups: dict[tuple, list[Row]] = defaultdict(list)
    for row in rows:
        groups[table.key(row)].append(row)
    return groups


def _order(table: Table, rows: list[Row], others: list[Row]) -> list[tuple]:
    """The keys that both have, in the order of ``rows``."""
    both = {table.key(row) for row in others}
    return [key for row in rows if (key := table.key(row)) in both]


def _compare(table: Table, key: tuple, before: list[Row], after: list[Row]) -> tuple[list[Change], int]:
    """Rows of one owner: equal ones are set aside; of the others those that are most alike are one row that changed."""
    name = str(key[-1])
    kept = Counter(map(_frozen, before)) & Counter(map(_frozen, after))
    gone, new = list(_without(before, kept)), list(_without(after, kept))
    pairs = _alike(table, gone, new)
    changes = [Change(table.name, name, "changed", _fields(table, gone[i], new[j])) for i, j in sorted(pairs.items())]
    changes += [Change(table.name, name, "removed", _fields(table, row, {})) for i, row in enumerate(gone) if i not in pairs]
    changes += [Change(table.name, name, "added", _fields(table, {}, row)) for j, row in enumerate(new) if j not in pairs.values()]
    if not changes and before != after:
        changes.append(Change(table.name, name, "moved"))
    return changes, kept.total()


def _alike(table: Table, before: list[Row], after: list[Row]) -> dict[int, int]:
    """Pair the rows that share the most values; all of them in order where there are too many to look at each pair."""
    if "id" in table.record.__fields__ or len(before) * len(after) > _MOST_PAIRS:
        return dict(zip(range(len(before)), range(len(after)), strict=False))
    names = [column.name for column in table.columns if column.name not in (*table.owners, "source")]
    shared = {
        (i, j): sum(old[name] == new[name] and old[name] not in (None, []) for name in names)
        for i, old in enumerate(before)
        for j, new in enumerate(after)
    }
    pairs: dict[int, int] = {}
    for i, j in sorted(shared, key=lambda pair: (-shared[pair], pair)):
        if shared[i, j] and i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def _frozen(row: Row) -> tuple:
    return tuple(tuple(value) if isinstance(value, list) else value for value in row.values())


def _without(rows: list[Row], taken: Counter) -> Iterator[Row]:
    left = Counter(taken)
    for row in rows:
        frozen = _frozen(row)
        if left[frozen]:
            left[frozen] -= 1
        else:
            yield row


def _fields(table: Table, before: Row, after: Row) -> tuple[FieldChange, ...]:
    pairs = [(column.name, _known(before.get(column.name)), _known(after.get(column.name))) for column in table.columns]
    return tuple(FieldChange(name, old, new) for name, old, new in pairs if old != new)


def _known(value: Any) -> Any:
    return None if value == [] else value
