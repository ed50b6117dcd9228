"""An action as an agent hands it on: whole as text, in one SMS, on paper. The wording is in ``templates/staff/*.txt``."""

import math
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
    """Return who, telephone, where and when in at most 300 characters, or as much as ``fits``; cut at a word's end.

    ``pimms``: whom to call when no contact is known (``api.pages.counter``). The age of the information is never cut.
    """
    card = _of_use_in_an_sms(card)
    wording, lines = _wording("sms.txt"), sheet(card)
    name = shorten(str(wording.name(lines)), _LONGEST_NAME, placeholder=_CUT)
    age = str(wording.age(card)).strip()
    for most in range(LONGEST_SMS - len(name) - len(age) - 2, 0, -1):
        facts = shorten(str(wording.facts(lines, pimms)), most, placeholder=_CUT)
        text = " ".join(part for part in (name, facts, age) if part)
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
