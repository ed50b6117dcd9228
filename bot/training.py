"""Trained models as files, each named by the fingerprint of what it was made from.

Which one answers is decided elsewhere (bot/activation.py). Training runs ``rasa train`` in a process of
its own, as a Rasa developer would, so that its memory is given back and its threads end with it.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from bot.phrasings import Taught, taught_by_files, write_config
from knowledge.errors import KnowledgeError
from knowledge.locks import held
from knowledge.signing import is_signed, signature

ROOT = Path(__file__).resolve().parent.parent
_DATA = ["--domain", "bot/domain", "--data", "nlu/data", "bot/rules", "bot/stories"]
# The documented flags for a Rasa developer.
RASA_PATHS = ["--config", "config.yml", *_DATA]
_KEPT_MODELS = 3
_PARTIAL = "partial-"
_LOG = "training.log"
_ENDING = ".tar.gz"
ENDING_OF_SIGNATURE = ".hmac"
# No training takes as long: what is older was left by one that was killed.
_ABANDONED_SECONDS = 3600
# The last training that this process started, by its folder.
_started: dict[Path, subprocess.Popen] = {}


class TrainingFailed(KnowledgeError, RuntimeError):
    """``rasa train`` ended without a model; the message is one sentence."""


def ensure_model(var_dir: Path, key: str, say: Callable[[str], None], taught: Taught | None = None) -> Path:
    """Return the model of the present code and of ``taught`` (None: the YAML files), trained when it is missing, damaged, or
    not signed with ``key``, the installation's secret: reading a model runs what stands in it.

    Raises TrainingFailed. ``say`` gets progress in plain words.
    """
    path = model_path(var_dir, taught)
    if path.exists() and intact(path, key):
        return path
    with held(var_dir / "training.lock"):  # processes that start together train once
        if path.exists() and intact(path, key):
            return path
        if path.exists():
            say("The trained model is damaged, or was not made here; training it again.")
        return train(var_dir, key, say, taught)


def model_path(var_dir: Path, taught: Taught | None = None) -> Path:
    """Where the model of the present code and of ``taught`` (None: the YAML files) is, or will be."""
    return models_of(var_dir) / f"passerelle-{fingerprint(taught)[:16]}.tar.gz"


def models_of(var_dir: Path) -> Path:
    """The folder of the models."""
    return var_dir / "models"


def train(var_dir: Path, key: str, say: Callable[[str], None], taught: Taught | None = None, keep: Collection[str] = ()) -> Path:
    """Train, then put the model in place in one step, signed with ``key``: an interrupted training leaves nothing behind.

    Of the older models the last ones stay, and those named in ``keep``.
    """
    taught = _files() if taught is None else taught
    path = model_path(var_dir, taught)
    path.parent.mkdir(parents=True, exist_ok=True)
    say("Training the language model (about a minute, only when its data changed)…")
    made = path.with_name(f"{_PARTIAL}{os.getpid()}.tar.gz")
    # The data that is shipped is validated by the tests; what cannot be read fails here as well.
    output = ["--skip-validation", "--force", "--out", str(path.parent), "--fixed-model-name", made.name.removesuffix(".tar.gz")]
    environment = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}
    try:
        with tempfile.TemporaryDirectory(prefix="passerelle-training-") as folder:
            config = write_config(taught, ROOT / "config.yml", Path(folder))
            command = [sys.executable, "-W", "ignore", "-m", "rasa", "train", "--config", str(config), *_DATA, *output]
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not made.exists():
            reason = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
            what = f"Training the language model failed (exit code {done.returncode})."
            raise TrainingFailed(f"{what} The last lines of `rasa train`:\n{reason}")
        _signature_file(path).write_text(signature(key, made), encoding="ascii")
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
    _forget_old(path, keep)
    say("Training done.")
    return path


def start_candidate(var_dir: Path, database_url: str, secret_key: str) -> None:
    """Start ``passerelle train --candidate`` in a process that outlives this one. What it says is in ``training.log``."""
    environment = {
        **os.environ,
        "PASSERELLE_VAR_DIR": str(var_dir),
        "PASSERELLE_DATABASE_URL": database_url,
        "PASSERELLE_SECRET_KEY": secret_key,
    }
    command = [sys.executable, "-c", "from api.cli import main; main()", "train", "--candidate"]
    models_of(var_dir).mkdir(parents=True, exist_ok=True)
    with (models_of(var_dir) / _LOG).open("wb") as said:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said, start_new_session=True)
    _started[var_dir] = process
    threading.Thread(target=process.wait, name="training", daemon=True).start()


def is_started(var_dir: Path) -> bool:
    """True while a training that this process started goes on, from the first instant: the lock is taken some seconds later."""
    process = _started.get(var_dir)
    return process is not None and process.poll() is None


def last_failed(var_dir: Path) -> bool:
    """True when the last training that was started so has not made a model (yet): its last line is then another."""
    path = models_of(var_dir) / _LOG
    return path.exists() and not path.read_text(encoding="utf-8", errors="replace").rstrip().endswith(_ENDING)


def fingerprint(taught: Taught | None = None) -> str:
    """SHA-256 (hex) over everything that a model depends on: the code, and what it was ``taught`` (None: by the YAML files)."""
    # Of the directory only the phrasings teach the model; a new phone number trains nothing.
    phrasings = repr(_files() if taught is None else taught)
    return hashlib.sha256(f"{code_fingerprint()}\0{phrasings}".encode("utf-8", "surrogatepass")).hexdigest()


def code_fingerprint() -> str:
    """SHA-256 (hex) over what a model must have been made with to run in this installation."""
    digest = hashlib.sha256()
    for name, content in _inputs():
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()


def _files() -> Taught:
    return taught_by_files(ROOT / "knowledge/data")


def _inputs() -> Iterator[tuple[str, bytes]]:
    files = [ROOT / "config.yml", ROOT / "requirements.lock"]
    for folder, pattern in [("bot/domain", "*.yml"), ("bot/rules", "*.yml"), ("bot/stories", "*.yml"), ("nlu/data", "*.yml"),
                            ("nlu/components", "*.py"), ("nlu/french", "*.py")]:  # fmt: skip
        files += sorted((ROOT / folder).rglob(pattern))
    for path in files:
        yield str(path.relative_to(ROOT)), path.read_bytes()


def intact(path: Path, key: str) -> bool:
    """True when the model is one that this installation trained, as it was trained."""
    signed = _signature_file(path)
    return path.exists() and signed.exists() and is_signed(key, path, signed.read_text(encoding="utf-8", errors="replace"))


def _signature_file(path: Path) -> Path:
    return path.with_name(path.name + ENDING_OF_SIGNATURE)


def sha256(path: Path) -> str:
    """The digest (hex) of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _forget_old(newest: Path, keep: Collection[str]) -> None:
    # By name, too: a clock that was once wrong must not make the model just trained an old one.
    models = sorted(newest.parent.glob("passerelle-*.tar.gz"), key=lambda path: (path == newest, path.stat().st_mtime), reverse=True)
    for path in (path for path in models[_KEPT_MODELS:] if path.name not in keep):
        path.unlink(missing_ok=True)
        _signature_file(path).unlink(missing_ok=True)
    for path in newest.parent.glob(f"{_PARTIAL}*.tar.gz"):
        if path.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
            path.unlink(missing_ok=True)
