"""Reading a data.inclusion file (v1) as what another producer says."""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ValidationError, constr
from pydantic.fields import Field

from knowledge import schema
from knowledge.exchange.building import Rejected
from knowledge.exchange.common import PRODUCER, UNDATED, national, summary_and_lines
from knowledge.exchange.data_inclusion import publics_text
from knowledge.exchange.incoming import ExchangeRefused, Incoming, Note
from knowledge.exchange.second_source import Told, join, known, refuse
from knowledge.exchange.tables import Content
from knowledge.exchange.words import words
from knowledge.schedules import refusal
from nlu.french.text import fold


class _Located(BaseModel):
    """What structures and services share. Other fields of the schema have no place here."""

    source: str = Field(min_length=1, max_length=80)
    id: str = Field(min_length=1, max_length=200)
    nom: str = Field(min_length=3, max_length=150)
    date_maj: dt.date
    lien_source: str | None = Field(regex=r"^https?://")
    commune: str | None
    code_postal: str | None = Field(regex=r"^\d{5}$")
    adresse: str | None
    complement_adresse: str | None
    longitude: float | None = Field(ge=-180, le=180)
    latitude: float | None = Field(ge=-90, le=90)
    telephone: str | None
    courriel: str | None = Field(regex=r"^[\w.+-]+@[\w-]+(\.[\w-]+)+$")
    horaires_accueil: str | None

    class Config:
        anystr_strip_whitespace = True


class _Structure(_Located):
    description: str | None
    site_web: str | None = Field(regex=r"^https?://\S+$")


class _Service(_Located):
    structure_id: str
    description: str = Field(min_length=5, max_length=10_000)
    thematiques: list[constr(min_length=1)] | None  # type: ignore[valid-type]  # pydantic 1
    frais: Literal["gratuit", "payant"] | None
    frais_precisions: str | None
    publics: list[schema.Public] | None
    publics_precisions: str | None
    conditions_acces: str | None
    mobilisation_precisions: str | None
    lien_mobilisation: str | None = Field(regex=r"^https?://\S+$")


def read(data: bytes, content: Content, _remove_absent: bool = False) -> Incoming:
    """Return what ``content`` becomes with the file as a second source. Raises ExchangeRefused."""
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        raise ExchangeRefused("json_broken") from None
    if not isinstance(given, dict):
        raise ExchangeRefused("json_unknown")
    rejected: list[Rejected] = []
    structures = _records("structures", _Structure, given.get("structures", []), rejected)
    services = _records("services", _Service, given.get("services", []), rejected)
    there = {structure.id for _, structure in structures} | {f"{PRODUCER}--{file.organisation.id}" for file in content.organisations}
    there |= {file.organisation.id for file in content.organisations}
    for number, service in services:
        if service.structure_id not in there and _slug(service.structure_id) not in there:
            rejected.append(_rejected("services", number, "structure_id", service.structure_id, "unknown_structure", {}))
    refuse(rejected)
    return join(content, _Reading(content).told([s for _, s in structures], [s for _, s in services]))


def _records(name: str, model: Any, given: Any, rejected: list[Rejected]) -> list[tuple[int, Any]]:
    """The valid records with their place in the file; the problems of others are added to ``rejected``."""
    found = []
    if not isinstance(given, list):
        rejected.append(_rejected(name, None, "", given, "not_a_list", {}))
        return []
    for number, record in enumerate(given, 1):
        try:
            found.append((number, model.parse_obj(record)))
        except ValidationError as error:
            for e in error.errors():
                field = str(e["loc"][0])
                value = record.get(field) if isinstance(record, dict) else record
                rejected.append(_rejected(name, number, field if field != "__root__" else "", value, e["type"], e.get("ctx", {})))
    return found


def _rejected(name: str, number: int | None, field: str, value: Any, code: str, context: Mapping[str, Any]) -> Rejected:
    return Rejected(name, number, field, str("" if value is None else value)[:200], words().reason(code, context))


def _slug(identifier: str) -> str:
    """Our id of a record: our own comes back as it was, another's is made from it."""
    return _plain(identifier.removeprefix(f"{PRODUCER}--"))


