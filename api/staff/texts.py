"""An action as an agent hands it on: whole as text, in one SMS, on paper. The wording is in ``templates/staff/*.txt``."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from textwrap import shorten
from typing import Any
from urllib.parse import quote

import segno

from api.pages import templates
from api.web.sheet import Line, Sheet, sheet
from knowledge.schedules import now_in_paris
from knowledge.settings import Settings

LONGEST_SMS = 300
# Longer than this, programs cut the text of a mailto or sms address.
_LONGEST_LINKED = 1900
# Of these, so many at most for the title and the organisation: the telephone number behind them is never cut.
_LONGEST_NAME = 160
_CUT = "…"
_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[^\W\d_a-z\u00e0-\u00ff])")  # « Tél. 02… » and « 3 av. de… » go on
_ON_PAPER = ("title", "organisation", "notice", "summary", "phone", "event", "place", "schedule", "audience", "price", "source")
_LENGTHS = {"short": 850, "long": 1150, "longest": math.inf}


@dataclass(frozen=True)
class Printed:
    """A sheet for paper; ``address`` is the public page's, ``code`` its QR code as a data address.

    ``length`` names the size of type (``static/print.css``) at which it fits on one page.
    """

    sheet: Sheet
    length: str
    address: str
    code: str


def text(card: Mapping[str, Any]) -> str:
    """Return everything a person needs of ``card`` (``api.views.card``), line by line, with its sources."""
    return str(_wording("text.txt").whole(sheet(card))).strip()


def sms(card: Mapping[str, Any], pimms: Sequence[Line] = (), fits: Callable[[str], bool] = lambda text: len(text) <= LONGEST_SMS) -> str:
    """Return who, telephone, where and when in at most 300 characters, or as much as ``fits``; cut between sentences where it can be.

    ``pimms``: whom to call when no contact is known (``api.pages.counter``). The age of the information is never cut.
    """
    card = _of_use_in_an_sms(card)
    wording, lines = _wording("sms.txt"), sheet(card)
    name = shorten(str(wording.name(lines)), _LONGEST_NAME, placeholder=_CUT)
    facts, known = [fact for fact in map(str.strip, str(wording.facts(lines, pimms)).split("\n")) if fact], age(card)
    for most in range(LONGEST_SMS - len(name) - len(known) - 2, 0, -1):
        text = " ".join(part for part in (name, _first_of(facts, most), known) if part)
        if fits(text):
            break
    return text


def _of_use_in_an_sms(card: Mapping[str, Any]) -> dict[str, Any]:
    """``card`` without what costs room and tells nobody where or when to go.

    That is: dates gone by of what goes on, an abbreviation alone as a place, the town after a name that ends with it.
    """
    today, ended = now_in_paris().date().isoformat(), card["status"] == "finished"
    events = [event for event in card["events"] if ended or event["end"] >= today]
    places = [place for place in card["places"] if place["address"] or place["city"] or not (place["name"] or "").isupper()]
    return {**card, "events": events, "places": [_town_once(place) for place in places]}


def _town_once(place: Mapping[str, Any]) -> Mapping[str, Any]:
    repeated = place["city"] and not place["address"] and (place["name"] or "").endswith(place["city"])
    return {**place, "city": None, "postal_code": None} if repeated else place


def age(card: Mapping[str, Any]) -> str:
    """Return how old the information is, with what to do about it; nothing when somebody verified it, or it is not known."""
    return str(_wording("sms.txt").age(card)).strip()


def brief(card: Mapping[str, Any]) -> list[str]:
    """Return what ``line`` leaves out, to add as there is room: a contact, where, who, when; empty what is not known."""
    return [fact.strip() for fact in str(_wording("sms.txt").brief(sheet(card), card)).split("\n")]


def _first_of(facts: Sequence[str], most: int) -> str:
    """Join as many sentences as ``most`` characters hold. Only the first sentence of a fact is cut: half of it says more than nothing."""
    text = ""
    for fact in facts:
        for place, sentence in enumerate(_SENTENCE_END.split(fact)):
            longer = f"{text} {sentence}".strip()
            if len(longer) > most:
                cut = shorten(longer, most, placeholder=_CUT) if most else ""
                return cut if not place and len(cut) > len(text) + len(_CUT) else text
            text = longer
    return text


def line(card: Mapping[str, Any], longest: int) -> str:
    """Return what is done and its telephone, for a list; the telephone is never cut."""
    return str(_wording("sms.txt").line(sheet(card), longest, _CUT)).strip()


def fits_link(text: str) -> bool:
    """True when a link that opens an e-mail or an SMS can hold ``text``; a longer one is to be copied."""
    return len(quote(text)) <= _LONGEST_LINKED


def printed(settings: Settings, card: Mapping[str, Any]) -> Printed:
    """Return ``card`` for paper, with the way back to its public page."""
    address = f"{settings.public_url.rstrip('/')}/annuaire/{card['id']}"
    code = segno.make_qr(address, error="m").svg_data_uri(border=4, dark="#000", light="#fff")
    lines = sheet(card)
    characters = sum(len(line.text or "") + len(line.note or "") for slot in _ON_PAPER for line in lines[slot] or [])
    length = next(name for name, most in _LENGTHS.items() if characters <= most)
    return Printed(lines, length, address, code)


@cache
def _wording(name: str) -> Any:
    # Plain text, for an SMS or an e-mail: what goes into a page is escaped there.
    return templates.env.overlay(autoescape=False).get_template(f"staff/{name}").module
