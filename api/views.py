"""Cards of the API: the facts of ``knowledge.cards`` with the French wording of their states."""

import datetime as dt
from collections.abc import Iterable
from functools import cache
from typing import Any

from api.wiring import Services
from bot.wording import environment
from knowledge import cards as facts
from knowledge.directory import Directory, Entry
from knowledge.schedules import PARIS


@cache
def _phrases() -> Any:
    """The macros of ``bot/domain/macros.jinja``."""
    return environment().get_template("macros.jinja").module


def card(entry: Entry, directory: Directory, at: dt.datetime | None = None) -> dict[str, Any]:
    """Return one action as the contract's card; opening states are for ``at`` (default: now)."""
    view = facts.card(directory, entry, at or dt.datetime.now(PARIS))
    for now in [view["now"], *(schedule["now"] for schedule in view["schedules"])]:
        now["text"] = str(_phrases().state(now)).strip() or None
    return view


def cards(services: Services, action_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Return the cards of these ids, in order; an id removed meanwhile is left out."""
    directory = services.store.current()
    return [card(directory.by_id[action_id], directory) for action_id in action_ids if action_id in directory.by_id]
