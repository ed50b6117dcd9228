"""What a serving process does not import, and what happens to one who needs it."""

import subprocess
import sys

import pytest

from bot.lean_imports import lean_imports
from bot.training import ROOT


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
    with lean_imports():
        import twilio.rest as rest  # not used by any other test
    parent = rest.Client

    class Child(parent):
        """As Rasa's classes are declared."""

    assert rest.Client.nested.deeper.__name__ == "twilio.rest.Client.nested.deeper"
    with pytest.raises(ImportError, match=r"Child is left out of this process: .* bot/lean_imports\.py"):
        Child()
    assert "twilio" not in sys.modules
