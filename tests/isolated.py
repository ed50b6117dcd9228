"""Tools that do not fit beside Rasa's pins, each in an environment of its own under ``var/tests``; made once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge.settings import ROOT


def python_with(package: str) -> Path:
    """The Python of an environment with ``package`` (``name==version``). Skips when it cannot be had; fails under CI."""
    folder = ROOT / "var" / "tests" / package.replace("==", "-")
    python = folder / "bin" / "python"
    if (folder / "ready").exists():
        return python
    tools = [root / ".tools" / "bin" / "uv" for root in (ROOT, (ROOT / ".venv").resolve().parent)]
    uv = shutil.which("uv") or next((str(path) for path in tools if path.exists()), None)
    if uv is None:
        _missing("uv is not installed")
    made = subprocess.run([str(uv), "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], capture_output=True, text=True)
    if made.returncode == 0:
        install = [str(uv), "pip", "install", "--quiet", "--python", str(python), package]
        made = subprocess.run(install, capture_output=True, text=True, timeout=240)
    if made.returncode:
        _missing(f"{package} could not be installed: {made.stderr.strip()}")
    (folder / "ready").touch()
    return python


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without what points Python to this checkout's packages."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | more


def _missing(message: str) -> None:
    pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
