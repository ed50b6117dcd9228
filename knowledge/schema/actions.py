"""Organisations and their actions: what a need can lead to."""

import datetime as dt
from enum import Enum
from typing import Literal

from pydantic import Field, root_validator

from knowledge.schema.facts import Contact, Event, Place, Price, Quarter, Record, Refused, Schedule, Slug

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


class Status(str, Enum):
    """Is it still going on? ``unknown`` unless a source settles it."""

    active = "active"
    finished = "finished"
    upcoming = "upcoming"
    unknown = "unknown"


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
            raise Refused("ages_reversed", "age_min is above age_max", "age_max")
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
    further_sources: list[str] = Field([], description="ids of other sources of what has no source of its own")
    verified_on: dt.date | None
    verified_by: str | None
    questions: Questions = Questions()


class ActionSheet(Action):
    """An action with the id of the organisation that runs it: what is edited as one."""

    organisation: str = Slug


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
    further_sources: list[str] = Field([], description="ids of other sources of its name and description")


class OrganisationFile(Record):
    """``knowledge/data/organisations/<organisation id>.yml``."""

    organisation: Organisation
    actions: list[Action] = []
