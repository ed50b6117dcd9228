"""Putting changed entries into a large directory without looking into those that did not change."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel

if TYPE_CHECKING:
    from knowledge.directory import Entry


def is_same(one: object, other: object) -> bool:
    """True when two records, or parts of them, say the same: as ``==``, which makes dictionaries of all of both."""
    if isinstance(one, BaseModel):
        return type(one) is type(other) and all(is_same(value, other.__dict__.get(name)) for name, value in one.__dict__.items())
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(is_same, one, other))
    return one == other


def shared(entries: Iterable["Entry"], older: dict[str, "Entry"]) -> tuple["Entry", ...]:
    """The entries, as the very ones of ``older`` where they say the same: what is made of those holds on."""
    organisations: dict[str, bool] = {}

    def kept(entry: "Entry") -> "Entry":
        known = older.get(entry.id)
        if known is None or known.organisation.id != entry.organisation.id or not is_same(known.action, entry.action):
            return entry
        own = entry.organisation.id
        if own not in organisations:
            organisations[own] = is_same(known.organisation, entry.organisation)
        return known if organisations[own] else entry

    return tuple(map(kept, entries))


def places(entries: Sequence["Entry"]) -> dict[int, int]:
    """Where each of these very entries stands, by its identity: of a hundred thousand in some milliseconds."""
    return dict(zip(map(id, entries), range(len(entries)), strict=True))


def replaced(entries: Sequence["Entry"], by: dict[int, "Entry | None"]) -> list["Entry"]:
    """The entries, with another or none in place of those that are replaced, known by their identity."""
    found = [by.get(id(entry), entry) for entry in entries]
    return [entry for entry in found if entry is not None]


def with_new(entries: list["Entry"], new: Iterable["Entry"]) -> tuple["Entry", ...]:
    """The entries with new ones: each after the others of its organisation; organisations follow each other by their ids."""
    last = {entry.organisation.id: i for i, entry in enumerate(entries)}
    placed: list[tuple[int, str, Entry]] = []
    for entry in new:
        own = entry.organisation.id
        after = last[own] if own in last else max((i for slug, i in last.items() if slug < own), default=-1)
        placed.append((after, "" if own in last else own, entry))
    found, done = list["Entry"](), 0
    for after, _, entry in sorted(placed, key=lambda one: one[:2]):
        found += [*entries[done : after + 1], entry]
        done = after + 1
    return (*found, *entries[done:])


def patched(known: dict[str, "Entry"], gone: Iterable[str], come: dict[str, "Entry"]) -> dict[str, "Entry"]:
    """A dictionary of entries without those that are gone, and with those that have come."""
    found = dict(known)
    for key in gone:
        del found[key]
    return found | come
