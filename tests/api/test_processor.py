"""OpenBLAS is told what the processor can do, before NumPy is there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.processor import choose_routines

_ASKED = """
from api.processor import choose_routines
choose_routines()
import numpy, threadpoolctl
print({known["architecture"] for known in threadpoolctl.threadpool_info() if known["internal_api"] == "openblas"})
"""
AVX2 = "flags\t\t: fpu sse4_2 avx avx2 fma\n"
AVX512 = "flags\t\t: fpu avx avx2 fma avx512f avx512bw avx512cd avx512dq avx512vl\n"


@pytest.mark.parametrize(
    ("said", "chosen"), [(AVX512, "SkylakeX"), (AVX2, "Haswell"), ("flags\t: sse2\n", None), ("Features : neon\n", None)]
)
def test_the_fastest_that_the_processor_runs(said: str, chosen: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\n{said}bugs\t\t:\n")
    choose_routines(tmp_path / "cpuinfo")
    assert os.environ.get("OPENBLAS_CORETYPE") == chosen
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)


def test_what_the_operator_chose_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Zen")
    (tmp_path / "cpuinfo").write_text(AVX512)
    choose_routines(tmp_path / "cpuinfo")
    assert os.environ["OPENBLAS_CORETYPE"] == "Zen"


def test_without_linux_the_library_chooses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    choose_routines(tmp_path / "nothing")
    assert "OPENBLAS_CORETYPE" not in os.environ


@pytest.mark.skipif("avx2" not in Path("/proc/cpuinfo").read_text(errors="replace"), reason="a processor without AVX2")
def test_numpy_computes_with_it():
    """In a process of its own: OpenBLAS chooses when it is loaded."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    said = subprocess.run([sys.executable, "-c", _ASKED], env=environment, capture_output=True, text=True, check=True).stdout
    assert said.strip() in ("{'SkylakeX'}", "{'Haswell'}")
