"""The trained model: made at first start, kept by the fingerprint of what it was made from.

Training runs ``rasa train`` in a process of its own, as a Rasa developer would, so that its
memory is given back and nothing of it is imported here.
"""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
# As in `make train`: the documented flags.
RASA_PATHS = ["--config", "config.yml", "--domain", "bot/domain", "--data", "nlu/data", "bot/rules", "bot/stories"]
_KEPT_MODELS = 3
_PARTIAL = "partial-"
# No training takes as long: what is older was left by one that was killed.
_ABANDONED_SECONDS = 3600


class TrainingFailed(RuntimeError):
    """``rasa train`` ended without a model; the message is one sentence."""


def ensure_model(var_dir: Path, say: Callable[[str], None]) -> Path:
    """Return the model for the present inputs, training it when it is missing or damaged.

    Raises TrainingFailed. ``say`` gets progress in plain words.
    """
    path = model_path(var_dir)
    if path.exists() and _intact(path):
        return path
    if path.exists():
        say("The trained model is damaged; training it again.")
    return train(var_dir, say)


def model_path(var_dir: Path) -> Path:
    """Where the model for the present inputs is, or will be."""
    return var_dir / "models" / f"passerelle-{fingerprint()[:16]}.tar.gz"


def train(var_dir: Path, say: Callable[[str], None]) -> Path:
    """Train, then put the model in place in one step: an interrupted training leaves nothing behind."""
    path = model_path(var_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    say("Training the language model (about a minute, only when its data changed)…")
    made = path.with_name(f"{_PARTIAL}{os.getpid()}.tar.gz")
    # The data that is shipped is validated by the tests; what cannot be read fails here as well.
    output = ["--skip-validation", "--force", "--out", str(path.parent), "--fixed-model-name", made.name.removesuffix(".tar.gz")]
    command = [sys.executable, "-W", "ignore", "-m", "rasa", "train", *RASA_PATHS, *output]
    environment = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not made.exists():
            reason = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
            raise TrainingFailed(f"Training the language model failed. The last lines of `rasa train`:\n{reason}")
        _checksum_file(path).write_text(_sha256(made), encoding="ascii")
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
    _forget_old(path)
    say("Training done.")
    return path


def fingerprint() -> str:
    """SHA-256 (hex) over everything that the model depends on."""
    digest = hashlib.sha256()
    for name, content in _inputs():
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()


def _inputs() -> Iterator[tuple[str, bytes]]:
    files = [ROOT / "config.yml", ROOT / "requirements.lock"]
    for folder, pattern in [("bot/domain", "*.yml"), ("bot/rules", "*.yml"), ("bot/stories", "*.yml"), ("nlu/data", "*.yml"),
                            ("nlu/components", "*.py"), ("nlu/french", "*.py")]:  # fmt: skip
        files += sorted((ROOT / folder).rglob(pattern))
    for path in files:
        yield str(path.relative_to(ROOT)), path.read_bytes()
    # Of the directory only the phrasings teach the model; a new phone number trains nothing.
    for path in sorted((ROOT / "knowledge/data").rglob("*.yml")):
        content = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) or {}
        taught = [
            part.get("questions")
            for part in [*(content.get("actions") or []), *(content.get("outside") or []), *(content.get("broad_needs") or [])]
        ]
        if any(taught):
            yield path.name, repr(taught).encode()


def _intact(path: Path) -> bool:
    checksum = _checksum_file(path)
    return checksum.exists() and checksum.read_text(encoding="ascii").strip() == _sha256(path)


def _checksum_file(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _forget_old(newest: Path) -> None:
    # By name, too: a clock that was once wrong must not make the model just trained an old one.
    models = sorted(newest.parent.glob("passerelle-*.tar.gz"), key=lambda path: (path == newest, path.stat().st_mtime), reverse=True)
    for path in models[_KEPT_MODELS:]:
        path.unlink(missing_ok=True)
        _checksum_file(path).unlink(missing_ok=True)
    for path in newest.parent.glob(f"{_PARTIAL}*.tar.gz"):
        if path.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
            path.unlink(missing_ok=True)
