"""From the name of a response to French text: Jinja over the domain's responses.

Rasa's own ``{slot}`` templates cannot say "if there is a phone number"; Jinja is the field's
library for it. The wording is in ``bot/domain/responses/*.yml`` and ``bot/domain/macros.jinja``;
this module holds only the machinery and the French forms of dates and times (by Babel).
"""

import datetime as dt
import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml
from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined

DOMAIN = Path(__file__).parent / "domain"
_LOCALE = "fr"


def environment() -> Environment:
    """Return the Jinja environment of all resident-facing text (plain text: nothing is escaped here)."""
    env = Environment(loader=FileSystemLoader(DOMAIN), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    env.filters.update(hour=hour, day=day, when=when, enumerate_fr=enumerate_fr, first_contact=first_contact)
    return env


def hour(moment: str | dt.datetime) -> str:
    """« 17 h 30 », « 9 h »."""
    moment = dt.datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{moment.hour} h {moment.minute:02d}" if moment.minute else f"{moment.hour} h"


def day(moment: str | dt.date) -> str:
    """« lundi 23 novembre »."""
    moment = dt.date.fromisoformat(moment[:10]) if isinstance(moment, str) else moment
    return format_date(moment, "EEEE d MMMM", locale=_LOCALE).replace(" 1 ", " 1er ")


def when(published: str) -> str:
    """« 2021 », « mai 2019 », « 1er août 2024 », after the precision of an ISO date."""
    parts = [int(part) for part in published.split("-")]
    if len(parts) == 1:
        return published
    pattern = "MMMM y" if len(parts) == 2 else "d MMMM y"
    text = format_date(dt.date(*(parts + [1])[:3]), pattern, locale=_LOCALE)
    return text.replace("1 ", "1er ", 1) if text.startswith("1 ") else text


def enumerate_fr(items: Iterable[str], last: str = "et") -> str:
    """« a, b et c »."""
    items = list(items)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""


def first_contact(card: dict[str, Any], *kinds: str) -> dict[str, Any] | None:
    """The first contact of one of ``kinds``, in the order of the kinds."""
    return next((c for kind in kinds for c in card["contacts"] if c["kind"] == kind), None)


@functools.cache
def all_responses() -> dict[str, list[dict[str, Any]]]:
    """What rules (``responses``) and actions (``say``) may say, from ``bot/domain/responses``."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((DOMAIN / "responses").glob("*.yml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        found |= content.get("responses", {}) | content.get("say", {})
    return found


class Wording:
    """Compiled responses: ``render("say_answer", cards=…)`` gives text and buttons."""

    def __init__(self) -> None:
        env = environment()
        responses = self._responses = all_responses()
        self._compiled = {text: _renderer(env, text) for variations in responses.values() for v in variations for text in _texts(v)}

    def render(self, name: str, channel: str, data: dict[str, Any]) -> dict[str, Any]:
        """Return the response as Rasa's message dict (text, buttons, custom). Raises KeyError for an unknown name.

        Of several variations the one for this channel is taken, else the first without a channel.
        """
        variations = self._responses[name]
        chosen = next((v for v in variations if v.get("channel") == channel), None)
        chosen = chosen or next(v for v in variations if not v.get("channel"))
        buttons = [{key: self._compiled[b[key]](data).strip() for key in ("title", "payload")} for b in chosen.get("buttons", [])]
        text = self._compiled[chosen["text"]](data)
        return {
            "text": "\n".join(line.strip() for line in text.splitlines() if line.strip()),
            "buttons": [button for button in buttons if button["title"]],
            "custom": dict(chosen.get("custom") or {}),
        }


def _renderer(env: Environment, text: str) -> Callable[[dict[str, Any]], str]:
    """What renders ``text``; most buttons always say the same."""
    return env.from_string(text).render if "{" in text else lambda _data: text


def _texts(variation: dict[str, Any]) -> Iterable[str]:
    yield variation["text"]
    for button in variation.get("buttons", []):
        yield from (button["title"], button["payload"])
