"""Which routines compute, on processors that the numerical libraries do not know.

NumPy 1.23, which Rasa's TensorFlow pins, brings OpenBLAS 0.3.20 of February 2022. On a younger processor it takes routines
of 2004 ("Prescott"): reading what a sentence means then takes three times as long (docs/performance.md).
"""

import os
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_KERNEL = "OPENBLAS_CORETYPE"
# OpenBLAS' names for its routines, the fastest first, and what a processor must know to run them.
_KERNELS = {
    "SkylakeX": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
    "Haswell": {"avx2", "fma"},
}


def choose_routines(cpuinfo: Path = _CPUINFO) -> None:
    """Have OpenBLAS compute with what this processor can do; before NumPy is imported, and unless the operator chose.

    Child processes inherit the choice. Where ``cpuinfo`` is not to be read (no Linux), OpenBLAS chooses.
    """
    if _KERNEL in os.environ:
        return
    try:
        can = set(cpuinfo.read_text(encoding="ascii", errors="replace").partition("flags")[2].partition("\n")[0].split())
    except OSError:
        return
    for kernel, needs in _KERNELS.items():
        if needs <= can:
            os.environ[_KERNEL] = kernel
            return
