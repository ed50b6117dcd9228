"""What an answer lets the person do, on either platform: numbers to call, pages to open, choices to tap."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.channels.meta.words import label
from api.web.links import href, pattern
from bot.engine import QuickReply, Reply

# The command that puts a person into the queue of the agents (``api.channels.port.Command``).
CALL = "RAPPEL"
_SCHEME = re.compile(r"^(tel|sms):(\+?\d+)$")
_E164 = re.compile(r"^\+33[1-9]\d{8}$")


@dataclass(frozen=True)
class Number:
    """A help number as it is written (« 15 », « 116 006 »), in the form that is dialled, and whether it takes SMS."""

    shown: str
    dialled: str
    by_sms: bool


def help_numbers(reply: Reply, known: Iterable[str]) -> list[Number]:
    """Return the help numbers that ``reply`` names, in its order."""
    known = {re.sub(r"\D", "", number): number for number in known}
    found: dict[str, Number] = {}
    for said in reply.messages:
        for match in re.finditer(pattern(known.values()), said.text, re.ASCII):
            digits = re.sub(r"\D", "", match.group())
            if digits in known and (target := _SCHEME.match(href(match.group()))):
                found.setdefault(digits, Number(known[digits], digits, target[1] == "sms"))
    return list(found.values())


def telephone(card: Mapping[str, Any]) -> str | None:
    """Return the first telephone number of a card that can be dialled as +33…; None when there is none."""
    numbers = (href(contact["value"]).removeprefix("tel:") for contact in card["contacts"] if contact["kind"] == "phone")
    return next((number for number in numbers if _E164.match(number)), None)


def page_of(public_url: str, path: str) -> str | None:
    """Return the address of one of our pages; None where we are not reached by https, the only kind the platforms open."""
    return f"{public_url.rstrip('/')}{path}" if public_url.startswith("https://") else None


def choices(reply: Reply) -> list[QuickReply]:
    """Return the quick replies of all bubbles, each payload once: on these platforms they stand under the last one.

    Where a person is named to turn to, an agent may also answer here: that is first.
    """
    to_agent = [QuickReply(label("agent"), CALL)] if reply.outcome == "handoff" else []
    offered = [*to_agent, *(quick for said in reply.messages for quick in said.quick_replies)]
    return list({quick.payload: quick for quick in offered}.values())


def chooses(quick: QuickReply, cards: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the id of the card that a quick reply leads to, such as ``/choose_nth{"action_id": "…"}``; None for others."""
    return next((card["id"] for card in cards if f'"{card["id"]}"' in quick.payload), None)
