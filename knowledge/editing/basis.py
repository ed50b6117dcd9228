"""What a change rests on: the source that an editor names is put to the facts that they changed, and to no other.

A contact, a place, hours, an event or a price has a source of its own; the rest of a sheet shares
``source`` and ``further_sources``. Correcting only the wording (``WORDING``) needs no source, and then
no value that a resident acts on may change.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from knowledge.editing.checks import FieldProblem
from knowledge.errors import InvalidSheet

WORDING = "wording"
_LISTS = ("places", "contacts", "schedules", "events")
# What teaches the search, sorts, or is noted by ourselves: no source says it.
OURS = {
    "id", "kind", "organisation", "questions", "keywords", "aliases", "themes", "thematiques", "volet", "section", "source",
    "further_sources", "verified_on", "verified_by",
}  # fmt: skip
# Values that are more than wording: who changes them has learnt something.
_HARD = {
    "value", "kind", "address", "postal_code", "city", "osm", "valid_from", "valid_to", "start", "end", "frais", "age_min", "age_max",
    "gender", "publics", "quarters", "status", "number",
}  # fmt: skip


def rested(before: Mapping[str, Any] | None, after: Mapping[str, Any], basis: str | None) -> dict[str, Any]:
    """Return ``after`` with ``basis`` as the source of what differs from ``before`` (None: everything is new).

    ``basis``: the id of a source, ``WORDING``, or None when the editor named nothing. Who gave a changed
    fact a source that its group did not have before is taken at their word.

    Raises InvalidSheet when facts changed and nothing says who told it.
    """
    old, sheet = before or {}, dict(after)
    problems: list[FieldProblem] = []
    for name in _LISTS:
        if name in sheet:
            sheet[name] = [_rested(old.get(name) or [], item, basis, (name, i), problems) for i, item in enumerate(sheet[name])]
    if sheet.get("price"):
        sheet["price"] = _rested([old["price"]] if old.get("price") else [], sheet["price"], basis, ("price",), problems)
    changed = [path for path in _changed(old, sheet) if path[0] not in {*OURS, *_LISTS, "price"}]
    if changed and "source" in sheet:
        if basis is None or (basis == WORDING and any(path[-1] in _HARD for path in changed)):
            problems.append(FieldProblem(("basis",), "basis_missing"))
        elif basis != WORDING:
            _name_source(sheet, basis, is_new=before is None)
    if problems:
        raise InvalidSheet(problems)
    return sheet


def _rested(old: list[Mapping], item: Mapping, basis: str | None, path: tuple, problems: list[FieldProblem]) -> dict[str, Any]:
    """One fact with the source that it rests on."""
    source, facts = item.get("source"), _facts(item)
    same = next((found for found in old if _facts(found) == facts), None)
    if same is not None:
        return {**item, "source": source or same["source"]}
    if source and source not in {found["source"] for found in old}:
        return dict(item)
    only_worded = basis == WORDING and source and any(_hard(found) == _hard(item) for found in old)
    if basis is None or (basis == WORDING and not only_worded):
        problems.append(FieldProblem((*path, "source"), "basis_missing"))
    return {**item, "source": source if only_worded else basis}


def _name_source(sheet: dict[str, Any], basis: str, is_new: bool) -> None:
    """The sheet's own facts rest on ``basis``: alone when it is new, else beside what they rested on."""
    if is_new:
        sheet["source"] = sheet["source"] or basis
    elif "further_sources" not in sheet:
        sheet["source"] = basis
    elif basis not in (sheet["source"], *sheet["further_sources"]):
        sheet["further_sources"] = [*sheet["further_sources"], basis]


def _facts(item: Mapping) -> dict[str, str]:
    """A fact without its source. What is empty is absent; a form says "18" where the sheet says 18."""
    return {name: str(value) for name, value in item.items() if name != "source" and value not in (None, "")}


def _hard(item: Mapping) -> dict[str, str]:
    return {name: value for name, value in _facts(item).items() if name in _HARD}


def _changed(before: Mapping, after: Mapping, path: tuple = ()) -> Iterator[tuple]:
    """Paths of the values that differ; what is empty is absent."""
    for name in {**before, **after}:
        old, new = (found.get(name) or None for found in (before, after))
        if isinstance(old, Mapping) or isinstance(new, Mapping):
            yield from _changed(old or {}, new or {}, (*path, name))
        elif str(old) != str(new):
            yield (*path, name)
