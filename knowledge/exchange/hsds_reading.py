"""Reading an HSDS 3.0 file (tables as arrays) as what another producer says; our own comes back by its attributes."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from knowledge import schema
from knowledge.exchange.building import Rejected
from knowledge.exchange.common import national, summary_and_lines
from knowledge.exchange.hsds import Record
from knowledge.exchange.hsds_schema import refusals
from knowledge.exchange.incoming import ExchangeRefused, Incoming, Note
from knowledge.exchange.second_source import Told, join, known, refuse
from knowledge.exchange.tables import Content
from knowledge.exchange.words import words
from knowledge.schedules import refusal

_DAYS = {"MO": "Mo", "TU": "Tu", "WE": "We", "TH": "Th", "FR": "Fr", "SA": "Sa", "SU": "Su"}


def read(data: bytes, content: Content, _remove_absent: bool = False) -> Incoming:
    """Return what ``content`` becomes with the file as a second source. Raises ExchangeRefused."""
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        raise ExchangeRefused("json_broken") from None
    refuse(
        [Rejected(table, row, field, value, words().reason(code, context)) for table, row, field, value, code, context in refusals(given)]
    )
    reading = _Reading(given, content)
    organisations = [reading.organisation(record) for record in given.get("organization", [])]
    refuse(reading.rejected)
    return join(content, Told(organisations, list(reading.sources.values()), reading.notes, frozenset({words().hsds["source_title"]})))


class _Reading:
    def __init__(self, given: Mapping[str, list[Record]], content: Content) -> None:
        self.sources: dict[str, schema.Source] = {}
        self.notes: list[Note] = []
        self.rejected: list[Rejected] = []
        self._actions = {action.id for file in content.organisations for action in file.actions}
        self._here = {source.id: source for source in content.sources}
        self._terms = {term["id"]: term for term in given.get("taxonomy_term", [])}
        self._addresses = {address.get("location_id"): address for address in given.get("address", [])}
        self._locations = {location["id"]: location for location in given.get("location", [])}
        self._links: dict[tuple[str, str], list[Record]] = defaultdict(list)
        for attribute in given.get("attribute", []):
            self._links[attribute.get("link_id", ""), attribute.get("link_type", "")].append(attribute)
        self._by_owner: dict[tuple[str, str], list[Record]] = defaultdict(list)
        for table in ("service", "phone", "contact", "schedule", "location", "service_at_location", "cost_option"):
            for record in given.get(table, []):
                organization = record.get("organization_id") or next(iter(self._codes(record["id"], "organization")), "")
                self._by_owner[table, record.get("service_id") or organization].append(record)

    def organisation(self, given: Record) -> schema.OrganisationFile:
        values = {"name": given["name"], "full_name": given.get("alternate_name"), "description": given["description"]}
        facts = self._facts(given, given.get("website"))
        organisation = self._made("organization", given, schema.Organisation, values | facts | {"id": self._id(given)})
        actions = [self._action(service) for service in self._by_owner["service", given["id"]]]
        return schema.OrganisationFile.construct(organisation=organisation, actions=actions)

    def _action(self, given: Record) -> Any:
        summary, lines = summary_and_lines(given.get("description") or given["name"])
        facts = self._facts(given, given.get("url"))
        values = {
            "id": self._id(given),
            "title": given["name"],
            "official_title": given.get("alternate_name"),
            "summary": summary,
            "description": lines,
            "languages": given.get("interpretation_services"),
            "status_text": given.get("alert"),
            "verified_on": given.get("assured_date"),
            "audience": self._audience(given),
            "themes": self._themes(given),
            "thematiques": self._codes(given["id"], "thematique"),
            "status": next(iter(self._codes(given["id"], "status")), None) or words().hsds["statuses"].get(given["status"]),
        }
        for cost in self._by_owner["cost_option", given["id"]]:
            if cost.get("option") in ("gratuit", "payant"):
                price = {"frais": cost["option"], "text": cost.get("amount_description"), "source": self._source(cost, facts["source"])}
                values["price"] = price
        return self._made("service", given, schema.Action, values | facts)

    def _audience(self, given: Record) -> Record | None:
        publics = self._codes(given["id"], "public")
        text = given.get("eligibility_description")
        if not publics or not text:
            return None
        ages = {"age_min": given.get("minimum_age"), "age_max": given.get("maximum_age")}
        return {"text": text, "publics": publics, "referral": given.get("application_process"), **ages}

    def _themes(self, given: Record) -> list[str]:
        themes = self._codes(given["id"], "theme")
        if not themes:
            themes = [words().inclusion["theme_unknown"]]
            if self._id(given) not in self._actions:
                self.notes.append(Note("theme_unknown", {"record": self._id(given), "theme": themes[0]}))
        return themes

    def _facts(self, given: Record, website: str | None) -> dict[str, Any]:
        own = given["id"]
        source = self._source(given, None)
        at = [self._locations.get(link.get("location_id", "")) for link in self._by_owner["service_at_location", own]]
        locations = [location for location in (*at, *self._by_owner["location", own]) if location]
        contacts = [
            {"kind": "phone", "value": national(phone["number"]), "label": phone.get("description"), "source": self._source(phone, source)}
            for phone in self._by_owner["phone", own]
        ]
        contacts += [
            {"kind": "email", "value": contact["email"], "label": contact.get("name"), "source": self._source(contact, source)}
            for contact in self._by_owner["contact", own]
            if contact.get("email")
        ]
        for kind, value in (("email", given.get("email")), ("website", website)):
            if value and value not in {contact["value"] for contact in contacts}:
                contacts.append({"kind": kind, "value": value, "source": source})
        return {
            "source": source,
            "contacts": [contact for contact in contacts if self._is_contact(given, contact)],
            "places": [place for location in locations if (place := self._place(location, source))],
            "schedules": self._schedules(own, source),
        }

    def _is_contact(self, given: Record, contact: Record) -> bool:
        try:
            schema.Contact.parse_obj(known(contact))
        except ValidationError:
            self.notes.append(Note("phone_left_out", {"record": self._id(given), "value": contact["value"]}))
            return False
        return True

    def _place(self, location: Record, source: str) -> Record | None:
        address = self._addresses.get(location["id"], {})
        place = {
            "name": location.get("name"),
            "address": address.get("address_1"),
            "city": address.get("city"),
            "postal_code": address.get("postal_code"),
            "quarter": next(iter(self._codes(location["id"], "quarter")), None),
            "latitude": location.get("latitude"),
            "longitude": location.get("longitude"),
            "note": location.get("description"),
            "source": self._source(location, source),
        }
        return place if place["name"] or place["address"] else None

    def _schedules(self, own: str, source: str) -> list[Record]:
        """Our own with their expression; else the weekly hours of the file, as one."""
        rows = self._by_owner["schedule", own]
        found = []
        for row in rows:
            if row.get("description"):
                osm = next((link.get("value") for link in self._links[row["id"], "opening_hours"]), None)
                confidence = next(iter(self._codes(row["id"], "confidence")), "vague")
                if osm and refusal(osm):
                    self.notes.append(Note("hours_unreadable", {"record": row["description"], "value": osm}))
                    osm, confidence = None, "vague"
                valid = {"valid_from": row.get("valid_from"), "valid_to": row.get("valid_to")}
                said = {"text": row["description"], "osm": osm, "confidence": confidence, "exceptions": row.get("notes")}
                found.append(said | valid | {"source": self._source(row, source)})
        osm = _weekly(rows)
        if osm and not any(schedule["osm"] for schedule in found):
            text = words().inclusion["hours"].format(producer=words().hsds["source_title"])
            found.append({"text": text, "osm": osm, "confidence": "exact", "source": source})
        return found

    def _codes(self, own: str, taxonomy: str) -> list[str]:
        """The codes of our taxonomy that a record is linked to."""
        terms = [self._terms.get(link.get("taxonomy_term_id", ""), {}) for link in self._links[own, taxonomy]]
        return [term["code"] for term in terms if term.get("taxonomy") == f"passerelle:{taxonomy}" and term.get("code")]

    def _id(self, given: Record) -> str:
        return next(iter(self._codes(given["id"], "id")), f"hsds-{given['id']}".lower())

    def _source(self, given: Record, fallback: str | None) -> str:
        """The source that a fact names; else that of its record; else the file, of the day when it was last checked."""
        for link in self._links[given["id"], "source"]:
            term = self._terms.get(link.get("taxonomy_term_id", ""), {})
            if term.get("code") in self._here:
                return term["code"]
            if term.get("taxonomy") == "passerelle:source":
                said = {"id": term.get("code"), "title": term["name"], "url": term.get("term_uri"), "published": term.get("description")}
                return self._keep(self._made("taxonomy_term", term, schema.Source, said))
        if fallback:
            return fallback
        day = given.get("assured_date")
        said = {"id": f"hsds-{day or 'undated'}", "title": words().hsds["source_title"], "published": day}
        return self._keep(self._made("service", given, schema.Source, said))

    def _keep(self, source: Any) -> str:
        return self.sources.setdefault(source.id, source).id if source else ""

    def _made(self, table: str, given: Record, model: type[BaseModel], values: Record) -> Any:
        """The record; its problems go to ``rejected``."""
        try:
            return model.parse_obj(known(values))
        except ValidationError as error:
            for e in error.errors():
                path = ".".join(map(str, e["loc"]))
                self.rejected.append(Rejected(table, None, path, str(given.get("name")), words().reason(e["type"], e.get("ctx", {}))))
            return None


def _weekly(rows: list[Record]) -> str | None:
    """Weekly hours as an opening_hours expression; None when some of them are not weekly."""
    days: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if not row.get("opens_at") or not row.get("closes_at"):
            continue
        if row.get("freq") != "WEEKLY" or row.get("interval", 1) != 1 or row.get("valid_from") or row.get("valid_to"):
            return None
        for day in str(row.get("byday", "")).split(","):
            days[day.strip()].append(f"{row['opens_at'][:5]}-{row['closes_at'][:5]}")
    if not days or not set(days) <= set(_DAYS):
        return None
    return "; ".join(f"{name} {','.join(sorted(days[day]))}" for day, name in _DAYS.items() if day in days)
