"""Trained models of both systems, timed once and kept under ``var/bench`` by a hash of their inputs."""

import datetime as dt
import hashlib
import json
import os
import re
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.training import fingerprint, model_path
from tests.bench import stock
from tests.bench.data import ROOT
from tests.bench.processes import Processes, environment

CACHE = ROOT / "var/bench"
PASSERELLE = [sys.executable, "-c", "from api.cli import main; main()"]
_PASSERELLE_SECONDS, _SECONDS_PER_EPOCH = 900, 400
_KEPT_STOCK_MODELS = 3
# A progress bar of `rasa train`: « Epochs:  40%|####  | 2/5 [00:47<01:06, … ».
_EPOCH = re.compile(r"Epochs: [^\r\n]*? (\d+)/(\d+) \[(?:(\d+):)?(\d+):(\d\d)<")


@dataclass(frozen=True)
class Trained:
    """A trained model and what its training took: in all, and of the processors, which other work on the machine
    hardly changes. ``full_seconds`` estimates the latter with Rasa's default epochs."""

    path: str
    seconds: float
    processor_seconds: float
    on: str
    epochs: int | None = None
    full_seconds: float | None = None

    @classmethod
    def load(cls, note: Path) -> "Trained | None":
        """Return what ``note`` says, None when it or its model is missing."""
        if not note.exists():
            return None
        found = cls(**json.loads(note.read_text(encoding="utf-8")))
        return found if Path(found.path).exists() else None

    def save(self, note: Path) -> "Trained":
        note.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        return self


def passerelle_model(anew: bool) -> Trained:
    """Return Passerelle's model, trained by ``passerelle train`` unless it is cached. Raises ServerFailed."""
    CACHE.mkdir(parents=True, exist_ok=True)
    note = CACHE / f"passerelle-{fingerprint()[:16]}.json"
    if not anew and (kept := Trained.load(note)):
        return kept
    path = model_path(CACHE)
    seconds, processor, _ = _timed("passerelle train", [*PASSERELLE, "train"], {"PASSERELLE_VAR_DIR": str(CACHE)}, _PASSERELLE_SECONDS)
    return Trained(str(path), seconds, processor, _today()).save(note)


def stock_model(epochs: Sequence[int], anew: bool) -> Trained:
    """Return stock Rasa's model, trained by ``rasa train`` unless it is cached. Raises ServerFailed.

    ``epochs`` are tried in their order: the first that is cached is taken, else the last is trained.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="project-") as folder:
        for count in epochs:
            stock.write_project(Path(folder), count)
            name = f"stock-{_hash(Path(folder))[:16]}"
            if not anew and (kept := Trained.load(CACHE / f"{name}.json")):
                return kept
        return _train_stock(Path(folder), name, epochs[-1])


def _train_stock(folder: Path, name: str, epochs: int) -> Trained:
    partial = f"partial-{os.getpid()}"
    command = stock.train_command(folder, CACHE, partial)
    try:
        seconds, processor, log = _timed("rasa train", command, {}, 600 + _SECONDS_PER_EPOCH * epochs)
        path = (CACHE / f"{partial}.tar.gz").replace(CACHE / f"{name}.tar.gz")
    finally:
        (CACHE / f"{partial}.tar.gz").unlink(missing_ok=True)
    more = epoch_seconds(log) * (stock.STOCK_EPOCHS - epochs) * processor / seconds  # the log has what the clock said
    trained = Trained(str(path), seconds, processor, _today(), epochs, processor + more)
    _forget_old()
    return trained.save(CACHE / f"{name}.json")


def _timed(name: str, command: list[str], env: dict[str, str], limit: float) -> tuple[float, float, str]:
    """Run a training from nothing (no cache of Rasa's); return its seconds, those of the processors, and its log."""
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="training-") as folder, Processes(Path(folder)) as processes:
        started, before = time.monotonic(), _processor_of_children()
        processes.spawn(name, command, environment(RASA_CACHE_DIRECTORY=f"{folder}/cache", **env))
        processes.wait(name, limit)
        log = processes.log(name).read_text(encoding="utf-8", errors="replace")
        return time.monotonic() - started, _processor_of_children() - before, log


def _processor_of_children() -> float:
    """Seconds that the processors have spent on children of this process that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def epoch_seconds(log: str) -> float:
    """Return what one epoch more of every component costs, by the progress bars of ``rasa train``.

    The first epoch is left out: most of it is TensorFlow's preparation.
    """
    total, first = 0.0, 0
    for done, of, hours, minutes, seconds in _EPOCH.findall(log):
        elapsed = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
        if done == "1":
            first = elapsed
        elif done == of and first:
            total += (elapsed - first) / (int(of) - 1)
            first = 0  # the last bar is printed more than once
    return total


def _hash(folder: Path) -> str:
    """SHA-256 over all that a stock model depends on: the project, the domain and the lock."""
    digest = hashlib.sha256()
    for path in sorted([*folder.rglob("*.yml"), *(ROOT / "bot/domain").rglob("*.yml"), ROOT / "requirements.lock"]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _forget_old() -> None:
    models = sorted(CACHE.glob("stock-*.tar.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in models[_KEPT_STOCK_MODELS:]:
        path.unlink(missing_ok=True)


def _today() -> str:
    return dt.date.today().isoformat()
