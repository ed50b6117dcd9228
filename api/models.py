"""Shapes of the answers, for validation and for the OpenAPI document."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from bot.engine import Outcome

State = Literal["open", "closed", "unknown"]


class View(BaseModel):
    """Part of an answer. Pydantic 1 does not say in a schema which fields may be null; this does."""

    class Config:
        @staticmethod
        def schema_extra(schema: dict[str, Any], model: type[BaseModel]) -> None:
            for name, field in model.__fields__.items():
                if field.allow_none:
                    schema["properties"][name] = {"anyOf": [schema["properties"][name], {"type": "null"}]}


class SourceView(View):
    title: str
    url: str | None
    published: str | None = Field(description="year, month or day as the source gives it; null when undated")
    published_note: str | None


class Now(View):
    """The opening state at the moment of asking (Paris time)."""

    state: State
    text: str | None
    at: str
    until: str | None
    next_opening: str | None
    holiday: bool


class PlaceView(View):
    name: str | None
    address: str | None
    city: str | None
    postal_code: str | None
    quarter: str | None
    latitude: float | None
    longitude: float | None
    note: str | None
    source: SourceView


class ContactView(View):
    kind: Literal["phone", "email", "website", "social"]
    value: str
    label: str | None
    source: SourceView


class ScheduleView(View):
    text: str
    osm: str | None
    confidence: Literal["exact", "partial", "vague"]
    exceptions: str | None
    source: SourceView
    now: Now


class EventView(View):
    title: str
    text: str
    start: str
    end: str
    source: SourceView


class PriceView(View):
    frais: Literal["gratuit", "payant"]
    text: str
    source: SourceView


class Card(View):
    """One action of the directory; every fact with its source and date, unknown facts null or empty."""

    id: str
    uuid: str
    kind: Literal["action", "faq"]
    title: str
    official_title: str | None
    organisation: str
    organisation_id: str
    organisation_description: str | None
    summary: str
    status: Literal["active", "finished", "upcoming", "unknown"]
    status_text: str | None
    next_edition: str | None
    audience: list[str]
    audience_text: str | None
    audience_gender: str | None
    quarters: list[str]
    conditions: str | None
    referral: str | None
    age_min: int | None
    age_max: int | None
    price: PriceView | None
    places: list[PlaceView]
    organisation_places: list[PlaceView] = Field(description="addresses of the organisation, when the action takes place elsewhere")
    contacts: list[ContactView]
    schedules: list[ScheduleView]
    now: Now
    events: list[EventView]
    programme_year: int | None
    sources: list[SourceView]
    verified_on: str | None
    themes: list[str]
    thematiques: list[str]
    volet: int | None
    section: str | None
    description: list[str]
    steps: list[str]
    content: list[str]
    duration: str | None
    frequency: str | None
    group_size: str | None
    levels: list[str]
    level_text: str | None
    diploma: str | None
    languages: str | None
    partners: list[str]
    keywords: list[str]


class QuickReplyView(View):
    title: str
    payload: str


class MessageView(View):
    text: str
    quick_replies: list[QuickReplyView]


class ChatAnswer(View):
    """The answer to one message. ``messages`` is complete without ``actions``."""

    conversation_id: str
    outcome: Outcome
    messages: list[MessageView]
    actions: list[Card]


class ActionPage(View):
    """One page of the directory; ``next`` is the cursor of the following page, or null."""

    total: int
    next: str | None
    items: list[Card]


class EvidenceView(View):
    """Why an action was found."""

    words: list[list[Any]] = Field(description="pairs: a word and its weight")
    phrasing: str | None
    likeness: float
    fits: list[dict[str, Any]]


class SearchHit(View):
    confidence: float
    evidence: EvidenceView
    action: Card


class SearchAnswer(View):
    """What a search found, best first; ``outside`` is the probability that nothing fits."""

    query: str
    decision: Literal["answer", "clarify", "unclear", "outside"]
    outside: float
    hits: list[SearchHit]


class ErrorBody(View):
    code: str
    message: str


class ErrorAnswer(View):
    """Every error has this shape, in French, with no internals."""

    error: ErrorBody
