"""Which model answers: chosen at the start, exchanged while running, the same for every process."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from bot import training
from bot.phrasings import Taught
from knowledge import model_files, trained_models
from knowledge.outages import note

logger = logging.getLogger(__name__)

_AT_START = "start"


def model_to_serve(session_factory: sessionmaker, var_dir: Path, key: str, taught: Taught, say: Callable[[str], None]) -> Path:
    """Return the active model; where none runs with this code, that of the present phrasings, trained if need be.

    Phrasings that changed since do not train at a start: a new model is evaluated first. Raises TrainingFailed.
    """
    if ready := _active_here(session_factory, training.models_of(var_dir), key):
        return ready
    with model_files.one_trains(session_factory):
        if ready := _active_here(session_factory, training.models_of(var_dir), key):  # another machine trained it meanwhile
            return ready
        path = training.ensure_model(var_dir, key, say, taught)
        code = training.code_fingerprint()
        with session_factory.begin() as session:
            trained_models.register(session, path.name, training.sha256(path), code)
            model_files.put(session, path)
            trained_models.activate(session, path.name, code, _AT_START, compared=False)
    return path


def _active_here(session_factory: sessionmaker, folder: Path, key: str) -> Path | None:
    """The active model when it runs with this code and is on this machine, brought here if need be."""
    with session_factory.begin() as session:
        active = trained_models.active(session)
        if active is None or active.code != training.code_fingerprint():
            return None
        path = folder / active.name
        if not _is_ours(path, active.sha256, key):
            model_files.fetch(session, path)
        if not _is_ours(path, active.sha256, key):
            return None
        if not model_files.is_kept(session, active.name):  # trained before models were kept for other machines
            model_files.put(session, path)
        return path


class ModelWatch:
    """Notices that another model was activated and lets the engine answer from it; until it is loaded the old one does."""

    def __init__(self, session_factory: sessionmaker, var_dir: Path, key: str, serving: Path, renew: Callable[[Path], None]) -> None:
        """``key``: what models are signed with; ``serving``: the model in use; ``renew``: loads another and exchanges it."""
        self._sessions, self._folder, self._renew = session_factory, training.models_of(var_dir), renew
        self._key = key
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
                if active and self._is_news(active) and not _is_ours(self._folder / active.name, active.sha256, self._key):
                    model_files.fetch(session, self._folder / active.name)
                if active and active.name == self.serving:
                    self._look_at_file(session, active)
        except SQLAlchemyError as error:
            note(logger, "the model in use stays", error)
            return False
        if active is None or not self._is_news(active):
            return False
        path, started = self._folder / active.name, time.monotonic()
        if active.code != self.code or not _is_ours(path, active.sha256, self._key):
            return self._refuse(active.name, "it is missing, damaged, not ours or of another version")
        try:
            self._renew(path)
        except Exception as error:  # whatever is wrong with it, the one in use goes on
            return self._refuse(active.name, type(error).__name__)
        self.serving, self._refused, self._file = active.name, "", _state_of(path)
        logger.info("models: %s answers, loaded in %.1f s", active.name, time.monotonic() - started)
        return True

    def _is_news(self, active: trained_models.TrainedModel) -> bool:
        return active.name not in (self.serving, self._refused)

    def _look_at_file(self, session: Session, active: trained_models.TrainedModel) -> None:
        """Say once when the file of the model in use, which is in memory, was damaged: the next start needs it."""
        path = self._folder / active.name
        if (state := _state_of(path)) == self._file:
            return
        if not _is_ours(path, active.sha256, self._key):
            model_files.fetch(session, path)
            if _is_ours(path, active.sha256, self._key):
                logger.error("models: the file of %s was damaged or gone; the database had another", active.name)
            else:
                logger.error("models: the file of %s is damaged or gone; it answers from memory, a start trains it anew", active.name)
            state = _state_of(path)
        self._file = state

    def _refuse(self, name: str, why: str) -> bool:
        logger.error("models: %s was activated and cannot be used (%s); the model in use stays", name, why)
        self._refused = name
        return False


def _is_ours(path: Path, sha256: str, key: str) -> bool:
    return training.intact(path, key) and training.sha256(path) == sha256


def _state_of(path: Path) -> tuple[int, int] | None:
    """What changes when a file is written; None without one."""
    with contextlib.suppress(OSError):
        found = path.stat()
        return found.st_mtime_ns, found.st_size
    return None
