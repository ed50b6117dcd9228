"""atheris on the readers of strangers' bytes (fuzz.py), for a bounded time, from seeds that exist."""

import io
import json
import re
import site
import subprocess
import zipfile
from pathlib import Path

import pytest

from knowledge.settings import ROOT
from tests.isolated import clean_environment, python_with

pytestmark = pytest.mark.soak

PACKAGE = "atheris==3.0.0"
SECONDS = 25


def seeds() -> list[bytes]:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("manifest.json", json.dumps({"format": "passerelle-directory", "format_version": 1, "files": {}}))
        archive.writestr("../outside.yml", "a: 1")
    event = {"object": "page", "entry": [{"id": "1", "messaging": [{"sender": {"id": "2"}, "message": {"mid": "3", "text": "bonjour"}}]}]}
    texts = ["j'ai 17 ans et ma mère est handicapée", "appelez Nadia au 06 12 34 56 78, 3 rue de la Paix", "\u202e\u200b💣 ½ ﬁ"]
    plain = [text.encode() for text in texts]
    return [*plain, b"id;nom\r\n1;=cmd\r\n", zipped.getvalue(), json.dumps(event).encode(), b"From=%2B33612345678&Body=bonjour"]


@pytest.mark.timeout(300)
def test_no_bytes_make_a_reader_fail(tmp_path: Path):
    python, corpus = python_with(PACKAGE), tmp_path / "corpus"
    corpus.mkdir()
    for reader in range(6):
        for number, seed in enumerate(seeds()):
            (corpus / f"{reader}-{number}").write_bytes(bytes([reader]) + seed)
    packages = site.getsitepackages()[0]
    done = subprocess.run(
        [str(python), str(Path(__file__).with_name("fuzz.py")), f"-max_total_time={SECONDS}", "-timeout=10", "-max_len=4096", "-seed=41",
         str(corpus)],
        capture_output=True, text=True, cwd=tmp_path, env=clean_environment(PYTHONPATH=f"{ROOT}:{packages}"), timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert runs and int(runs[1]) > 1000, done.stderr[-2000:]
    coverage = re.findall(r"cov: (\d+)", done.stderr)[-1]
    print(f"{runs[1]} inputs in {SECONDS} s, coverage {coverage}")
