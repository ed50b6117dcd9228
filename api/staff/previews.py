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
from knowledge.exchange.words import words
from knowledge.schedules import now_in_paris, refusal
from knowledge.weeks import Weeks, weeks

# Stands for the source that the editor has still to name.
_DRAFT = "brouillon"


@dataclass(frozen=True)
class Hours:
    """One schedule read back. ``weeks`` is None when it has no expression, or one that is refused; ``refused``: why."""

    text: str
    weeks: Weeks | None
    refused: str | None = None


def hours(content: Mapping[str, Any], today: dt.date) -> list[Hours]:
    """Return every schedule of a sheet as it is typed."""
    return [_hours(item, today) for item in content.get("schedules") or [] if item.get("text") or item.get("osm")]


def _hours(item: Mapping[str, Any], today: dt.date) -> Hours:
    text = item.get("text") or ""
    if not item.get("osm"):
        return Hours(text, None)
    if code := refusal(item["osm"]):
        return Hours(text, None, refused=words().reason(code, {}))
    dates = {name: item.get(name) for name in ("valid_from", "valid_to")}
    try:
        schedule = schema.Schedule(text=text or "…", osm=item["osm"], confidence="exact", source=_DRAFT, **dates)
        return Hours(text, weeks(schedule, today))
    except ValidationError:  # its dates
        return Hours(text, None, refused=words().reason("osm_unreadable", {}))


def draft_source(directory: Directory, basis: str | None, new: Mapping[str, Any], today: dt.date) -> schema.Source:
    """Return the source that what is typed will rest on; while it is not named or not complete, one of ``today``."""
    chosen = directory.sources.get(basis or "")
    if chosen:
        return chosen.copy(update={"id": _DRAFT})
    given = {"id": _DRAFT, "title": new.get("title") or "…"}
    try:
        return schema.Source.parse_obj({**given, "published": new.get("published") or today.isoformat()})
    except ValidationError:
        return schema.Source.parse_obj({**given, "published": today.isoformat()})


def draft_card(directory: Directory, kind: str, content: Mapping[str, Any], source: schema.Source) -> dict[str, Any] | None:
    """Return the card (``api.views``) of an action as it is typed, or of the first action of an organisation as it is typed.

    What has no source yet shows ``source``. None while it is not complete enough to be shown, and for other kinds.
    """
    typed = {name: _sourced(value) for name, value in content.items()}
    typed |= {"id": content.get("id") or _DRAFT, "source": content.get("source") or _DRAFT}
    known = replace(directory, sources=directory.sources | {_DRAFT: source})
    try:
        entry = {"action": _action, "organisation": _organisation}[kind](directory, typed)
        return views.card(entry, known, now_in_paris()) if entry else None
    except (KeyError, ParserError, ValidationError):  # a source that is gone, hours that do not parse: said beside their fields
        return None


def _action(directory: Directory, typed: Mapping[str, Any]) -> Entry:
    name = typed["organisation"] or ""
    organisation = directory.organisations.get(name)
    unknown = {"id": _DRAFT, "name": name or "…", "source": _DRAFT}
    return Entry(
        schema.Action.parse_obj({key: value for key, value in typed.items() if key != "organisation"}),
        organisation or schema.Organisation.parse_obj(unknown),
    )


def _organisation(directory: Directory, typed: Mapping[str, Any]) -> Entry | None:
    organisation = schema.Organisation.parse_obj(typed)
    first = next((entry.action for entry in directory.of_organisations.get(organisation.id, ())), None)
    return Entry(first, organisation) if first else None


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
