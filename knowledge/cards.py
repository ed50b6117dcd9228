"""One action as plain data (JSON types only): what the API returns and what templates read.

No wording in here: states are codes, moments ISO 8601 in Paris time. The keys are those of
``contract.md``, and more.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from knowledge import schema
from knowledge.directory import Directory, Entry
from knowledge.schedules import Opening, opening, opening_of


def source_view(directory: Directory, source_id: str) -> dict[str, Any]:
    """Title, address and date of a source, as shown beside a fact."""
    source = directory.sources[source_id]
    return {"title": source.title, "url": source.url, "published": source.published, "published_note": source.published_note}


def told_by(directory: Directory, source_id: str) -> str:
    """A source and its date in one line, for formats that have no field for them: « (Liste nationale, 2024-08-01) »."""
    source = directory.sources[source_id]
    return f"({', '.join(filter(None, [source.title, source.published_note or source.published]))})"


def card(directory: Directory, entry: Entry, at: dt.datetime) -> dict[str, Any]:
    """Everything known of ``entry``; opening states are computed for the moment ``at``."""
    action, organisation, audience = entry.action, entry.organisation, entry.action.audience
    groups: list[Any] = [
        action,
        *entry.contacts,
        *entry.places,
        *entry.schedules,
        *action.events,
        *([action.price] if action.price else []),
    ]
    schedules = newest_first(directory, entry.schedules)
    sources = list(dict.fromkeys([action.source, *action.further_sources, *(group.source for group in groups)]))
    return {
        "id": action.id,
        "uuid": entry.uuid,
        "kind": action.kind,
        "title": action.title,
        "official_title": action.official_title,
        "organisation": organisation.name,
        "organisation_id": organisation.id,
        "organisation_description": organisation.description,
        "summary": action.summary,
        "status": schema.Status(action.status).value,
        "status_text": action.status_text,
        "next_edition": action.next_edition,
        "audience": list(audience.publics) if audience else [],
        "audience_text": audience.text if audience else None,
        "audience_gender": audience.gender if audience else None,
        "quarters": list(audience.quarters) if audience else [],
        "conditions": audience.conditions if audience else None,
        "referral": audience.referral if audience else None,
        "age_min": audience.age_min if audience else None,
        "age_max": audience.age_max if audience else None,
        "price": _with_source(directory, action.price, ["frais", "text"]) if action.price else None,
        "places": [_with_source(directory, p, _PLACE) for p in newest_first(directory, entry.places)],
        # Where to ask, when the action takes place elsewhere.
        "organisation_places": [_with_source(directory, p, _PLACE) for p in organisation.places if entry.action.places and p.address],
        "contacts": [_with_source(directory, c, ["kind", "value", "label"]) for c in entry.contacts],
        "schedules": [_with_source(directory, s, _SCHEDULE) | {"now": opening_view(opening(s, at))} for s in schedules],
        "now": opening_view(opening_of(schedules, at)),
        "events": [
            _with_source(directory, e, ["title", "text"]) | {"start": e.start.isoformat(), "end": e.end.isoformat()} for e in action.events
        ],
        "programme_year": action.programme_year,
        "sources": [source_view(directory, source) for source in sources],
        "verified_on": action.verified_on.isoformat() if action.verified_on else None,
        "themes": list(action.themes),
        "thematiques": list(action.thematiques),
        "volet": action.volet,
        "section": action.section,
    } | {name: getattr(action, name) for name in _PLAIN}


_PLACE = ["name", "address", "city", "postal_code", "quarter", "latitude", "longitude", "note"]
_SCHEDULE = ["text", "osm", "confidence", "exceptions"]
_PLAIN = [
    "description",
    "steps",
    "content",
    "duration",
    "frequency",
    "group_size",
    "levels",
    "level_text",
    "diploma",
    "languages",
    "partners",
    "keywords",
]


def newest_first(directory: Directory, records: Sequence[Any]) -> list[Any]:
    """Where sources disagree, the newest speaks first; undated ones last."""
    return sorted(records, key=lambda record: directory.sources[record.source].published or "", reverse=True)


def _with_source(directory: Directory, record: Any, names: list[str]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names} | {"source": source_view(directory, record.source)}


def opening_view(state: Opening) -> dict[str, Any]:
    """An opening as codes and ISO moments."""
    return {
        "state": state.state.value,
        "at": state.at.isoformat(),
        "until": state.until.isoformat() if state.until else None,
        "next_opening": state.next_opening.isoformat() if state.next_opening else None,
        "holiday": state.holiday,
    }
