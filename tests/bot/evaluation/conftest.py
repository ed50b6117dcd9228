"""What the tests of the evaluation program share."""

from pathlib import Path

import pytest

from knowledge.directory import Directory
from knowledge.schema import HelpNumber
from tests.bot.evaluation.known import entry_of


@pytest.fixture(scope="module")
def directory() -> Directory:
    entries = (
        entry_of("velo", "réparer ma bicyclette"),
        entry_of("couture", "apprendre à coudre"),
        entry_of("papiers", "remplir un dossier"),
    )
    numbers = [("samu", "15", ["medical"]), ("pompiers", "18", ["fire"]), ("europe", "112", ["medical", "fire"])]
    helps = tuple(HelpNumber(id=i, number=n, name=i, for_whom="tous", kinds=kinds, source="s") for i, n, kinds in numbers)
    return Directory(1, entries, {}, helps, ())


@pytest.fixture
def write(tmp_path):
    """Write a file of the given name and return its path."""

    def written(name: str, text: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written
