"""Which model answers: chosen at the start, exchanged while running, the same for every process."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import sessionmaker

from bot import training
from bot.phrasings import Taught
from knowledge import trained_models
from knowledge.outages import note

logger = logging.getLogger(__name__)

_AT_START = "start"


def model_to_serve(session_factory: sessionmaker, var_dir: Path, taught: Taught, say: Callable[[str], None]) -> Path:
    """Return the active model; where none runs with this code, that of the present phrasings, trained if need be.

    Phrasings that changed since do not train at a start: a new model is evaluated first. Raises TrainingFailed.
    """
    code = training.code_fingerprint()
    with session_factory() as session:
        active = trained_models.active(session)
    if active and active.code == code and _is_whole(training.models_of(var_dir) / active.name, active.sha256):
        return training.models_of(var_dir) / active.name
    path = training.ensure_model(var_dir, say, taught)
    with session_factory.begin() as session:
        trained_models.register(session, path.name, training.sha256(path), code)
        trained_models.activate(session, path.name, code, _AT_START, compared=False)
    return path


class ModelWatch:
    """Notices that another model was activated and lets the engine answer from it; until it is loaded the old one does."""

    def __init__(self, session_factory: sessionmaker, var_dir: Path, serving: Path, renew: Callable[[Path], None]) -> None:
        """``serving``: the model in use; ``renew``: loads another and exchanges it."""
        self._sessions, self._folder, self._renew = session_factory, training.models_of(var_dir), renew
        # Of the code that runs here, whatever is installed over it meanwhile.
        self.code = training.code_fingerprint()
        self.serving = serving.name
        self._refused = ""
        self._file = _state_of(serving)
        self._looking = threading.Lock()

    def look(self) -> bool:
        """Exchange the model if another is active now; True when it was. Takes seconds then: not for an event loop."""
        if not self._looking.acquire(blocking=False):
            return False
        try:
            return self._look()
        finally:
            self._looking.release()

    def _look(self) -> bool:
        try:
            with self._sessions() as session:
                active = trained_models.active(session)
        except SQLAlchemyError as error:
            note(logger, "the model in use stays", error)
            return False
        if active is None or active.name in (self.serving, self._refused):
            if active and active.name == self.serving:
                self._look_at_file(active)
            return False
        path, started = self._folder / active.name, time.monotonic()
        if active.code != self.code or not _is_whole(path, active.sha256):
            return self._refuse(active.name, "it is missing, damaged or of another version")
        try:
            self._renew(path)
        except Exception as error:  # whatever is wrong with it, the one in use goes on
            return self._refuse(active.name, type(error).__name__)
        self.serving, self._refused, self._file = active.name, "", _state_of(path)
        logger.info("models: %s answers, loaded in %.1f s", active.name, time.monotonic() - started)
        return True

    def _look_at_file(self, active: trained_models.TrainedModel) -> None:
        """Say once when the file of the model in use, which is in memory, was damaged: the next start needs it."""
        path = self._folder / active.name
        if (state := _state_of(path)) == self._file:
            return
        self._file = state
        if not _is_whole(path, active.sha256):
            logger.error("models: the file of %s is damaged or gone; it answers on from memory, the next start trains it anew", active.name)

    def _refuse(self, name: str, why: str) -> bool:
        logger.error("models: %s was activated and cannot be used (%s); the model in use stays", name, why)
        self._refused = name
        return False


def _state_of(path: Path) -> tuple[int, int] | None:
    """What changes when a file is written; None without one."""
    with contextlib.suppress(OSError):
        found = path.stat()
        return found.st_mtime_ns, found.st_size
    return None


def _is_whole(path: Path, sha256: str) -> bool:
    return path.exists() and training.sha256(path) == sha256
