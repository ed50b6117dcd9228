"""What data.inclusion and HSDS say otherwise than we do: dates of sources, telephone numbers, one text for several."""

import json
import re
from collections.abc import Sequence
from typing import Any

import phonenumbers

from knowledge import schema

# Who we are for those who read our files; it begins our ids there.
PRODUCER = "passerelle-blois"
# The day that stands for « undated », where a date is required.
UNDATED = "2000-01-01"
_SUMMARY = 420
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s")


def as_json(content: Any) -> bytes:
    """The file: always the same for the same content."""
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def known_on(source: schema.Source, action: schema.Action | None = None) -> str:
    """The day of a record: of its verification, else the first that its source may mean, so that nothing looks newer than it is."""
    if action and action.verified_on:
        return action.verified_on.isoformat()
    published = source.published or UNDATED
    return published + "-01-01"[3 * published.count("-") :]


def newest_first(records: Sequence[Any], sources: dict[str, schema.Source]) -> list[Any]:
    """Where a format has room for one, the newest speaks."""
    return sorted(records, key=lambda record: sources[record.source].published or "", reverse=True)


def international(number: str) -> str:
    """A number as E.164; a short one (3919) as it is."""
    try:
        parsed = phonenumbers.parse(number, "FR")
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if phonenumbers.is_valid_number(parsed) else number


def national(number: str) -> str:
    """A number as it is written in France; what is none stays as it is, to be refused by the schema."""
    try:
        parsed = phonenumbers.parse(number, "FR")
    except phonenumbers.NumberParseException:
        return number
    if parsed.country_code != 33 or not phonenumbers.is_valid_number(parsed):
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


def one_text(action: schema.Action) -> str:
    """Everything that describes an action, a line each."""
    return "\n".join([action.summary, *action.description, *action.steps, *action.content])


def summary_and_lines(text: str) -> tuple[str, list[str]]:
    """The beginning of a text, short enough for a summary, and its further lines: the way back from ``one_text``; "" of a blank one."""
    first, *lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    if len(first) <= _SUMMARY:
        return first, lines
    summary = ""
    sentences = _SENTENCE_END.split(first)
    while sentences and len(summary) + 1 + len(sentences[0]) <= _SUMMARY:
        summary = f"{summary} {sentences.pop(0)}".strip()
    if not summary:
        cut = first.rfind(" ", 0, _SUMMARY)
        cut = cut if cut > 0 else _SUMMARY
        return first[:cut], [first[cut:].strip(), *lines]
    return summary, [" ".join(sentences), *lines]
