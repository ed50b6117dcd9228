"""What a Rasa developer types, with the flags that the README documents."""

import os
import subprocess
import sys

import pytest

from bot.training import RASA_PATHS
from knowledge.settings import ROOT


@pytest.mark.soak
def test_the_data_is_valid_to_rasa_without_a_warning():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "rasa", "data", "validate", *RASA_PATHS],
        cwd=ROOT,
        env={**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-2000:]
    # Rasa warns of a label given twice, an unused intent, an action without a rule…
    assert "UserWarning" not in said, [line for line in said.splitlines() if "UserWarning" in line]
