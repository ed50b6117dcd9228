"""What differs between two states of a sheet, field by field. Computed when shown, never stored."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any


@dataclass(frozen=True)
class Difference:
    """One field that differs. ``path`` leads to it (``("contacts", 0, "value")``); None: not there."""

    path: tuple
    before: Any
    after: Any


def differences(before: Any, after: Any, path: tuple = ()) -> Iterator[Difference]:
    """Yield what differs, in the order of the fields; items that only moved are said at their old place and their new one."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in {**before, **after}:
            yield from differences(before.get(name), after.get(name), (*path, name))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(before, after, path)
    else:
        yield Difference(path, before, after)


def _of_lists(before: list, after: list, path: tuple) -> Iterator[Difference]:
    """Items are matched by their whole content; those between two matches are compared one by one."""
    old_keys, new_keys = ([json.dumps(item, sort_keys=True) for item in items] for items in (before, after))
    for change, start, end, new_start, new_end in SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_opcodes():
        if change == "equal":
            continue
        for i in range(max(end - start, new_end - new_start)):
            old = before[start + i] if start + i < end else None
            new = after[new_start + i] if new_start + i < new_end else None
            yield from differences(old, new, (*path, new_start + i if new is not None else start + i))
