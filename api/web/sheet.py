"""A card as lines to show: what stands in each slot of ``templates/card.html``.

``scripts/cards.js`` has the same function for answers that arrive by script; a browser test holds
the two together. A slot that is ``None`` is left out; an empty list is a fact nobody published,
which the template says.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.web.links import href

_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_FIRST_OF_MONTH = "1er"


@dataclass(frozen=True)
class Line:
    """One line of a slot, with its own remark and where it was read.

    ``state`` is a keyword for the style, and for the wording when there is no text.
    """

    text: str | None = None
    href: str | None = None
    note: str | None = None
    origin: str | None = None
    state: str | None = None


Sheet = dict[str, list[Line] | None]


class _Blank(dict):
    """Every slot with one empty line: the sheet of the pattern that the script clones."""

    def __missing__(self, _slot: str) -> list[Line]:
        return [Line("", "", "", "", "")]


BLANK = _Blank(blank=True)


def sheet(card: Mapping[str, Any]) -> Sheet:
    """Return the lines of every slot of ``card`` (an item of ``actions`` in the chat's answer)."""
    finished = card["status"] == "finished"
    # What nobody knows to go on is to be checked, unless somebody did.
    is_settled = card["status"] == "active" or (card["status"] == "unknown" and card["verified_on"])
    is_service = card["kind"] == "action" and not finished
    # Where one source gives everything, it is named once, at the foot of the card.
    origin = source_text if len(card["sources"]) > 1 else _nothing
    contacts = [(c["kind"], Line(_shown(c["value"]), href(c["value"]), c["label"], origin(c["source"]))) for c in card["contacts"]]
    price = [card["price"]] if card["price"] else []
    now = card["now"]
    return {
        "title": [Line(card["title"], f"/annuaire/{card['id']}")],
        "organisation": _lines(card["organisation"]),
        "now": [Line(now["text"], state=now["state"])] if now["text"] and now["state"] != "unknown" else None,
        "status": [Line(state=card["status"])] if card["kind"] == "action" and not is_settled else None,
        "summary": _lines(card["summary"]),
        "notice": _lines(card["status_text"], card["next_edition"]),
        "phone": [line for kind, line in contacts if kind == "phone"],
        "event": [Line(_join(e["title"], e["text"], by=" : "), origin=origin(e["source"])) for e in card["events"]],
        "place": _unless_known(is_service, [Line(_address(p), note=p["note"], origin=origin(p["source"])) for p in card["places"]]),
        "schedule": _unless_known(
            is_service, [Line(s["text"], note=s["exceptions"], origin=origin(s["source"])) for s in card["schedules"]]
        ),
        "audience": _lines(card["audience_text"], card["conditions"]),
        "referral": _lines(card["referral"]),
        "price": _unless_known(is_service, [Line(p["text"], origin=origin(p["source"])) for p in price]),
        "contact": [line for kind, line in contacts if kind != "phone"],
        "description": _lines(*card["description"]),
        "content": _lines(*card["content"]),
        "steps": _lines(*card["steps"]),
        "duration": _lines(card["duration"]),
        "frequency": _lines(card["frequency"]),
        "group": _lines(card["group_size"]),
        "level": _lines(card["level_text"]),
        "diploma": _lines(card["diploma"]),
        "language": _lines(card["languages"]),
        "partner": _lines(*card["partners"]),
        "source": [Line(source_text(s), s["url"]) for s in card["sources"]],
        "verified": _lines(french_date(card["verified_on"])),
    }


def french_date(value: str | dt.date | None) -> str | None:
    """Return « 1er août 2024 », « mai 2019 » or « 2021 » for what a source gives as its date."""
    if not value:
        return None
    year, month, day = (str(value)[:10].split("-") + [None, None])[:3]
    named_day = day and (_FIRST_OF_MONTH if int(day) == 1 else str(int(day)))
    return _join(named_day, month and _MONTHS[int(month) - 1], year, by=" ")


def _lines(*texts: str | None) -> list[Line]:
    return [Line(text) for text in texts if text]


def _unless_known(is_service: bool, lines: list[Line]) -> list[Line] | None:
    """No line is worth a « non connu » only where a person could still go there."""
    return lines or ([] if is_service else None)


def _join(*parts: str | None, by: str = ", ") -> str | None:
    return by.join(part for part in parts if part) or None


def _nothing(_source: Mapping[str, Any]) -> None:
    return None


def source_text(source: Mapping[str, Any]) -> str | None:
    """Title and date of a source (``knowledge.cards.source_view``), as shown beside a fact."""
    # The note is the more exact of the two: « saison 2022-2023 », « page non datée ».
    return _join(source["title"], source.get("published_note") or french_date(source.get("published")))


def _shown(value: str) -> str:
    """A web address without what nobody says aloud."""
    return re.sub(r"^https?://(www\.)?|/$", "", value)


def _address(place: Mapping[str, Any]) -> str | None:
    name, address = place["name"], place["address"]
    named = name and address and address.lower() in name.lower()
    return _join(name, None if named else address, _join(place["postal_code"], place["city"], by=" "))
