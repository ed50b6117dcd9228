"""data.inclusion, schema v1: our organisations are its structures, our actions its services.

What it has no room for is listed in ``docs/exchange.md``. Explanations (FAQ) are no services, and a
finished action would look as if it went on: both are left out.
"""

from collections.abc import Sequence
from typing import Any

from knowledge import schema
from knowledge.exchange.common import PRODUCER, as_json, international, known_on, newest_first, one_text
from knowledge.exchange.incoming import ExchangeRefused
from knowledge.exchange.tables import Content
from knowledge.exchange.words import words

_SHORTEST_NAME, _LONGEST_NAME, _LONGEST_TEXT = 3, 150, 10_000


def export(content: Content) -> bytes:
    """Return the file: ``structures`` and ``services``."""
    sources = {source.id: source for source in content.sources}
    structures, services = [], []
    for file in sorted(content.organisations, key=lambda file: file.organisation.id):
        own = [action for action in file.actions if is_offered(action) and _is_ours(sources[action.source])]
        services += [_service(file.organisation, action, sources) for action in own]
        if own or _is_ours(sources[file.organisation.source]):
            structures.append(_structure(file.organisation, sources))
    return as_json({"structures": structures, "services": services})


def _is_ours(source: schema.Source) -> bool:
    """False for what another producer of data.inclusion said: it publishes that itself."""
    title = words().inclusion["source_title"]
    return not source.title.startswith(title.format(producer="")) or source.title == title.format(producer=PRODUCER)


def is_offered(action: schema.Action) -> bool:
    """Is it a service that people may still ask for?"""
    return action.kind == "action" and action.status != schema.Status.finished


def _structure(organisation: schema.Organisation, sources: dict[str, schema.Source]) -> dict[str, Any]:
    own = sources[organisation.source]
    return _filled(
        {
            "source": PRODUCER,
            "id": f"{PRODUCER}--{organisation.id}",
            "nom": _name(organisation.name, organisation.full_name),
            "date_maj": known_on(own),
            "description": organisation.description,
            "lien_source": own.url,
        }
        | _facts(organisation, sources, "site_web")
    )


def _service(organisation: schema.Organisation, action: schema.Action, sources: dict[str, schema.Source]) -> dict[str, Any]:
    own = sources[action.source]
    return _filled(
        {
            "source": PRODUCER,
            "structure_id": f"{PRODUCER}--{organisation.id}",
            "id": f"{PRODUCER}--{action.id}",
            "nom": _name(action.title, action.official_title),
            "description": one_text(action)[:_LONGEST_TEXT],
            "date_maj": known_on(own, action),
            "lien_source": own.url,
            "thematiques": sorted(set(action.thematiques)),
        }
        | _price(action)
        | _audience(action.audience)
        | _facts(action, sources, "lien_mobilisation")
    )


def _name(name: str, longer: str | None) -> str:
    """A name of the length that is asked for. Raises ExchangeRefused when there is none."""
    fitting = name if len(name) >= _SHORTEST_NAME else longer or ""
    if len(fitting) < _SHORTEST_NAME:
        raise ExchangeRefused("inclusion_name_too_short", name=name)
    return fitting if len(fitting) <= _LONGEST_NAME else fitting[: _LONGEST_NAME - 1].rstrip() + "…"


def _price(action: schema.Action) -> dict[str, Any]:
    if not action.price:
        return {}
    said = action.price.text if action.price.text != words().inclusion["frais"][action.price.frais] else None
    return {"frais": action.price.frais, "frais_precisions": said}


def _audience(audience: schema.Audience | None) -> dict[str, Any]:
    if not audience:
        return {}
    publics: list[str] = ["tous-publics"] if "tous-publics" in audience.publics else sorted(set(audience.publics))
    return {
        "publics": publics,
        "publics_precisions": audience.text if audience.text != publics_text(publics) else None,
        "conditions_acces": audience.conditions,
        "mobilisation_precisions": audience.referral,
    }


def publics_text(publics: Sequence[str]) -> str:
    """The sentence for whom it is, where only codes say it."""
    said = words().inclusion
    return said["audience"].format(publics=", ".join(said["publics"][public] for public in publics))


def _facts(owner: Any, sources: dict[str, schema.Source], website: str) -> dict[str, Any]:
    """One of each, the newest: there is room for no more. Never a private contact, nor hours of some season."""
    contacts = _newest([contact for contact in owner.contacts if contact.public], sources)
    schedules = _newest([s for s in owner.schedules if s.osm and not (s.valid_from or s.valid_to)], sources)
    first = {kind: next((contact.value for contact in contacts if contact.kind == kind), None) for kind in ("phone", "email", "website")}
    facts = {
        "telephone": international(first["phone"]) if first["phone"] else None,
        "courriel": first["email"],
        website: first["website"],
        "horaires_accueil": schedules[0].osm if schedules else None,
    }
    places = _newest([place for place in owner.places if place.address], sources) or _newest(owner.places, sources)
    for place in places[:1]:
        facts |= {
            "commune": place.city,
            "code_postal": place.postal_code,
            "adresse": place.address,
            "complement_adresse": place.name,
            "longitude": place.longitude,
            "latitude": place.latitude,
        }
    return facts


def _newest(facts: list[Any], sources: dict[str, schema.Source]) -> list[Any]:
    return newest_first([fact for fact in facts if _is_ours(sources[fact.source])], sources)


def _filled(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value not in (None, [])}
