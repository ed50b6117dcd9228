"""A new model from the directory's phrasings: trained, evaluated beside the one that answers, left to an administrator."""

import contextlib
import fcntl
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from actions.registry import all_actions
from actions.services import Services as ActionServices
from bot import training
from bot.evaluation import EvaluationError, SettableClock, run
from bot.evaluation.compare import compare, is_worse
from bot.phrasings import taught_by
from bot.training import TrainingFailed
from knowledge import model_files, trained_models
from knowledge.database import migrate, open_engine
from knowledge.directory import DirectoryStore
from knowledge.opening import open_knowledge, secret_key
from knowledge.search import Search
from knowledge.settings import Settings

_COMMAND_LINE = "the command line"
_LOCK = "training.lock"
_ATTEMPTS, _BETWEEN_SECONDS = 3, 0.2


class TrainingRuns(TrainingFailed):
    """Another training holds the lock."""


def retrain(settings: Settings, say: Callable[[str], None], activate: bool) -> None:
    """Train on the present phrasings and evaluate the model beside the active one; with ``activate``, let it answer when
    it is not worse. The first model has nothing to be compared with and answers at once.

    Raises TrainingFailed, KnowledgeError.
    """
    with alone(settings.var_dir):
        database, factory, store = open_knowledge(settings)
        try:
            code = training.code_fingerprint()
            taught = taught_by(store.current())
            with factory() as session:
                active, kept = trained_models.active(session), trained_models.needed(session)
            key = secret_key(settings)
            path = training.train(settings.var_dir, key, say, taught, kept)
            old = training.models_of(settings.var_dir) / active.name if active else None
            with factory.begin() as session:
                trained_models.register(session, path.name, training.sha256(path), code)
                model_files.put(session, path)
                if old and not training.intact(old, key):
                    model_files.fetch(session, old)
            comparable = active and active.code == code and old and training.intact(old, key) and active.name != path.name
            if comparable:
                report = _compared(settings, store, old, path, say)
                with factory.begin() as session:
                    trained_models.note_report(session, path.name, report)
            if activate:
                with factory.begin() as session:
                    trained_models.activate(session, path.name, code, _COMMAND_LINE, compared=bool(comparable))
                say("The new model answers; running processes take it over within seconds.")
            say(str(path))
        finally:
            database.dispose()


@contextlib.contextmanager
def alone(var_dir: Path) -> Iterator[None]:
    """Hold the lock of trainings of this installation. Raises TrainingRuns when another does."""
    folder = training.models_of(var_dir)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("w", encoding="utf-8") as handle:
        for attempt in range(_ATTEMPTS):  # a page that asks whether a training runs holds it for an instant
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if attempt == _ATTEMPTS - 1:
                    raise TrainingRuns("Another training is running: wait for its end.") from None
                time.sleep(_BETWEEN_SECONDS)
        yield


def is_running(var_dir: Path) -> bool:
    """True while a training of this installation runs."""
    if training.is_started(var_dir):
        return True
    path = training.models_of(var_dir) / _LOCK
    if not path.exists():
        return False
    with path.open(encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _compared(settings: Settings, store: DirectoryStore, old: Path | None, new: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """What the project's own sets say of both models."""
    threadpool_limits(1)
    search = Search(store, settings.var_dir / "search", secret_key(settings))
    search.fit()
    try:
        figures = [_figures(settings, store, search, model, say) for model in (old, new) if model]
    except EvaluationError as error:
        return {"problem": str(error)}
    compared = compare(*figures)
    for one in compared:
        say(f"  {one.name:<32} {100 * one.old:6.1f} % → {100 * one.new:6.1f} %  {one.verdict}")
    return {"worse": is_worse(compared), "rows": [asdict(one) for one in compared]}


def _figures(settings: Settings, store: DirectoryStore, search: Search, model: Path, say: Callable[[str], None]) -> dict[str, float]:
    """Evaluate ``model`` on conversations of its own, which leave nothing in the real database."""
    from bot.rasa_engine import RasaEngine  # some seconds of imports

    say(f"Evaluating {model.name}…")
    clock = SettableClock()
    with tempfile.TemporaryDirectory(prefix="passerelle-evaluation-") as folder:
        database = open_engine(f"sqlite:///{folder}/conversations.db")
        migrate(database)
        try:
            engine = RasaEngine(model, all_actions(ActionServices(store, search, clock)), store, database, None, clock)
            out = settings.var_dir / "reports" / model.name.removesuffix(".tar.gz")
            return run(engine, search, store.current(), None, out, clock.set).figures
        finally:
            database.dispose()
