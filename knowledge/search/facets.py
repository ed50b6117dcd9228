"""The structured facts of many services as columns: what ``Filters`` leave is found without looking at each one.

``Filters.accepts`` stays the meaning; a test holds the two together.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import get_args

import numpy as np

from knowledge.directory import Directory, Entry
from knowledge.patching import places
from knowledge.schema import Public, Quarter, Status, Theme
from knowledge.search.filters import NORTH, Filters, is_open_on, is_open_then

_THEMES, _PUBLICS, _QUARTERS = ({code: 1 << i for i, code in enumerate(get_args(codes))} for codes in (Theme, Public, Quarter))
_FOR_ALL = _PUBLICS["tous-publics"]
# Stands for « wherever they live », beside every quarter.
_EVERYWHERE = 1 << 30
_FROM, _TO = 0, 999
_STATUS = {status.value: i for i, status in enumerate(Status)}
_LAST_CONDITIONS = 4
_COLUMNS = ("themes", "publics", "quarters", "youngest", "oldest", "gender", "free", "hours", "status")


class Facets:
    """Columns over ``entries``, in their order; never changes."""

    themes: np.ndarray
    publics: np.ndarray
    quarters: np.ndarray
    youngest: np.ndarray
    oldest: np.ndarray
    gender: np.ndarray
    free: np.ndarray
    hours: np.ndarray
    status: np.ndarray
    _facts: np.ndarray

    def __init__(self, entries: Sequence[Entry], older: "Facets | None" = None) -> None:
        """``older``: columns of before, from which what did not change is taken."""
        self._entries = entries
        self._facts = np.zeros((len(entries), len(_COLUMNS)), dtype=np.int32)
        new: Iterable[int] = range(len(entries))
        if older:
            known = places(older._entries)
            row = np.array([known.get(id(entry), -1) for entry in entries], dtype=np.int64)
            self._facts[row >= 0] = older._facts[row[row >= 0]]
            new = np.flatnonzero(row < 0).tolist()
        for i in new:
            self._facts[i] = _facts(entries[i])
        for name, column in zip(_COLUMNS, self._facts.T, strict=True):
            setattr(self, name, np.ascontiguousarray(column))
        # A person looks at page after page, and letter after letter, under the same conditions.
        self._last: dict[Filters, np.ndarray] = {}

    def positions(self, filters: Filters) -> np.ndarray:
        """Return where the entries stand that ``filters`` accept, in order."""
        if filters.open_at:  # hours are told by the minute
            filters = dataclasses.replace(filters, open_at=filters.open_at.replace(second=0, microsecond=0))
        found = self._last.get(filters)
        if found is None:
            if len(self._last) >= _LAST_CONDITIONS:
                self._last.clear()
            found = self._last[filters] = self._find(filters)
        return found

    def _find(self, filters: Filters) -> np.ndarray:
        left = np.ones(len(self._entries), dtype=bool)
        if filters.theme:
            left &= (self.themes & _THEMES.get(filters.theme, 0)) != 0
        if filters.public:
            left &= (self.publics & (_PUBLICS.get(filters.public, 0) | _FOR_ALL)) != 0
        if filters.quarter:
            near = NORTH if filters.quarter in NORTH else {filters.quarter}
            left &= (self.quarters & (_bits(_QUARTERS, near) | _EVERYWHERE)) != 0
        if filters.age is not None:
            left &= (self.youngest <= filters.age) & (filters.age <= self.oldest)
        if filters.gender:
            left &= (self.gender == 0) | (self.gender == _GENDER.get(filters.gender, -1))
        if filters.status:
            left &= self.status == _STATUS.get(filters.status, -1)
        if filters.organisation:
            left &= np.array([entry.organisation.id == filters.organisation for entry in self._entries])
        if filters.free:
            left &= self.free != 0
        if filters.open_at:
            left = self._where(left, partial(is_open_then, at=filters.open_at))
        if filters.day:
            left = self._where(left, partial(is_open_on, day=filters.day))
        return np.flatnonzero(left)

    def _where(self, left: np.ndarray, is_open: Callable[[Entry], bool]) -> np.ndarray:
        """Those with hours that are open; the same hours are computed once."""
        known: dict[tuple, bool] = {}
        found = np.zeros(len(left), dtype=bool)
        for i in np.flatnonzero(left & (self.hours != 0)):
            entry = self._entries[i]
            hours = tuple((schedule.osm, schedule.valid_from, schedule.valid_to) for schedule in entry.schedules)
            if hours not in known:
                known[hours] = is_open(entry)
            found[i] = known[hours]
        return found


# Of the directory that was asked of last: there is one in a process, and the next one is made of it.
_latest: tuple[Directory, Facets] | None = None


def facets_of(directory: Directory) -> Facets:
    """The columns of a directory, made once."""
    global _latest
    known = _latest
    if known is None or known[0] is not directory:
        known = _latest = (directory, Facets(directory.entries, known[1] if known else None))
    return known[1]


def listed(directory: Directory, filters: Filters, start: int = 0, limit: int | None = None) -> tuple[list[Entry], int]:
    """The entries that ``filters`` accept, in the directory's order, from ``start`` on; and how many there are in all."""
    found = facets_of(directory).positions(filters)
    return [directory.entries[i] for i in found[start : None if limit is None else start + limit]], len(found)


_GENDER = {"femmes": 1, "hommes": 2}
_ALL_BITS = 0x7FFFFFFF


def _facts(entry: Entry) -> tuple[int, ...]:
    """What is unknown of an audience excludes nobody."""
    action, audience = entry.action, entry.action.audience
    free = bool(action.price and action.price.frais == "gratuit")
    hours = any(schedule.osm for schedule in entry.schedules)
    status = _STATUS[Status(action.status).value]
    if audience is None:
        return _bits(_THEMES, action.themes), _ALL_BITS, _ALL_BITS, _FROM, _TO, 0, free, hours, status
    return (
        _bits(_THEMES, action.themes),
        _bits(_PUBLICS, audience.publics),
        _bits(_QUARTERS, audience.quarters) or _ALL_BITS,
        _FROM if audience.age_min is None else audience.age_min,
        _TO if audience.age_max is None else audience.age_max,
        _GENDER.get(audience.gender or "", 0),
        free,
        hours,
        status,
    )


def _bits(known: Mapping[str, int], codes: Iterable[str]) -> int:
    """What is not known, as an address may say, is nowhere."""
    found = 0
    for code in codes:
        found |= known.get(code, 0)
    return found
