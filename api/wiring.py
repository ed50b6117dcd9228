"""Where the parts are joined: settings in, a running assistant out."""

import datetime as dt
import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import redis
from sqlalchemy.engine import Engine
from sqlalchemy.orm import sessionmaker
from threadpoolctl import threadpool_limits

from actions.registry import all_actions
from actions.services import Services as ActionServices
from bot.engine import DialogueEngine
from bot.training import ensure_model
from knowledge.database import migrate, open_engine, sessions
from knowledge.directory import DirectoryStore
from knowledge.loader import load_if_empty
from knowledge.schedules import now_in_paris
from knowledge.search import Search
from knowledge.settings import Settings

logger = logging.getLogger(__name__)


class BadSettings(ValueError):
    """A setting is missing or contradicts another; the message says what to set."""


@dataclass(frozen=True)
class Services:
    """What requests need. Made once at start by ``open_services``."""

    settings: Settings
    database: Engine
    sessions: sessionmaker
    store: DirectoryStore
    search: Search
    engine: DialogueEngine
    secret_key: str


def open_knowledge(settings: Settings) -> tuple[Engine, sessionmaker, DirectoryStore]:
    """Open, migrate and if need be fill the database. Raises KnowledgeError."""
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    database = open_engine(settings.database)
    migrate(database)
    load_if_empty(database)
    factory = sessions(database)
    return database, factory, DirectoryStore(factory)


def open_services(settings: Settings, say: Callable[[str], None] = logger.info, now: Callable[[], dt.datetime] = now_in_paris) -> Services:
    """Open everything, training the model when needed. Raises KnowledgeError, TrainingFailed, BadSettings."""
    key = secret_key(settings)
    find_redis(settings)
    database, factory, store = open_knowledge(settings)
    model = ensure_model(settings.var_dir, say)
    # Rows of one message are small: a second thread of the linear algebra would only wait, at full speed.
    threadpool_limits(1)
    search = Search(store)
    started = time.monotonic()
    # Fitting the search is numpy, importing TensorFlow is disk: together they take little more than one.
    fitting = threading.Thread(target=search.fit, name="search-fit")
    fitting.start()
    from bot.rasa_engine import RasaEngine  # imports TensorFlow: only once everything else is known to work

    engine = RasaEngine(model, all_actions(ActionServices(store, search, now)), store, database, settings.redis_url, now)
    fitting.join()
    say(f"Ready: {len(store.current().entries)} actions, loaded in {time.monotonic() - started:.0f} s.")
    return Services(settings, database, factory, store, search, engine, key)


def secret_key(settings: Settings) -> str:
    """The key that signs what leaves the server: set, or made once in ``var_dir``.

    Raises BadSettings with a server database, where several processes must share one key.
    """
    if settings.secret_key:
        return settings.secret_key.get_secret_value()
    if settings.uses_server_database:
        raise BadSettings(
            "Set PASSERELLE_SECRET_KEY (32 random characters or more): with a server database all processes must share one key."
        )
    path = settings.var_dir / "secret_key"
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="ascii") as handle:
            path.chmod(0o600)
            handle.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii").strip()


def find_redis(settings: Settings) -> None:
    """Make sure that Redis answers where one is set. Raises BadSettings."""
    if not settings.redis_url:
        return
    try:
        with redis.Redis.from_url(settings.redis_url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise BadSettings("Redis does not answer: start it, or correct PASSERELLE_REDIS_URL (redis://host:6379/0).") from error
