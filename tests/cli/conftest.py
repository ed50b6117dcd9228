"""The command line as an operator runs it: ``passerelle`` in a process of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.settings import ROOT

Run = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def passerelle() -> list[str]:
    """The command; from this checkout also when another one is installed."""
    return [sys.executable, "-c", "from api.cli import main; main()"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A fresh installation's environment."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PASSERELLE_") and name not in ("PORT", "HOST")}
    return {**clean, "PASSERELLE_VAR_DIR": str(tmp_path / "var"), "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "200"}


@pytest.fixture
def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def with_model(environment: dict[str, str], services) -> dict[str, str]:
    """The same, with the trained model and the fitted search in place."""
    models = Path(environment["PASSERELLE_VAR_DIR"]) / "models"
    models.mkdir(parents=True)
    for path in (services.settings.var_dir / "models").iterdir():
        (models / path.name).symlink_to(path.resolve())
    (models.parent / "secret_key").symlink_to((services.settings.var_dir / "secret_key").resolve())
    (models.parent / "search").symlink_to((services.settings.var_dir / "search").resolve())
    return environment


@pytest.fixture
def run(passerelle: list[str], environment: dict[str, str]) -> Run:
    """Run the command to its end."""

    def start(*arguments: str, say: str = "", **changes: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*passerelle, *arguments], env={**environment, **changes}, input=say, cwd=ROOT, capture_output=True, text=True, timeout=180
        )

    return start


@pytest.fixture
def one_sentence(run: Run) -> Callable[..., str]:
    """Run a command that must fail, with one clear sentence and no traceback; returns the sentence."""

    def fail(*arguments: str, **changes: str) -> str:
        done = run(*arguments, **changes)
        assert done.returncode == 1, done
        assert "Traceback" not in done.stderr + done.stdout
        lines = done.stderr.strip().splitlines()
        assert len(lines) == 1, done.stderr
        return lines[0]

    return fail
