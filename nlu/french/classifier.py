"""A linear text classifier with calibrated probabilities: scikit-learn, wired for short messages.

Serves the ranking of actions, the intents and the emergency detector alike.
"""

import hashlib
import pickle
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.svm import LinearSVC

from nlu.french.features import TextFeatures

# Strength found by leaving one writer out (docs/nlu.md); flat between 0.2 and 1.
SVM_C = 0.5
_HELD_OUT = 0.25
# With fewer examples of a label than this, holding some out says nothing.
_LEAST = 4
_UNCALIBRATED = 0.2


class LinearTextClassifier:
    """One-vs-rest linear SVM over ``TextFeatures``; probabilities are a tempered softmax.

    The temperature minimises the log loss of messages held out, because margins of messages seen
    in training are larger than those of new ones.
    """

    def __init__(self, texts: Sequence[str], labels: Sequence[str], calibrate: bool = True) -> None:
        """Fit; without ``calibrate``, in half the time, only margins are meaningful.

        Raises ValueError with fewer than three different labels (two make no ranking).
        """
        if len(set(labels)) < 3:
            raise ValueError("a ranking needs at least three labels")
        self.features = TextFeatures()
        self.rows = self.features.fit_transform(texts)
        y = np.array(labels)
        with ThreadPoolExecutor(1) as beside:  # liblinear leaves the interpreter's lock to others
            calibrating = beside.submit(self._calibrate, y) if calibrate else None
            self.weights, self.bias, self.labels = self._fit(self.rows, y)
            self.temperature = calibrating.result() if calibrating else _UNCALIBRATED

    @classmethod
    @lru_cache(maxsize=1)
    def fitted(cls, texts: tuple[str, ...], labels: tuple[str, ...]) -> "LinearTextClassifier":
        """As the constructor, once for several that learn from the same examples one after another."""
        return cls(texts, labels)

    def __reduce__(self) -> tuple[Any, ...]:
        """What is kept in a trained model: not the training rows, which only fitting needs; weights to three digits.

        Components that share a classifier keep it twice on disk; in a process it is then one again.
        """
        kept = pickle.dumps({**self.__dict__, "rows": None, "weights": self.weights.astype(np.float16)}, protocol=5)
        kept = zlib.compress(kept, 1)  # Rasa compresses a model as hard as can be, which takes ten seconds of what is not yet
        return _kept, (hashlib.sha256(kept).hexdigest(), kept)

    def row(self, text: str) -> csr_matrix:
        """Features of one text, shape (1, features); not to be changed."""
        return self.features.row(text)

    def margins(self, row: csr_matrix) -> np.ndarray:
        """One margin a label for one text; above 0 means that the label claims it."""
        return row.data @ self.weights[row.indices] + self.bias

    def probabilities(self, margins: np.ndarray) -> np.ndarray:
        """Calibrated probabilities from margins; they sum to one."""
        logits = margins / self.temperature
        odds = np.exp(logits - logits.max())
        return odds / odds.sum()

    def _fit(self, rows: csr_matrix, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        model = LinearSVC(C=SVM_C, random_state=0).fit(rows, y)
        # Dense, one row a feature: a message touches some 300 rows of it. Three digits, as they are kept.
        return np.ascontiguousarray(model.coef_.T.astype(np.float16).astype(np.float32)), model.intercept_, model.classes_

    def _calibrate(self, y: np.ndarray) -> float:
        _, truth = np.unique(y, return_inverse=True)
        if np.bincount(truth).min() < _LEAST:
            return _UNCALIBRATED
        split = StratifiedShuffleSplit(1, test_size=_HELD_OUT, random_state=0)
        train, test = next(split.split(self.rows, y))
        weights, bias, _ = self._fit(self.rows[train], y[train])
        margins, truth = self.rows[test] @ weights + bias, truth[test]

        def log_loss(log_temperature: float) -> float:
            logits = margins / np.exp(log_temperature)
            logits -= logits.max(axis=1, keepdims=True)
            return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(truth)), truth]))

        return float(np.exp(minimize_scalar(log_loss, bounds=(-4, 1), method="bounded").x))


_in_memory: WeakValueDictionary[str, LinearTextClassifier] = WeakValueDictionary()


def _kept(digest: str, kept: bytes) -> LinearTextClassifier:
    """The classifier that ``__reduce__`` kept: the one in memory when it is there, so that what two share takes its place once."""
    known = _in_memory.get(digest)
    if known is None:
        state = pickle.loads(zlib.decompress(kept))  # noqa: S301  # written by __reduce__, inside a file that is itself trusted
        known = _in_memory[digest] = LinearTextClassifier.__new__(LinearTextClassifier)
        known.__dict__.update(state, weights=state["weights"].astype(np.float32))
    return known
