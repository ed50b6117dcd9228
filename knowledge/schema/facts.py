"""Single facts, each of which names the source it was read in."""

import datetime as dt
import re
from typing import Literal

from pydantic import BaseModel, Extra, Field, root_validator, validator
from pydantic.errors import PydanticValueError

Slug = Field(regex=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)

Quarter = Literal["quartiers-nord", "quiniere", "cornillettes", "croix-chevalier", "coty", "kennedy", "mirabeau", "begon"]


class Record(BaseModel):
    """A table row of the YAML: unknown keys are errors, strings are stripped."""

    class Config:
        extra = Extra.forbid
        anystr_strip_whitespace = True
        min_anystr_length = 1


class Refused(PydanticValueError):
    """A value that contradicts itself or another. ``reason`` is a code, for wording in French elsewhere.

    ``field`` is where a form says it, when a whole record is refused.
    """

    code = "refused"
    msg_template = "{message}"

    def __init__(self, reason: str, message: str, field: str | None = None) -> None:
        super().__init__(reason=reason, message=message, field=field)


class Source(Record):
    """Where a fact was read, or who told it. ``published`` is the date as the source gives it, or null.

    What somebody told (``kind`` other than ``page`` and ``document``) says who and on which day;
    ``told_by`` is for the staff and never shown to residents.
    """

    id: str = Slug
    kind: Literal["page", "document", "phone", "email", "letter", "visit"] = "page"
    title: str
    told_by: str | None = Field(description="who said it, and what they do there")
    url: str | None = Field(regex=r"^https?://")
    published: str | None = Field(description="'2021', '2024-08-01', '2019-05'… ; null when undated", regex=r"^\d{4}(-\d\d){0,2}$")
    published_note: str | None
    primary: bool = False

    @validator("published")
    def _is_a_date(cls, value: str | None) -> str | None:
        try:
            dt.date.fromisoformat((value or "2024") + "-01-01"[3 * (value or "").count("-") :])
        except ValueError:
            raise Refused("not_a_day", f"« {value} » is no date of the calendar") from None
        return value

    @root_validator(skip_on_failure=True)
    def _says_who_told(cls, values: dict) -> dict:
        if values["kind"] not in ("page", "document"):
            if not values.get("told_by"):
                raise Refused("told_by_missing", "what was told needs told_by: who said it", "told_by")
            if len(values.get("published") or "") != len("2024-08-01"):
                raise Refused("told_on_missing", "what was told needs the day: published: 2024-08-01", "published")
        return values


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
            example = "expected e.g. 02 54 44 50 50, nom@exemple.fr, https://…"
            raise Refused(f"not_{kind}", f"« {value} » is not a {kind}; {example}")
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
            raise Refused("place_nowhere", "a place needs a name or an address", "name")
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
            reason = "osm is only allowed with confidence: exact (a vague schedule must never become « open now »)"
            raise Refused("osm_not_exact", reason, "confidence")
        if values.get("valid_from") and values.get("valid_to") and values["valid_from"] > values["valid_to"]:
            raise Refused("dates_reversed", "valid_from is after valid_to", "valid_to")
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
            raise Refused("dates_reversed", "end is before start", "end")
        return values


class Price(Record):
    """What it costs, only where a source says so."""

    frais: Literal["gratuit", "payant"]
    text: str
    source: str = Slug
