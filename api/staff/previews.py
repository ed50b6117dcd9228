"""What a sheet will look like before it is saved: the resident's card, the hours read back."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from opening_hours import ParserError  # type: ignore[attr-defined]  # missing from its stubs
from pydantic import ValidationError

from api import views
from api.web.sheet import Sheet, sheet
from knowledge import schema
from knowledge.directory import Directory, Entry
from knowledge.schedules import now_in_paris
from knowledge.weeks import Weeks, weeks

# Stands for the source that the editor has still to name.
_DRAFT = "brouillon"


@dataclass(frozen=True)
class Hours:
    """One schedule read back. ``weeks`` is None when it has no expression, or one that does not parse (``broken``)."""

    text: str
    weeks: Weeks | None
    broken: bool


def hours(content: Mapping[str, Any], today: dt.date) -> list[Hours]:
    """Return every schedule of a sheet as it is typed."""
    return [_hours(item, today) for item in content.get("schedules") or [] if item.get("text") or item.get("osm")]


def _hours(item: Mapping[str, Any], today: dt.date) -> Hours:
    text = item.get("text") or ""
    if not item.get("osm"):
        return Hours(text, None, broken=False)
    dates = {name: item.get(name) for name in ("valid_from", "valid_to")}
    try:
        schedule = schema.Schedule(text=text or "…", osm=item["osm"], confidence="exact", source=_DRAFT, **dates)
        return Hours(text, weeks(schedule, today), broken=False)
    except (ValidationError, ParserError):
        return Hours(text, None, broken=True)


def draft_card(directory: Directory, content: Mapping[str, Any], source_title: str, today: dt.date) -> dict[str, Any] | None:
    """Return the card (``api.views``) of an action as it is typed; None while it is not complete enough to be shown.

    What has no source yet shows ``source_title`` and ``today``.
    """
    organisation = directory.organisations.get(content.get("organisation") or "")
    sourced = {name: _sourced(value) for name, value in content.items() if name != "organisation"}
    try:
        action = schema.Action.parse_obj({**sourced, "id": content.get("id") or _DRAFT, "source": content.get("source") or _DRAFT})
    except ValidationError:
        return None
    draft = schema.Source.parse_obj({"id": _DRAFT, "title": source_title, "published": today.isoformat()})
    known = replace(directory, sources=directory.sources | {_DRAFT: draft})
    named = organisation or schema.Organisation.parse_obj({"id": _DRAFT, "name": content.get("organisation") or "…", "source": _DRAFT})
    try:
        return views.card(Entry(action, named), known, now_in_paris())
    except (KeyError, ParserError):  # a source that is gone, hours that do not parse: said beside their fields
        return None


def card_sheet(card: dict[str, Any] | None) -> Sheet | None:
    """The lines of a card, as the public page shows them."""
    return sheet(card) if card else None


def _sourced(value: Any) -> Any:
    """``value`` with the draft's source wherever a part of it names none."""
    if isinstance(value, list):
        return [_sourced(item) for item in value]
    if isinstance(value, Mapping) and "source" in value:
        return {**value, "source": value["source"] or _DRAFT}
    return value
