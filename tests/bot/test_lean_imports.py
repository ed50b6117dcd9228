"""What a serving process does not import, and what happens to one who needs it."""

import subprocess
import sys

import pytest

from bot.training import ROOT

pytestmark = pytest.mark.soak  # each imports Rasa in a process of its own


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def test_the_engine_is_imported_without_tensorflow():
    heavy = "tensorflow", "keras", "pymongo", "matplotlib", "slack_sdk"
    loaded = run(f"import sys, bot.rasa_engine; print([name for name in {heavy!r} if name in sys.modules])")
    assert loaded == "[]"


def test_what_was_left_out_can_be_imported_afterwards():
    assert run("import bot.rasa_engine, matplotlib; print(matplotlib.__version__)")[0].isdigit()


def test_what_is_imported_already_stays():
    assert run("import questionary, bot.rasa_engine; print(questionary.text.__name__)") == "text"


def test_a_stand_in_can_be_inherited_from_and_named_but_not_made():
    said = run(
        """
import sys
from bot.lean_imports import lean_imports
with lean_imports():
    import twilio.rest as rest
class Child(rest.Client):
    "As Rasa's classes are declared."
print(rest.Client.nested.deeper.__name__, "twilio" in sys.modules)
try:
    Child()
except ImportError as error:
    print(error)
"""
    ).splitlines()
    assert said[0] == "twilio.rest.Client.nested.deeper False"
    assert said[1].startswith("Child is left out of this process") and "bot/lean_imports.py" in said[1]
