"""What every start does before it serves: what can fail fails here, in one process, before any worker starts."""

import contextlib
from collections.abc import Callable

from api.opening import complete_channels, find_redis
from bot.activation import model_to_serve
from bot.phrasings import taught_by
from knowledge.errors import EditedDirectory
from knowledge.loader import load
from knowledge.opening import open_knowledge, secret_key
from knowledge.settings import Settings


def prepare(given: Settings, say: Callable[[str], None]) -> None:
    """Check the settings; bring tables, directory and model up to date. Raises BadSettings, KnowledgeError, TrainingFailed."""
    key = secret_key(given)
    find_redis(given)
    complete_channels(given)
    say(f"Knowledge base: {load_files(given)} actions.")
    database, factory, store = open_knowledge(given)
    model_to_serve(factory, given.var_dir, key, taught_by(store.current()), say)
    database.dispose()


def load_files(given: Settings) -> int:
    """Bring the database up to the files, unless agents changed what they hold; returns how many actions it holds."""
    database, factory, store = open_knowledge(given)
    with contextlib.suppress(EditedDirectory):  # the database is the directory's home once agents work in it
        load(factory)
    actions = len(store.current().entries)
    database.dispose()
    return actions
