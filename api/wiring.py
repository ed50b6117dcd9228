"""Where the parts are joined: settings in, a running assistant out."""

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.engine import Engine
from sqlalchemy.orm import sessionmaker
from threadpoolctl import threadpool_limits

from actions.registry import all_actions
from actions.services import Services as ActionServices
from api.opening import complete_channels, find_redis
from bot.activation import ModelWatch, model_to_serve
from bot.engine import DialogueEngine
from bot.phrasings import taught_by
from knowledge.directory import DirectoryStore
from knowledge.figures.events import Publisher
from knowledge.opening import open_knowledge, secret_key
from knowledge.schedules import now_in_paris
from knowledge.search import Search
from knowledge.settings import Settings
from nlu import languages
from nlu.french.meaning import meaning

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ground:
    """What is there within seconds, without a model: enough to take in what providers hand over."""

    settings: Settings
    sessions: sessionmaker
    store: DirectoryStore
    secret_key: str
    database: Engine


class NotOpened(Exception):
    """Another process opens the services: this one has only the ground, and is told to end."""


@dataclass(frozen=True)
class Services(Ground):
    """What requests need. Made once at start by ``open_services``."""

    search: Search
    engine: DialogueEngine
    models: ModelWatch
    broker: Publisher | None = None


def open_ground(settings: Settings) -> Ground:
    """Open what needs no model. Raises KnowledgeError, BadSettings."""
    key = secret_key(settings)
    find_redis(settings)
    complete_channels(settings)
    database, factory, store = open_knowledge(settings)
    return Ground(settings, factory, store, key, database)


def open_services(
    settings: Settings,
    say: Callable[[str], None] = logger.info,
    now: Callable[[], dt.datetime] = now_in_paris,
    early: Callable[[Ground], None] | None = None,
) -> Services:
    """Open everything, training the model when needed; hand the ground to ``early`` before that.

    Raises KnowledgeError, TrainingFailed, BadSettings.
    """
    ground = open_ground(settings)
    factory, store, database = ground.sessions, ground.store, ground.database
    if early:
        early(ground)
    model = model_to_serve(factory, settings.var_dir, ground.secret_key, taught_by(store.current()), say)
    # Rows of one message are small: a second thread of the linear algebra would only wait, at full speed.
    threadpool_limits(1)
    search = Search(store, settings.var_dir / "search", ground.secret_key)
    started = time.monotonic()
    # Fitting the search is numpy, importing Rasa is disk: together they take little more than one.
    beside = [threading.Thread(target=_fit, args=(search,)), threading.Thread(target=languages.wake)]
    for thread in beside:
        thread.start()
    from bot.rasa_engine import RasaEngine  # some seconds of imports: only once everything else is known to work

    engine = RasaEngine(model, all_actions(ActionServices(store, search, now)), store, database, settings.redis_url, now)
    for thread in beside:
        thread.join()
    say(f"Ready: {len(store.current().entries)} actions, loaded in {time.monotonic() - started:.0f} s.")
    models = ModelWatch(factory, settings.var_dir, ground.secret_key, model, engine.renew)
    return Services(settings, factory, store, ground.secret_key, database, search, engine, models, _broker(settings))


def _fit(search: Search) -> None:
    meaning("")  # loads the encoder, which the first message would wait for
    search.fit()


def _broker(settings: Settings) -> Publisher | None:
    if not settings.broker_url:
        return None
    from bot.rasa_broker import FigureBroker  # Rasa, which is loaded by now

    return FigureBroker(settings.broker_url)
