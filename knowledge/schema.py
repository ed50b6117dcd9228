"""The shape of the YAML files in ``knowledge/data/``, as pydantic models.

One rule shapes everything here: a fact without a source is rejected. Every list item that a
resident could act on (contact, schedule, place, event, price) names the ``source`` it was read
in; the other facts of an action come from the action's own ``source``. What no source says is
left out, and stays unknown.

Field names follow data.inclusion v1 where it has them (``thematiques``, ``publics``,
``frais``); ``docs/knowledge-base.md`` gives the correspondence.
"""

import datetime as dt
import re
from enum import Enum
from typing import Literal

from pydantic import BaseModel, Extra, Field, root_validator, validator

Slug = Field(regex=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)

# The needs by which people look for a door. Ours, because data.inclusion's 69 thematiques are
# made for professionals; each action also carries those.
Theme = Literal[
    "emploi",
    "formation",
    "francais",
    "creation-entreprise",
    "droits-demarches",
    "numerique",
    "mobilite",
    "sante",
    "sport",
    "culture",
    "vie-de-quartier",
    "jeunesse",
    "femmes",
    "logement",
    "securite-mediation",
    "citoyennete",
    "politique-de-la-ville",
]

# data.inclusion v1 `publics` (shared reference: standards.md).
Public = Literal[
    "actifs",
    "beneficiaires-des-minimas-sociaux",
    "demandeurs-emploi",
    "etudiants",
    "familles",
    "femmes",
    "jeunes",
    "personnes-en-situation-de-handicap",
    "personnes-en-situation-durgence",
    "personnes-en-situation-juridique-specifique",
    "personnes-exilees",
    "residents-qpv-frr",
    "seniors",
    "tous-publics",
]

Quarter = Literal["quartiers-nord", "quiniere", "cornillettes", "croix-chevalier", "coty", "kennedy", "mirabeau", "begon"]


class Status(str, Enum):
    """Is it still going on? ``unknown`` unless a source settles it."""

    active = "active"
    finished = "finished"
    upcoming = "upcoming"
    unknown = "unknown"


class Record(BaseModel):
    """A table row of the YAML: unknown keys are errors, strings are stripped."""

    class Config:
        extra = Extra.forbid
        anystr_strip_whitespace = True
        min_anystr_length = 1


class Source(Record):
    """Where a fact was read. ``published`` is the date as the source gives it, or null."""

    id: str = Slug
    title: str
    url: str | None = Field(regex=r"^https?://")
    published: str | None = Field(description="'2021', '2024-08-01', '2019-05'… ; null when undated", regex=r"^\d{4}(-\d\d){0,2}$")
    published_note: str | None
    primary: bool = False


class Contact(Record):
    """One way to reach somebody."""

    kind: Literal["phone", "email", "website", "social"]
    value: str
    label: str | None = Field(description="what it is for, in French, when there are several")
    public: bool = True
    source: str = Slug

    @validator("value")
    def _value_fits_kind(cls, value: str, values: dict) -> str:
        patterns = {
            "phone": r"(0\d( \d\d){4}|\d{2,4}|\d{3} \d{3}|\d\d \d\d)$",
            "email": r"[\w.+-]+@[\w-]+(\.[\w-]+)+$",
            "website": r"https?://\S+$",
            "social": r"https?://\S+$",
        }
        kind = values.get("kind")
        if kind and not re.match(patterns[kind], value):
            raise ValueError(f"« {value} » is not a {kind}; expected e.g. 02 54 44 50 50, nom@exemple.fr, https://…")
        return value


class Place(Record):
    """Where it happens. ``address`` only as a source prints it."""

    name: str | None
    address: str | None
    city: str | None
    postal_code: str | None = Field(regex=r"^\d{5}$")
    quarter: Quarter | None
    latitude: float | None = Field(ge=-90, le=90)
    longitude: float | None = Field(ge=-180, le=180)
    note: str | None
    source: str = Slug

    @root_validator(skip_on_failure=True)
    def _says_where(cls, values: dict) -> dict:
        if not (values.get("name") or values.get("address")):
            raise ValueError("a place needs a name or an address")
        return values


class Schedule(Record):
    """When it is open or takes place.

    ``osm`` is an OpenStreetMap ``opening_hours`` expression and is given only where the source
    supports every part of it. ``confidence``: ``exact`` (days and hours said), ``partial`` (some
    of it said: « un vendredi sur deux »), ``vague`` (only « toute l'année »).
    """

    text: str
    osm: str | None
    confidence: Literal["exact", "partial", "vague"]
    exceptions: str | None = Field(description="« sauf le mois d'août »…")
    valid_from: dt.date | None
    valid_to: dt.date | None
    source: str = Slug

    @root_validator(skip_on_failure=True)
    def _only_exact_hours_are_computed(cls, values: dict) -> dict:
        if values.get("osm") and values["confidence"] != "exact":
            raise ValueError("osm is only allowed with confidence: exact (a vague schedule must never become « open now »)")
        if values.get("valid_from") and values.get("valid_to") and values["valid_from"] > values["valid_to"]:
            raise ValueError("valid_from is after valid_to")
        return values


