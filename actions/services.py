"""What every action needs of the knowledge base, handed in by whoever runs the actions."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from knowledge.directory import DirectoryStore
from knowledge.opening import open_knowledge, secret_key
from knowledge.schedules import now_in_paris
from knowledge.search import Search
from knowledge.settings import Settings


@dataclass(frozen=True)
class Services:
    """The directory, the search over it, and the clock (Paris time)."""

    store: DirectoryStore
    search: Search
    now: Callable[[], dt.datetime] = now_in_paris


@cache
def services_from_environment() -> Services:
    """Open the knowledge base for a stock ``rasa run actions``, which makes actions without arguments."""
    settings = Settings()
    _, _, store = open_knowledge(settings)
    return Services(store, Search(store, settings.var_dir / "search", secret_key(settings)))
