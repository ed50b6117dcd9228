"""What a real LibreOffice opens and saves again is imported as nothing changed: the workbook, and every CSV file."""

import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.exchange import csv_files, workbook
from knowledge.exchange.changes import compare
from knowledge.files import DirectoryFiles, read_directory

# LibreOffice's own numbers: semicolon, double quote, UTF-8, from the first line; on the way in French (1036), so that it takes
# for numbers and dates what it would at an agent's desk.
AS_CSV = "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true"
FROM_CSV = "CSV:59,34,76,1,,1036,false,true"

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def files() -> DirectoryFiles:
    return read_directory()


@pytest.fixture
def saved_again(tmp_path: Path) -> Callable[..., Path]:
    """``saved_again(format, *paths)``: the folder where LibreOffice wrote what it read in ``paths``."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed (apt-get install --no-install-recommends libreoffice-calc)")

    def convert(to: str, *paths: Path, read_as: str = "") -> Path:
        out = tmp_path / "again"
        options = [f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", to, "--outdir", str(out)]
        subprocess.run([office, *options, *([f"--infilter={read_as}"] if read_as else []), *map(str, paths)], check=True, timeout=500)
        return out

    return convert


def test_a_workbook_saved_by_libreoffice_changes_nothing(saved_again, files: DirectoryFiles, tmp_path: Path):
    path = tmp_path / "annuaire.xlsx"
    path.write_bytes(workbook.export(files))
    again = (saved_again("xlsx:Calc MS Excel 2007 XML", path) / path.name).read_bytes()
    assert again != path.read_bytes()
    assert compare(files, workbook.read(again, files, remove_absent=True).files).changes == ()


def test_csv_files_saved_by_libreoffice_change_nothing(saved_again, files: DirectoryFiles, tmp_path: Path):
    with zipfile.ZipFile(io.BytesIO(csv_files.export(files))) as archive:
        archive.extractall(tmp_path / "csv")
    paths = sorted((tmp_path / "csv").glob("*.csv"))
    out = saved_again(AS_CSV, *paths, read_as=FROM_CSV)
    for path in paths:
        again = (out / path.name).read_bytes()
        assert compare(files, csv_files.read(again, files, remove_absent=True).files).changes == (), path.name
