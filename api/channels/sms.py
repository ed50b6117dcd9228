"""Answers as SMS: at most two segments each, the essential first, the rest for « PLUS ». Providers inherit the rest."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberType

from api.channels import gsm
from api.channels.port import Body, Channel, Command
from api.pages import templates
from api.staff import texts
from api.web.sheet import Line
from bot.engine import QuickReply, Reply

MOST_SEGMENTS = 2
_SURCHARGED = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN, PhoneNumberType.PAGER}
# Beside these no other words are commands; people write "aide" and mean it.
_COMMANDS: dict[str, Command] = {
    "STOP": "stop", "ARRET": "stop", "START": "start", "PLUS": "more", "CONTACT": "contact", "RAPPEL": "call",
}  # fmt: skip


class SmsChannel(Channel):
    """What all providers of SMS share.

    ``text_number`` returns the number of emergencies by SMS, ``pimms`` whom to call where no contact is known, both from the directory.
    """

    name = "sms"
    at_once = 1
    confirms = True
    commands = _COMMANDS

    def __init__(self, text_number: Callable[[], str | None], countries: str, pimms: Callable[[], Sequence[Line]] = tuple) -> None:
        self._text_number = text_number
        self._pimms = pimms
        self._countries = {country.strip().upper() for country in countries.split(",") if country.strip()}

    def render(self, reply: Reply, cards: Sequence[Mapping[str, Any]]) -> list[Body]:
        whole = "\n".join(said.text for said in reply.messages)
        if reply.outcome == "emergency":
            return [{"text": emergency(whole, self._text_number())}]
        choices = [quick for said in reply.messages for quick in said.quick_replies]
        if reply.read == "need" and cards and gsm.is_gsm(gsm.spell(whole)):
            if reply.outcome == "clarify":
                return _several(cards, choices, whole)
            return _one(cards[0], choices, whole, self._pimms())
        if reply.outcome == "handoff":
            return _words_of(f"{whole}\n{_wording().call()}", [])
        return _words_of(whole, choices if reply.outcome == "clarify" else [])

    def plain(self, text: str) -> list[Body]:
        return _words_of(text, [])

    def attachment(self) -> list[Body]:
        return self.plain(_wording().attachment())

    def cost(self, body: Body) -> int:
        return gsm.segments(body["text"])

    def accepts(self, sender: str) -> bool:
        return may_be_written_to(sender, self._countries)


def may_be_written_to(number: str, countries: set[str]) -> bool:
    """True for a valid number (E.164) of these countries that costs no surcharge: no short code, no name, no premium number."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    known = phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) not in _SURCHARGED
    return known and phonenumbers.region_code_for_number(parsed) in countries


def emergency(whole: str, text_number: str | None) -> str:
    """Return one segment: as many sentences as fit, the number to call first, and the one that takes SMS."""
    spelt = gsm.spell(whole)
    by_sms = gsm.spell(_wording().by_sms(text_number)) if text_number and text_number not in spelt.split("\n")[0] else ""
    lines = [line for line in spelt.split("\n") if not (by_sms and text_number and text_number in line)]
    for count in range(len(lines), 0, -1):
        text = "\n".join([*lines[:count], *([by_sms] if by_sms else [])])
        if gsm.segments(text) == 1:
            return text
    room = f"\n{by_sms}" if by_sms else ""
    return gsm.chunks(lines[0], 1, room)[0].removesuffix(room) + room


def _one(card: Mapping[str, Any], choices: Sequence[QuickReply], whole: str, pimms: Sequence[Line]) -> list[Body]:
    """Who, telephone, where, when of the best; others by number while they fit; everything else for « PLUS »."""
    rest = _words_of(whole, [])
    more = gsm.spell(_wording().more())
    essential = texts.sms(card, pimms, lambda text: gsm.segments(f"{gsm.spell(text)} {more}") <= MOST_SEGMENTS)
    text = f"{gsm.spell(essential)} {more}"
    numbers: list[str] = []
    for quick in (quick for quick in choices if "action_id" in quick.payload):
        longer = text.removesuffix(more) + f"{len(numbers) + 1} {gsm.spell(quick.title)}. {more}"
        if gsm.segments(longer) > MOST_SEGMENTS:
            break
        text, numbers = longer, [*numbers, quick.payload]
    return [{"text": text, "choices": numbers}, *rest]


def _several(cards: Sequence[Mapping[str, Any]], choices: Sequence[QuickReply], whole: str) -> list[Body]:
    """The best by number, each with its telephone; the whole answer for « PLUS »."""
    named = {card["id"]: card for card in cards}
    offered = [(quick, card) for quick in choices for id_, card in named.items() if f'"{id_}"' in quick.payload]
    if not offered:
        return _words_of(whole, choices)
    foot = gsm.spell(f"{_wording().choose(len(offered))} {_wording().more()}")
    for longest in (200, 90, 70, 60, 50, 40, 30):
        lines = [f"{number} {gsm.spell(texts.line(card, longest))}" for number, (_, card) in enumerate(offered, 1)]
        text = "\n".join([*lines, foot])
        if gsm.segments(text) <= MOST_SEGMENTS:
            break
    return [{"text": text, "choices": [quick.payload for quick, _ in offered]}, *_words_of(whole, [])]


def _words_of(text: str, choices: Sequence[QuickReply]) -> list[Body]:
    """``text`` in as many SMS as it takes, the choices by number in the last one."""
    numbered = "\n".join(f"{number} {quick.title}" for number, quick in enumerate(choices, 1))
    parts = gsm.chunks(gsm.spell(f"{text}\n{numbered}"), MOST_SEGMENTS, f" {gsm.spell(_wording().more())}")
    bodies: list[Body] = [{"text": part} for part in parts]
    if bodies and choices:
        for body in bodies:
            body["choices"] = [quick.payload for quick in choices]
    return bodies


@cache
def _wording() -> Any:
    return templates.env.overlay(autoescape=False).get_template("channels/sms.txt").module
