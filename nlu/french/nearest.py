"""Which examples a text is most like: a second look where a linear model is in two minds.

A linear model sums what words count for; two words of an emergency in a calm sentence may outweigh the rest. The examples nearest
to the whole sentence are another witness (docs/adr/0006-emergency-detector.md, the table).
"""

import pickle
import zlib
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

_NEAREST = 3


class Nearest:
    """Examples of one kind and all others, as rows of ``TextFeatures``. Immutable: safe from any thread."""

    def __init__(self, rows: csr_matrix, of_kind: np.ndarray) -> None:
        """``rows``: shape (examples, features); ``of_kind``: one boolean an example."""
        unit = normalize(rows).astype(np.float32)
        self._of_kind, self._others = unit[of_kind], unit[~of_kind]

    def lead(self, row: csr_matrix) -> float:
        """By how much the three nearest of the kind are nearer to a text, shape (1, features), than the three nearest others: -1 to 1."""
        said = np.zeros(row.shape[1], dtype=np.float32)  # dense: a product of sparse matrices takes three times as long
        said[row.indices] = row.data / (np.linalg.norm(row.data) or 1.0)
        return _mean_of_nearest(self._of_kind @ said) - _mean_of_nearest(self._others @ said)

    def __getstate__(self) -> bytes:
        """What is kept in a trained model: likenesses to three digits, compressed."""
        kept = [(part.data.astype(np.float16), part.indices, part.indptr, part.shape) for part in (self._of_kind, self._others)]
        return zlib.compress(pickle.dumps(kept, protocol=5), 1)

    def __setstate__(self, kept: bytes) -> None:
        parts: list[Any] = pickle.loads(zlib.decompress(kept))  # noqa: S301  # written above, inside a file that is itself trusted
        self._of_kind, self._others = (
            csr_matrix((data.astype(np.float32), indices, indptr), shape=shape) for data, indices, indptr, shape in parts
        )


def _mean_of_nearest(likeness: np.ndarray) -> float:
    nearest = min(_NEAREST, len(likeness))
    return float(np.partition(likeness, -nearest)[-nearest:].mean()) if nearest else 0.0
