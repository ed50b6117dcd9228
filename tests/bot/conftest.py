"""Engines of their own over the running services' model, directory and search."""

import datetime as dt
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from actions.registry import all_actions
from actions.services import Services as ActionServices
from api.wiring import Services
from bot.training import ensure_model
from knowledge.database import migrate, open_engine
from knowledge.schedules import PARIS

TUESDAY = dt.datetime(2026, 11, 24, 10, 0, tzinfo=PARIS)


@pytest.fixture
def open_rasa(services: Services) -> Iterator[Callable[..., Any]]:
    """Load one more engine, on the database ``url``."""
    opened: list[Engine] = []

    def start(url: str) -> Any:
        from bot.rasa_engine import RasaEngine

        opened.append(open_engine(url))
        migrate(opened[-1])
        actions = all_actions(ActionServices(services.store, services.search, lambda: TUESDAY))
        model = ensure_model(services.settings.var_dir, print)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SQLAlchemy 1.4 and Rasa deprecate while loading
            return RasaEngine(model, actions, services.store, opened[-1], now=lambda: TUESDAY)

    yield start
    for engine in opened:
        engine.dispose()
