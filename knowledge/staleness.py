"""What should be verified: facts that nobody verified, or whose source is too old."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from knowledge.directory import Directory, Entry

_DAYS_A_MONTH = 30.44


@dataclass(frozen=True)
class StaleFact:
    """One fact to verify. ``known_on`` is the date of its source or verification, as precise as given."""

    action_id: str
    fact: str
    known_on: str | None
    source_title: str
    source_url: str | None


def stale(directory: Directory, today: dt.date, months: int = 6) -> list[StaleFact]:
    """Return the facts known only from a source older than ``months``, or undated; oldest first."""
    limit = (today - dt.timedelta(days=months * _DAYS_A_MONTH)).isoformat()
    found = [fact for entry in directory.entries for fact in _facts(directory, entry) if fact.known_on is None or fact.known_on < limit]
    return sorted(found, key=lambda fact: (fact.known_on or "", fact.action_id, fact.fact))


def _facts(directory: Directory, entry: Entry) -> Iterator[StaleFact]:
    action = entry.action
    groups: list[tuple[str, Any]] = [("description", action)]
    groups += [(f"contact {c.value}", c) for c in entry.contacts]
    groups += [(f"place {p.name or p.address}", p) for p in entry.places]
    groups += [("schedule", s) for s in entry.schedules] + [(f"event {e.title}", e) for e in action.events]
    groups += [("price", action.price)] if action.price else []
    for name, record in groups:
        source = directory.sources[record.source]
        known = action.verified_on.isoformat() if action.verified_on else source.published
        yield StaleFact(action.id, name, known, source.title, source.url)