def _plain(text: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")
    if slug and len(slug) <= 80:
        return slug
    return f"{slug[:60].strip('-')}-{hashlib.sha256(text.encode()).hexdigest()[:12]}".strip("-")


class _Reading:
    """Turns structures and services into organisations and actions."""

    def __init__(self, content: Content) -> None:
        self._here = {file.organisation.id: file.organisation for file in content.organisations}
        self._actions = {action.id for file in content.organisations for action in file.actions}
        self._sources: dict[str, schema.Source] = {}
        self._notes: list[Note] = []

    def told(self, structures: Iterable[_Structure], services: Iterable[_Service]) -> Told:
        files = {_slug(s.id): schema.OrganisationFile.construct(organisation=self._organisation(s), actions=[]) for s in structures}
        for service in services:
            owner = _slug(service.structure_id)
            if owner not in files:  # the directory's own; nothing new is said of it
                here = self._here[owner]
                same = schema.Organisation.parse_obj({"id": here.id, "name": here.name, "source": here.source})
                files[owner] = schema.OrganisationFile.construct(organisation=same, actions=[])
            files[owner].actions.append(self._action(service))
        producers = frozenset(source.title for source in self._sources.values())
        return Told(list(files.values()), list(self._sources.values()), self._notes, producers)

    def _organisation(self, given: _Structure) -> schema.Organisation:
        said = {"name": given.nom, "description": given.description}
        return schema.Organisation(id=_slug(given.id), **known(said), **self._facts(given, given.site_web))

    def _action(self, given: _Service) -> schema.Action:
        summary, lines = summary_and_lines(given.description)
        said: dict[str, Any] = {"title": given.nom, "thematiques": given.thematiques, "themes": self._themes(given)}
        facts = self._facts(given, given.lien_mobilisation)
        if given.publics:
            publics = sorted(set(given.publics))
            text = given.publics_precisions or publics_text(publics)
            said["audience"] = schema.Audience.parse_obj(
                {"text": text, "publics": publics, "conditions": given.conditions_acces, "referral": given.mobilisation_precisions}
            )
        else:
            lines += filter(None, [given.publics_precisions, given.conditions_acces, given.mobilisation_precisions])
        if given.frais:
            text = given.frais_precisions or words().inclusion["frais"][given.frais]
            said["price"] = schema.Price(frais=given.frais, text=text, source=facts["source"])
        elif given.frais_precisions:
            lines.append(given.frais_precisions)
        return schema.Action(id=_slug(given.id), summary=summary, **known(said | {"description": lines}), **facts)

    def _themes(self, given: _Service) -> list[str]:
        """Ours for their thematiques; one that an agent corrects when they say none."""
        ours = words().inclusion["themes"]
        categories = [thematique.split("--")[0] for thematique in given.thematiques or []]
        themes = list(dict.fromkeys(ours[category] for category in categories if category in ours))
        if not themes:
            themes = [words().inclusion["theme_unknown"]]
            if _slug(given.id) not in self._actions:
                self._notes.append(Note("theme_unknown", {"record": _slug(given.id), "theme": themes[0]}))
        return themes

    def _facts(self, given: _Located, website: str | None) -> dict[str, Any]:
        source = self._source(given)
        facts: dict[str, Any] = {"source": source, "contacts": self._contacts(given, website, source)}
        if given.adresse or given.complement_adresse:
            place = {
                "name": given.complement_adresse or None,
                "address": given.adresse or None,
                "city": given.commune or None,
                "postal_code": given.code_postal,
                "latitude": given.latitude,
                "longitude": given.longitude,
                "source": source,
            }
            facts["places"] = [schema.Place.parse_obj(place)]
        if given.horaires_accueil:
            facts["schedules"] = [self._schedule(given, source)]
        return known(facts)

    def _contacts(self, given: _Located, website: str | None, source: str) -> list[schema.Contact]:
        values = {"phone": given.telephone and national(given.telephone), "email": given.courriel, "website": website}
        contacts = []
        for kind, value in values.items():
            if not value:
                continue
            try:
                contacts.append(schema.Contact.parse_obj({"kind": kind, "value": value, "source": source}))
            except ValidationError:
                self._notes.append(Note("phone_left_out", {"record": _slug(given.id), "value": value}))
        return contacts

    def _schedule(self, given: _Located, source: str) -> schema.Schedule:
        osm = given.horaires_accueil or ""
        if refusal(osm):
            self._notes.append(Note("hours_unreadable", {"record": _slug(given.id), "value": osm}))
            return schema.Schedule.parse_obj({"text": osm, "confidence": "vague", "source": source})
        text = words().inclusion["hours"].format(producer=given.source)
        return schema.Schedule.parse_obj({"text": text, "osm": osm, "confidence": "exact", "source": source})

    def _source(self, given: _Located) -> str:
        """The id of the source: one for each producer, date and page."""
        page = f"-{hashlib.sha256(given.lien_source.encode()).hexdigest()[:8]}" if given.lien_source else ""
        date = given.date_maj.isoformat()
        said = {
            "id": _plain(f"{given.source[:50]}-{date}{page}"),
            "title": words().inclusion["source_title"].format(producer=given.source),
            "url": given.lien_source,
            "published": None if date == UNDATED else date,
        }
        source = schema.Source.parse_obj(said)
        return self._sources.setdefault(source.id, source).id
