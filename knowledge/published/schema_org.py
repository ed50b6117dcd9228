"""One action in the vocabulary of schema.org (https://schema.org, 29.x), as JSON-LD for search engines.

Only facts of the directory: a fact that nobody published has no property, and a schedule that cannot
be computed is a text. The page's sources are its ``citation``.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from knowledge.cards import newest_first
from knowledge.directory import Directory, Entry
from knowledge.published.agenda import days_known
from knowledge.schedules import State, is_computable
from knowledge.schema import Event, Schedule
from knowledge.weeks import DAY, Day, weeks

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Node = dict[str, Any]


def page(directory: Directory, entry: Entry, card: Mapping[str, Any], today: dt.date, address: str, site: str) -> Node:
    """Return the page about ``entry``. ``card``: the same as plain data (``knowledge.cards``); ``address``: canonical;
    ``site``: what ``address`` is a part of."""
    schedules = newest_first(directory, entry.schedules)
    subject = _service(entry, card, schedules, today, address) if card["kind"] == "action" else None
    return {"@context": "https://schema.org"} | _known(
        {
            "@type": "WebPage",
            "@id": address,
            "url": address,
            "name": card["title"],
            "description": card["summary"],
            "inLanguage": "fr",
            "isPartOf": {"@type": "WebSite", "name": "Passerelle", "url": site},
            "lastReviewed": card["verified_on"],
            "mainEntity": subject,
            "citation": [
                _known({"@type": "CreativeWork", "name": s["title"], "url": s["url"], "datePublished": s["published"]})
                for s in card["sources"]
            ],
        }
    )


def _service(entry: Entry, card: Mapping[str, Any], schedules: list[Schedule], today: dt.date, address: str) -> Node:
    phones = [c for c in card["contacts"] if c["kind"] == "phone"]
    return _known(
        {
            "@type": "Service",
            "@id": f"{address}#service",
            "name": card["title"],
            "alternateName": card["official_title"],
            "description": card["summary"],
            "provider": _known(
                {"@type": "Organization", "name": entry.organisation.full_name or entry.organisation.name, "url": _website(entry)}
            ),
            "audience": _audience(card),
            "offers": _offer(card["price"]),
            "hoursAvailable": [] if card["status"] == "finished" else _hours(schedules, today),
            "availableChannel": [
                _known(
                    {
                        "@type": "ServiceChannel",
                        "servicePhone": [_known({"@type": "ContactPoint", "telephone": c["value"], "name": c["label"]}) for c in phones],
                        "serviceLocation": [_place(place) for place in card["places"]],
                    }
                )
            ]
            if phones or card["places"]
            else [],
            "subjectOf": [_event(event) for event in entry.action.events],
        }
    )


def _audience(card: Mapping[str, Any]) -> Node | None:
    if not card["audience_text"]:
        return None
    gender = {"femmes": "female", "hommes": "male"}.get(card["audience_gender"])
    ages = {"suggestedMinAge": card["age_min"], "suggestedMaxAge": card["age_max"]}
    return _known({"@type": "PeopleAudience", "audienceType": card["audience_text"], "suggestedGender": gender} | ages)


def _offer(price: Mapping[str, Any] | None) -> Node | None:
    """Only « gratuit » is a number; what costs something is said in words."""
    if not price:
        return None
    free = {"price": 0, "priceCurrency": "EUR"} if price["frais"] == "gratuit" else {}
    return {"@type": "Offer", "description": price["text"]} | free


def _hours(schedules: list[Schedule], today: dt.date) -> list[Node]:
    """The regular week of the first schedule that can be computed; nothing when weeks differ."""
    schedule = next((one for one in schedules if is_computable(one)), None)
    if schedule is None or len(found := weeks(schedule, today).weeks) != 1:
        return []
    spans: dict[tuple[int, int], list[Day]] = {}
    for day in found[0]:
        for span in day.spans:
            if span.state is State.open:
                spans.setdefault((span.start, span.end), []).append(day)
    return [
        _known(
            {
                "@type": "OpeningHoursSpecification",
                "dayOfWeek": [f"https://schema.org/{_DAYS[day.date.weekday()]}" for day in days],
                "opens": _clock(start),
                "closes": _clock(end),
                "validFrom": _iso(schedule.valid_from),
                "validThrough": _iso(schedule.valid_to),
            }
        )
        for (start, end), days in sorted(spans.items())
    ]


def _place(place: Mapping[str, Any]) -> Node:
    address = {"streetAddress": place["address"], "postalCode": place["postal_code"], "addressLocality": place["city"]}
    postal = {"@type": "PostalAddress"} | _known(address) if any(address.values()) else None
    both = place["latitude"] is not None and place["longitude"] is not None
    position = {"@type": "GeoCoordinates", "latitude": place["latitude"], "longitude": place["longitude"]} if both else None
    return _known({"@type": "Place", "name": place["name"], "address": postal, "geo": position})


def _event(event: Event) -> Node:
    """Without a place: an event may be elsewhere than the action, and its text says where."""
    return {"@type": "Event", "name": event.title, "description": event.text} | _dates(event)


def _dates(event: Event) -> Node:
    """Days only where they are known; months where a source gives whole months. Of « la semaine du 8 » the text tells."""
    if days_known(event):
        return {"startDate": event.start.isoformat(), "endDate": event.end.isoformat()}
    if event.start.day == 1 and (event.end + dt.timedelta(days=1)).day == 1:
        return {"startDate": f"{event.start:%Y-%m}", "endDate": f"{event.end:%Y-%m}"}
    return {}


def _website(entry: Entry) -> str | None:
    return next((contact.value for contact in entry.organisation.contacts if contact.kind == "website" and contact.public), None)


def _clock(minute: int) -> str:
    return "23:59" if minute == DAY else f"{minute // 60:02}:{minute % 60:02}"


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def _known(node: Node) -> Node:
    """Without what nobody published."""
    return {name: value for name, value in node.items() if value not in (None, [], "")}
