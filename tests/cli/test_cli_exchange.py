"""``passerelle kb export`` and ``kb import`` as an operator runs them."""

import csv
import io
import shutil
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.soak  # tests/knowledge holds every format in the process; here it is the command, several times


@pytest.fixture(autouse=True)
def loaded(environment: dict[str, str], filled: Path) -> None:
    """The directory is in the database already: no command here has to load it first."""
    shutil.copytree(filled, environment["PASSERELLE_VAR_DIR"])


@pytest.mark.parametrize("name", ["archive", "csv"])
def test_the_directory_leaves_and_comes_back_unchanged(run, tmp_path: Path, name: str):
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    done = run("kb", "export", str(first), "--format", name)
    assert done.returncode == 0 and "54 actions" in done.stdout, done.stderr
    other = str(tmp_path / "other")
    done = run("kb", "import", str(first), PASSERELLE_VAR_DIR=other)
    assert done.returncode == 0 and "0 added, 0 changed, 0 removed" in done.stdout and "Nothing to change." in done.stdout
    run("kb", "export", str(second), "--format", name, PASSERELLE_VAR_DIR=other)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(("name", "ending"), [("archive", "zip"), ("csv", "zip"), ("data-inclusion", "json"), ("hsds", "zip")])
def test_a_file_into_an_empty_database_is_all_that_it_holds(run, tmp_path: Path, name: str, ending: str):
    first, second = tmp_path / f"first.{ending}", tmp_path / f"second.{ending}"
    assert run("kb", "export", str(first), "--format", name).returncode == 0
    other = str(tmp_path / "other")
    said = run("kb", "import", str(first), "--into-empty", "--dry-run", PASSERELLE_VAR_DIR=other).stdout
    assert "0 changed, 0 removed, 0 moved, 0 unchanged. Nothing was written." in said and " 0 added" not in said
    done = run("kb", "import", str(first), "--into-empty", PASSERELLE_VAR_DIR=other)
    assert done.returncode == 0 and done.stdout.endswith("Written.\n"), done.stderr
    run("kb", "export", str(second), "--format", name, PASSERELLE_VAR_DIR=other)
    assert first.read_bytes() == second.read_bytes()
    again = run("kb", "import", str(first), "--into-empty", PASSERELLE_VAR_DIR=other)
    assert again.returncode == 1 and "holds a directory already" in again.stderr


@pytest.fixture
def contacts(run, tmp_path: Path) -> Path:
    """The contacts as a table, with one changed."""
    run("kb", "export", str(tmp_path / "csv.zip"), "--format", "csv")
    with zipfile.ZipFile(tmp_path / "csv.zip") as archive:
        lines = list(csv.reader(io.StringIO(archive.read("contacts.csv").decode("utf-8-sig")), delimiter=";"))
    lines[1][3] = "02 54 99 99 99"
    path = tmp_path / "contacts.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, delimiter=";").writerows(lines)
    return path


def test_a_dry_run_says_what_an_import_then_does(run, contacts: Path):
    said = run("kb", "import", str(contacts), "--dry-run").stdout
    assert "value: '02 54 78 51 64' -> '02 54 99 99 99'" in said and "1 changed" in said and said.endswith("Nothing was written.\n")
    assert run("kb", "import", str(contacts)).stdout == said.replace("Nothing was written.", "Written.")
    assert run("kb", "import", str(contacts)).stdout.endswith("Nothing to change.\n")


def test_refused_cells_are_named_and_nothing_is_written(run, contacts: Path):
    contacts.write_text(contacts.read_text(encoding="utf-8").replace("02 54 99 99 99", "254999999"), encoding="utf-8")
    done = run("kb", "import", str(contacts))
    assert done.returncode == 1 and "Traceback" not in done.stderr and done.stdout == ""
    cell, summary = done.stderr.strip().splitlines()
    assert cell.startswith("Contacts, 2, Valeur, 254999999: ") and summary.startswith("1 case(s) refusée(s). ")


def test_a_file_that_is_nothing_of_ours_is_refused(one_sentence, tmp_path: Path):
    path = tmp_path / "x.zip"
    path.write_bytes(b"PK not a zip")
    assert "zip" in one_sentence("kb", "import", str(path))
    path.write_bytes(b'{"a": 1}')
    assert "JSON" in one_sentence("kb", "import", str(path))
    assert "nowhere" in one_sentence("kb", "import", str(tmp_path / "nowhere"))


def test_an_ending_of_no_format_asks_for_one(one_sentence, tmp_path: Path):
    assert "archive, xlsx, csv" in one_sentence("kb", "export", str(tmp_path / "x.pdf"))
    assert "--format" in one_sentence("kb", "export", str(tmp_path / "x.zip"), "--template")
    assert str(tmp_path / "no") in one_sentence("kb", "export", str(tmp_path / "no/x.zip"))


def test_a_template_is_written(run, tmp_path: Path):
    done = run("kb", "export", str(tmp_path / "x.xlsx"), "--template")
    assert done.returncode == 0 and (tmp_path / "x.xlsx").read_bytes().startswith(b"PK")
