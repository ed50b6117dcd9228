"""What belongs to no organisation: sources, help numbers, what is outside, broad needs; and their files."""

from typing import Literal

from pydantic import Field

from knowledge.schema.facts import Record, Slug, Source

# The first ones are those that the emergency detector tells apart (nlu/data/emergency.yml).
EmergencyKind = Literal[
    "medical", "fire", "violence", "violence-femmes", "suicide", "enfant", "sans-abri", "cyber", "sourd", "general", "victime",
    "administratif",
]  # fmt: skip


class HelpNumber(Record):
    """A national help or emergency number, shown for ``kinds`` of emergencies."""

    id: str = Slug
    number: str = Field(max_length=20)
    name: str
    for_whom: str
    how: str | None = Field(description="free? when? call, SMS, chat?")
    kinds: list[EmergencyKind] = []
    source: str = Slug


class OutsideTopic(Record):
    """A need that no action covers, so that it is recognised as such.

    ``door`` is who to ask instead: ``pimms`` (administrative matters), ``mairie`` (what the town
    hall runs), ``none`` (not a matter for a public service at all).
    """

    id: str = Slug
    title: str | None = Field(description="the topic in a few plain French words, as shown: « les impôts »; null: not named")
    door: Literal["pimms", "mairie", "none"]
    questions: list[str] = Field(min_items=1)


class BroadNeed(Record):
    """A need said so broadly that several actions may be meant: ``actions``, the usual doors first."""

    id: str = Slug
    actions: list[str] = Field(min_items=1)
    questions: list[str] = Field(min_items=1)


class SourcesFile(Record):
    """``knowledge/data/sources.yml``."""

    sources: list[Source]


class HelpNumbersFile(Record):
    """``knowledge/data/help_numbers.yml``."""

    help_numbers: list[HelpNumber]


class OutsideFile(Record):
    """``knowledge/data/outside.yml``."""

    outside: list[OutsideTopic]


class BroadNeedsFile(Record):
    """``knowledge/data/broad_needs.yml``."""

    broad_needs: list[BroadNeed]
