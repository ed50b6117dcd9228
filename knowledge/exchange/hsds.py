"""Open Referral HSDS 3.0 as JSON: its tables as arrays, our UUIDs as ids.

Codes that HSDS has no list for (themes, publics, our ids, the source of each fact) are taxonomy terms
linked by attributes. A text that HSDS requires and nobody knows is empty. What it cannot carry is
listed in ``docs/exchange.md``.
"""

import datetime as dt
from collections import defaultdict
from typing import Any

from knowledge import schema
from knowledge.exchange.common import as_json, international, one_text
from knowledge.exchange.tables import Content
from knowledge.models import stable_id
from knowledge.schedules import State
from knowledge.weeks import runs, weeks

# HSDS knows no « unknown »: such a service is handed out, with a word to check it (``alert``) and our code beside it.
STATUSES = {"active": "active", "unknown": "active", "upcoming": "inactive", "finished": "defunct"}
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

Record = dict[str, Any]


def export(content: Content) -> bytes:
    """Return the file. Explanations (FAQ) and private contacts stay here."""
    writer = _Writer({source.id: source for source in content.sources})
    for file in sorted(content.organisations, key=lambda file: file.organisation.id):
        writer.organisation(file)
    return as_json({name: writer.tables[name] for name in sorted(writer.tables)})