class Event(Record):
    """A dated happening. ``start`` and ``end`` are inclusive days."""

    title: str
    start: dt.date
    end: dt.date
    text: str
    source: str = Slug

    @root_validator(skip_on_failure=True)
    def _ends_after_start(cls, values: dict) -> dict:
        if values["start"] > values["end"]:
            raise ValueError("end is before start")
        return values


class Price(Record):
    """What it costs, only where a source says so."""

    frais: Literal["gratuit", "payant"]
    text: str
    source: str = Slug


class Audience(Record):
    """Who it is for. Ages in years, inclusive; null means that no source gives a limit."""

    text: str = Field(description="one plain French sentence")
    publics: list[Public] = Field(min_items=1)
    age_min: int | None = Field(ge=0, le=120)
    age_max: int | None = Field(ge=0, le=120)
    gender: Literal["femmes", "hommes"] | None
    quarters: list[Quarter] = []
    conditions: str | None
    referral: str | None = Field(description="who can send someone there, when the source says so")

    @root_validator(skip_on_failure=True)
    def _ages_in_order(cls, values: dict) -> dict:
        low, high = values.get("age_min"), values.get("age_max")
        if low is not None and high is not None and low > high:
            raise ValueError("age_min is above age_max")
        return values


class Questions(Record):
    """How people ask for this action, by voice. They teach the ranker and are never shown."""

    resident: list[str] = []
    learner: list[str] = []
    phonetic: list[str] = []
    teen: list[str] = []
    agent: list[str] = []

    def all(self) -> list[tuple[str, str]]:
        """Every phrasing as (voice, text), in file order."""
        return [(voice, text) for voice in self.__fields__ for text in getattr(self, voice)]


class Action(Record):
    """One service, event or explanation that a need can lead to."""

    id: str = Slug
    kind: Literal["action", "faq"] = "action"
    title: str = Field(description="in plain French, as a resident would say it")
    official_title: str | None = Field(description="as the programme names it")
    summary: str = Field(description="one to three short plain sentences: what it is", max_length=420)
    description: list[str] = Field([], description="further plain sentences, each one fact")
    steps: list[str] = Field([], description="how it goes, in order")
    content: list[str] = Field([], description="what is done or covered, short noun phrases")
    duration: str | None
    frequency: str | None
    group_size: str | None
    levels: list[str] = []
    level_text: str | None
    diploma: str | None
    languages: str | None
    audience: Audience | None
    price: Price | None
    places: list[Place] = []
    contacts: list[Contact] = []
    schedules: list[Schedule] = []
    events: list[Event] = []
    partners: list[str] = []
    themes: list[Theme] = Field(min_items=1)
    thematiques: list[str] = []
    status: Status = Status.unknown
    status_text: str | None = Field(description="one plain sentence, when a source settles the status")
    next_edition: str | None = Field(description="who to ask about a next edition, in plain French")
    volet: int | None = Field(ge=1, le=5)
    section: str | None = Field(max_length=10)
    programme_year: int | None = Field(ge=1900, le=2100)
    keywords: list[str] = Field([], description="words an agent would type")
    source: str = Slug
    verified_on: dt.date | None
    verified_by: str | None
    questions: Questions = Questions()


class Organisation(Record):
    """Who runs actions. Its contacts serve every action that has none of its own."""

    id: str = Slug
    name: str
    full_name: str | None
    aliases: list[str] = Field([], description="other spellings people use")
    description: str | None = Field(description="one or two plain sentences")
    places: list[Place] = []
    contacts: list[Contact] = []
    schedules: list[Schedule] = []
    source: str = Slug


class OrganisationFile(Record):
    """``knowledge/data/organisations/<organisation id>.yml``."""

    organisation: Organisation
    actions: list[Action] = []


class HelpNumber(Record):
    """A national help or emergency number, shown for ``kinds`` of emergencies."""

    id: str = Slug
    number: str = Field(max_length=20)
    name: str
    for_whom: str
    how: str | None = Field(description="free? when? call, SMS, chat?")
    kinds: list[str] = []
    source: str = Slug


class SourcesFile(Record):
    """``knowledge/data/sources.yml``."""

    sources: list[Source]


class HelpNumbersFile(Record):
    """``knowledge/data/help_numbers.yml``."""

    help_numbers: list[HelpNumber]


class OutsideTopic(Record):
    """A need that no action covers, so that it is recognised as such.

    ``door`` is who to ask instead: ``pimms`` (administrative matters), ``mairie`` (what the town
    hall runs), ``none`` (not a matter for a public service at all).
    """

    id: str = Slug
    title: str | None = Field(description="the topic in a few plain French words, as shown: « les impôts »; null: not named")
    door: Literal["pimms", "mairie", "none"]
    questions: list[str] = Field(min_items=1)


class OutsideFile(Record):
    """``knowledge/data/outside.yml``."""

    outside: list[OutsideTopic]


class BroadNeed(Record):
    """A need said so broadly that several actions may be meant: ``actions``, the usual doors first."""

    id: str = Slug
    actions: list[str] = Field(min_items=1)
    questions: list[str] = Field(min_items=1)


class BroadNeedsFile(Record):
    """``knowledge/data/broad_needs.yml``."""

    broad_needs: list[BroadNeed]
