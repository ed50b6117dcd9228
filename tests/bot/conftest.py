"""Engines of their own over the running services' model, directory and search."""

import warnings
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from actions.registry import all_actions
from actions.services import Services as ActionServices
from api.wiring import Services
from bot.training import ensure_model
from bot.wording import all_responses
from knowledge.database import migrate, open_engine
from knowledge.directory import Directory
from tests.bot.said import MOMENTS, TUESDAY, directory_of_files


@pytest.fixture
def open_rasa(services: Services) -> Iterator[Callable[..., Any]]:
    """Load one more engine, on the database ``url``."""
    opened: list[Engine] = []

    def start(url: str) -> Any:
        from bot.rasa_engine import RasaEngine

        opened.append(open_engine(url))
        migrate(opened[-1])
        actions = all_actions(ActionServices(services.store, services.search, lambda: TUESDAY))
        model = ensure_model(services.settings.var_dir, services.secret_key, print)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SQLAlchemy 1.4 and Rasa deprecate while loading
            return RasaEngine(model, actions, services.store, opened[-1], now=lambda: TUESDAY)

    yield start
    for engine in opened:
        engine.dispose()


@pytest.fixture(scope="module")
def directory() -> Directory:
    return directory_of_files()


@pytest.fixture(scope="module")
def responses() -> dict[str, list[dict]]:
    """Everything that can be said: by rules, and by actions."""
    return all_responses()


@pytest.fixture(scope="module")
def render(directory: Directory):
    from bot.rasa_engine import JinjaResponses

    renderers = {}
    for name, at in MOMENTS.items():
        renderers[name] = JinjaResponses(store=SimpleNamespace(current=lambda: directory), now=lambda at=at: at)

    def say(name: str, shown: tuple[str, ...] = (), moment: str = "a Tuesday morning", **data: Any) -> dict[str, Any]:
        return renderers[moment].render(name, "web", {"shown": list(shown), **data})

    return say