class _Writer:
    def __init__(self, sources: dict[str, schema.Source]) -> None:
        self.tables: dict[str, list[Record]] = defaultdict(list)
        self._sources = sources
        self._terms: set[str] = set()

    def organisation(self, file: schema.OrganisationFile) -> None:
        organisation = file.organisation
        own = stable_id("organisation", organisation.id)
        self._add(
            "organization",
            id=own,
            name=organisation.name,
            alternate_name=organisation.full_name,
            description=organisation.description or "",
            website=self._first(organisation, "website"),
            email=self._first(organisation, "email"),
        )
        self._link("organization", own, "id", organisation.id)
        self._source("organization", own, organisation)
        self._facts("organization", own, organisation)
        for action in file.actions:
            if action.kind == "action":
                self._service(own, action)

    def _service(self, organization_id: str, action: schema.Action) -> None:
        own = stable_id("action", action.id)
        audience = action.audience
        status = schema.Status(action.status).value
        self._add(
            "service",
            id=own,
            organization_id=organization_id,
            name=action.title,
            alternate_name=action.official_title,
            description=one_text(action),
            status=STATUSES[status],
            alert=action.status_text,
            url=self._first(action, "website"),
            email=self._first(action, "email"),
            interpretation_services=action.languages,
            application_process=audience.referral if audience else None,
            eligibility_description=audience.text if audience else None,
            minimum_age=audience.age_min if audience else None,
            maximum_age=audience.age_max if audience else None,
            fees_description=action.price.text if action.price else None,
            assured_date=_day(action.verified_on),
        )
        self._link("service", own, "id", action.id)
        self._link("service", own, "status", status)
        self._source("service", own, action)
        if action.price:
            cost = stable_id("cost", own)
            self._add("cost_option", id=cost, service_id=own, option=action.price.frais, amount_description=action.price.text)
            self._source("cost_option", cost, action.price)
        codes: dict[str, list[Any]] = {
            "theme": action.themes,
            "thematique": action.thematiques,
            "public": audience.publics if audience else [],
        }
        for taxonomy, values in codes.items():
            for value in dict.fromkeys(values):
                self._link("service", own, taxonomy, value)
        self._facts("service", own, action)

    def _facts(self, entity: str, own: str, owner: Any) -> None:
        owned_by = {f"{entity}_id": own}
        for i, place in enumerate(owner.places):
            self._place(entity, own, stable_id("places", own, i), place)
        public = [contact for contact in owner.contacts if contact.public]
        for phone in (contact for contact in public if contact.kind == "phone"):
            fact = stable_id("phone", own, phone.value)
            self._add("phone", id=fact, **owned_by, number=international(phone.value), description=phone.label)
            self._source("phone", fact, phone)
        for email in (contact for contact in public if contact.kind == "email"):
            fact = stable_id("contact", own, email.value)
            self._add("contact", id=fact, **owned_by, email=email.value, name=email.label)
            self._source("contact", fact, email)
        for i, schedule in enumerate(owner.schedules):
            self._schedule(owned_by, stable_id("schedules", own, i), schedule)

    def _place(self, entity: str, own: str, location: str, place: schema.Place) -> None:
        organization = {"organization_id": own} if entity == "organization" else {}
        position = {"latitude": place.latitude, "longitude": place.longitude}
        self._add("location", id=location, location_type="physical", **organization, name=place.name, description=place.note, **position)
        self._source("location", location, place)
        if entity == "service":
            self._add("service_at_location", id=stable_id("at", own, location), service_id=own, location_id=location)
        if place.quarter:
            self._link("location", location, "quarter", place.quarter)
        if place.address or place.city or place.postal_code:
            self._add(
                "address",
                id=stable_id("address", location),
                location_id=location,
                address_1=place.address or "",
                city=place.city or "",
                state_province="",
                postal_code=place.postal_code or "",
                country="FR",
                address_type="physical",
            )

    def _schedule(self, owned_by: Record, own: str, schedule: schema.Schedule) -> None:
        valid = {"valid_from": _day(schedule.valid_from), "valid_to": _day(schedule.valid_to)}
        owner = owned_by if "service_id" in owned_by else {}  # HSDS knows hours of services and locations only
        self._add("schedule", id=own, **owner, **valid, description=schedule.text, notes=schedule.exceptions)
        self._source("schedule", own, schedule)
        self._link("schedule", own, "confidence", schedule.confidence)
        if not owner:
            self._link("schedule", own, "organization", owned_by["organization_id"])
        if schedule.osm:
            self._link("schedule", own, "opening_hours", "osm", schedule.osm)
            for i, hours in enumerate(_hours(schedule)):
                self._add("schedule", id=stable_id("hours", own, i), **owner, **valid, **hours)

    def _first(self, owner: Any, kind: str) -> str | None:
        return next((contact.value for contact in owner.contacts if contact.public and contact.kind == kind), None)

    def _source(self, entity: str, own: str, fact: Any) -> None:
        source = self._sources[fact.source]
        self._link(entity, own, "source", source.id, None, source.title, source.published or "", source.url)

    def _link(
        self,
        entity: str,
        own: str,
        taxonomy: str,
        code: str,
        value: str | None = None,
        name: str = "",
        about: str = "",
        uri: str | None = None,
    ) -> None:
        """Link a record to a term of one of our taxonomies, which is added when it is new."""
        term = stable_id("term", taxonomy, code)
        if term not in self._terms:
            self._terms.add(term)
            self._add(
                "taxonomy_term", id=term, code=code, name=name or code, description=about, taxonomy=f"passerelle:{taxonomy}", term_uri=uri
            )
        self._add(
            "attribute",
            id=stable_id("attribute", own, term, value or ""),
            link_id=own,
            link_entity=entity,
            link_type=taxonomy,
            taxonomy_term_id=term,
            value=value,
        )

    def _add(self, table: str, **values: Any) -> None:
        self.tables[table].append({name: value for name, value in values.items() if value is not None})


def _hours(schedule: schema.Schedule) -> list[Record]:
    """The weekly hours as HSDS has them, where every week is alike; those that are not known are left out."""
    found = weeks(schedule.copy(update={"valid_from": None, "valid_to": None}), dt.date(2024, 1, 1)).weeks
    if len(found) != 1:
        return []
    hours = []
    for first, last, spans in runs(found[0]):
        days = ",".join(_DAYS[first.date.weekday() : last.date.weekday() + 1])
        open_spans = [span for span in spans if span.state == State.open]
        hours += [
            {"freq": "WEEKLY", "interval": 1, "byday": days, "opens_at": _clock(s.start), "closes_at": _clock(s.end)} for s in open_spans
        ]
    return hours


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}" if minute < 24 * 60 else "23:59"


def _day(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
