"""Answers as SMS: at most two segments each, the essential first, the rest for « PLUS ». Providers inherit the rest."""

import re
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
_MOST_LISTED = 3
# What a tapped button of this action sends.
_CHOOSE = '/choose_nth{{"action_id": "{}"}}'
# Numbers without a country are those of the operator's own.
_OPERATORS_REGION = "FR"
_SURCHARGED = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN, PhoneNumberType.PAGER}
# Beside these no other words are commands; people write "aide" and mean it.
_COMMANDS: dict[str, Command] = {
    "STOP": "stop", "ARRET": "stop", "START": "start", "PLUS": "more", "CONTACT": "contact", "RAPPEL": "call",
    "EFFACER": "erase",
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
        clarifies = reply.outcome == "clarify"
        if reply.read == "need" and cards and gsm.is_gsm(gsm.spell(whole)):
            # What asks with answers of its own asks after the list; what asks for one of the list has asked by its numbers.
            asks = clarifies and not any(_names_action(quick) for quick in choices)
            rest = _words_of(whole, choices if asks else [])
            several = clarifies or len(reply.messages) > 1
            return [_several(cards[:_MOST_LISTED]) if several else _one(cards[0], choices, self._pimms()), *rest]
        if reply.outcome == "handoff":
            return _words_of(f"{whole}\n{_wording().call()}", [])
        return _words_of(whole, choices if clarifies else _numbered_in(whole, choices))

    def plain(self, text: str) -> list[Body]:
        # All parts leave at once: none has to be asked for.
        return [{"text": part} for part in gsm.chunks(gsm.spell(text), MOST_SEGMENTS)]

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


def international(number: str) -> str:
    """Return ``number`` as E.164 when it is one as French operators write it: 06…, 336…, 00336…; else as it is."""
    for written, region in ((number, _OPERATORS_REGION), (f"+{number}", None)):
        try:
            parsed = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    return number


def emergency(whole: str, text_number: str | None) -> str:
    """Return one segment: as many sentences as fit, the number to call first, and the one that takes SMS."""
    lines = gsm.spell(whole).split("\n")
    by_sms = [""]
    if text_number and not _has_number(lines[0], text_number):
        lines = [line for line in lines if not _has_number(line, text_number)]
        by_sms = [gsm.spell(wording(text_number)) for wording in (_wording().by_sms, _wording().by_sms_short)]
    # A shorter last line rather than one number less to call.
    for count in range(len(lines), 0, -1):
        for last in by_sms:
            text = "\n".join([*lines[:count], last]).rstrip()
            if gsm.segments(text) == 1:
                return text
    # Not even the first sentence fits: as many of its words as do, or letters.
    first, room = lines[0], f"\n{by_sms[-1]}".rstrip()
    words = first.split(" ")
    shorter = [*(" ".join(words[:count]) for count in range(len(words), 0, -1)), *(first[:size] for size in range(len(first), -1, -1))]
    return next(text + room for text in shorter if gsm.segments(text + room) == 1)


def _has_number(text: str, number: str) -> bool:
    """True when ``number`` stands there as a whole: 114 is not in 3114."""
    return re.search(rf"(?<!\d){re.escape(number)}(?!\d)", text) is not None


def _names_action(quick: QuickReply) -> bool:
    return "action_id" in quick.payload


def _one(card: Mapping[str, Any], choices: Sequence[QuickReply], pimms: Sequence[Line]) -> Body:
    """Who, telephone, where, when of the best; others by number while they fit."""
    more = gsm.spell(_wording().more())
    essential = texts.sms(card, pimms, lambda text: gsm.segments(f"{gsm.spell(text)} {more}") <= MOST_SEGMENTS)
    text = f"{gsm.spell(essential)} {more}"
    numbers: list[str] = []
    for quick in filter(_names_action, choices):
        longer = text.removesuffix(more) + f"{len(numbers) + 1} {gsm.spell(quick.title)}. {more}"
        if gsm.segments(longer) > MOST_SEGMENTS:
            break
        text, numbers = longer, [*numbers, quick.payload]
    return {"text": text, "choices": numbers}


def _several(cards: Sequence[Mapping[str, Any]]) -> Body:
    """The best by number, each with its telephone, then of each in turn what fits: where, who, when."""
    check = any(texts.age(card) for card in cards)
    foot = gsm.spell(f"{_wording().check() if check else ''} {_wording().choose(len(cards))} {_wording().more()}")

    def joined(lines: list[str]) -> str:
        return "\n".join([*lines, foot])

    for longest in (200, 90, 70, 60, 50, 40, 30):
        lines = [f"{number} {gsm.spell(texts.line(card, longest))}." for number, card in enumerate(cards, 1)]
        if gsm.segments(joined(lines)) <= MOST_SEGMENTS:
            break
    for facts in zip(*(texts.brief(card) for card in cards), strict=True):
        for at, fact in enumerate(facts):
            longer = [*lines[:at], f"{lines[at]} {gsm.spell(fact)}".rstrip(), *lines[at + 1 :]]
            if gsm.segments(joined(longer)) <= MOST_SEGMENTS:
                lines = longer
    return {"text": joined(lines), "choices": [_CHOOSE.format(card["id"]) for card in cards]}


def _words_of(text: str, choices: Sequence[QuickReply]) -> list[Body]:
    """``text`` in as many SMS as it takes. The choices go with what shows them: with the lines of ``text`` that number
    them, the others with the question (its last line), never over two SMS.
    """
    hint = f" {gsm.spell(_wording().more())}"
    numbered = _numbered_in(text, choices)
    payloads = [quick.payload for quick in choices]
    others = [f"{number} {gsm.spell(quick.title)}" for number, quick in enumerate(choices, 1) if quick not in numbered]
    if not others:
        return _with_choices(gsm.chunks(gsm.spell(text), MOST_SEGMENTS, hint), payloads, numbered)
    together = gsm.spell("\n".join([text, *others]))
    if gsm.segments(together) <= MOST_SEGMENTS:
        return [{"text": together, "choices": payloads}]
    head, _, question = gsm.spell(text).rpartition("\n")
    if gsm.segments("\n".join([question, *others])) > MOST_SEGMENTS:
        head, question = gsm.spell(text), ""
    last = "\n".join([question, *others]).strip()
    before = gsm.chunks(head, MOST_SEGMENTS, hint, goes_on=True)
    return [*_with_choices(before, payloads, numbered), {"text": gsm.cut(last, MOST_SEGMENTS), "choices": payloads}]


def _with_choices(parts: Sequence[str], payloads: list[str], numbered: Sequence[QuickReply]) -> list[Body]:
    """Give the payloads to the parts in which a choice has its number."""
    bodies: list[Body] = [{"text": part} for part in parts]
    for body in bodies:
        if _numbered_in(body["text"], numbered):
            body["choices"] = payloads
    return bodies


def _numbered_in(text: str, choices: Sequence[QuickReply]) -> list[QuickReply]:
    """Return the choices that ``text`` itself names by their number, such as « 2. Cours de danse (…) »."""
    lines = gsm.spell(text).split("\n")
    found = [(f"{number}. {gsm.spell(quick.title)}", quick) for number, quick in enumerate(choices, 1)]
    return [quick for start, quick in found if any(line.startswith(start) for line in lines)]


@cache
def _wording() -> Any:
    return templates.env.overlay(autoescape=False).get_template("channels/sms.txt").module
