"""Scoring every action for a message: a linear classifier, and prototypes beside it.

The classifier is the best of those tried on phrasings by unseen hands (docs/adr/0003). Prototypes,
the mean TF-IDF vector of each action's texts, score what the classifier was not fitted on yet (an
action edited a second ago) and directories with too many actions to fit one discriminative model
in seconds. Both give margins on one scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from nlu.french.classifier import LinearTextClassifier
from nlu.french.ellipsis import only_grammar
from nlu.french.essence import essential
from nlu.french.features import TextFeatures

OUTSIDE = "outside"

# One-vs-rest fitting grows with classes x rows: 300 actions of 60 phrasings take some 20 s.
MAX_DISCRIMINATED = 300
# Columns kept per block (words, sounds) in a directory larger than that.
_MAX_FEATURES = 200_000
_TEMPERATURE_LARGE = 0.25


@dataclass(frozen=True)
class Example:
    """One text that teaches ``label`` (an action's id, or OUTSIDE)."""

    text: str
    label: str


@dataclass(frozen=True)
class Scores:
    """Margins of one message: one a label, plus the outside; higher is nearer."""

    labels: np.ndarray
    margins: np.ndarray
    outside: float
    row: csr_matrix


class Ranker:
    """Fitted on examples once, immutable after: safe from any thread."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = tuple(examples)
        texts, y = [essential(e.text) for e in examples], np.array([e.label for e in examples])
        self.labels = np.array(sorted(set(y) - {OUTSIDE}))
        self._classifier: LinearTextClassifier | None = None
        if 2 < len(set(y)) <= MAX_DISCRIMINATED:
            self._classifier = LinearTextClassifier(texts, list(y))
            self._at = np.searchsorted(self._classifier.labels, self.labels)
            self._features, rows = None, self._classifier.rows
        else:
            self._features = TextFeatures(_MAX_FEATURES, with_meaning=False)  # too many texts to read in seconds
            rows = self._features.fit_transform(texts)
        self._unit_rows = normalize(rows, copy=self._classifier is not None)  # by the GB in a large directory
        self._prototypes = _means(self._unit_rows, y, self.labels)
        self._by_feature = self._prototypes.T.tocsr()
        self.outside_rows = self._unit_rows[np.flatnonzero(y == OUTSIDE)]
        self._order = np.argsort(y, kind="stable")
        self._first = np.searchsorted(y[self._order], self.labels)
        self._after = np.searchsorted(y[self._order], self.labels, side="right")

    @property
    def features(self) -> TextFeatures:
        """What turns a text into a row."""
        return self._classifier.features if self._classifier else self._features  # type: ignore[return-value]

    def score(self, text: str) -> Scores:
        """Return the margins of every label for ``text``."""
        row = self.features.row(essential(text))
        if self._classifier is None:
            unit = normalize(row)
            return Scores(self.labels, _margin((unit @ self._by_feature).toarray().ravel()), self._outside_margin(unit), row)
        margins = self._classifier.margins(row)
        where = np.flatnonzero(self._classifier.labels == OUTSIDE)
        return Scores(self.labels, margins[self._at], float(margins[where[0]]) if len(where) else -1.0, row)

    def score_new(self, row: csr_matrix, texts: Sequence[str]) -> float:
        """Margin of an action known only by ``texts``, on the classifier's scale."""
        rows = normalize(self.features.transform([essential(text) for text in texts]))
        likeness = (normalize(row) @ rows.T).toarray().ravel()
        to_mean = (normalize(row) @ normalize(csr_matrix(rows.mean(axis=0))).T).toarray()[0, 0]
        return float(_margin(0.5 * likeness.max() + 0.5 * to_mean))

    def outside_likeness(self, row: csr_matrix) -> float:
        """Margin of the outside by its most alike text, on the scale of ``score_new``."""
        return self._outside_margin(normalize(row))

    def probabilities(self, margins: np.ndarray, outside: float, outside_odds: float = 1.0) -> tuple[np.ndarray, float]:
        """Calibrated probability of each label and of the outside; together they sum to one.

        ``outside_odds`` (above 0): how much likelier the outside is than in a first message.
        """
        logits = np.append(margins, outside) / (self._classifier.temperature if self._classifier else _TEMPERATURE_LARGE)
        logits[-1] += np.log(outside_odds)
        odds = np.exp(logits - logits.max())
        odds /= odds.sum()
        return odds[:-1], float(odds[-1])

    def contributions(self, row: csr_matrix, label: str, most: int = 5) -> list[tuple[str, float]]:
        """The words of the message that spoke most for ``label``, with their weight; those that name nothing are left out."""
        at = self._position(label)
        if at is None:
            return []
        weights = self._classifier.weights[:, self._at[at]] if self._classifier else self._prototypes[at].toarray().ravel()
        names = self._names
        spoken = [
            (str(names[j])[6:], float(v * weights[j])) for j, v in zip(row.indices, row.data, strict=True) if names[j].startswith("word__")
        ]
        return sorted((word for word in spoken if word[1] > 0 and not only_grammar(word[0])), key=lambda word: -word[1])[:most]

    def nearest_example(self, row: csr_matrix, label: str) -> tuple[str, float] | None:
        """The example of ``label`` most like the message, with its cosine (0 to 1)."""
        at = self._position(label)
        if at is None:
            return None
        rows = self._order[self._first[at] : self._after[at]]
        said = np.zeros(row.shape[1], dtype=np.float32)  # dense: a product of sparse matrices takes ten times as long
        said[row.indices] = row.data
        likeness = self._unit_rows[rows] @ said / (np.linalg.norm(row.data) or 1.0)
        best = int(likeness.argmax())
        return self.examples[rows[best]].text, float(likeness[best])

    @cached_property
    def _names(self) -> np.ndarray:
        """Of the columns. Half a second to list in a large directory, so once, and only when something is explained."""
        return self.features.names()

    def _position(self, label: str) -> int | None:
        at = int(np.searchsorted(self.labels, label))
        return at if at < len(self.labels) and self.labels[at] == label else None

    def _outside_margin(self, unit_row: csr_matrix) -> float:
        if self.outside_rows.shape[0] == 0:
            return -1.0
        return float(_margin(0.8 * (unit_row @ self.outside_rows.T).max()))


def _means(rows: csr_matrix, y: np.ndarray, labels: np.ndarray) -> csr_matrix:
    """Unit mean row of each label; shape (labels, features)."""
    known = np.flatnonzero(np.isin(y, labels))
    at = np.searchsorted(labels, y[known])
    members = csr_matrix((np.ones(len(at), dtype=np.float32), (at, known)), shape=(len(labels), rows.shape[0]))
    return normalize(members @ rows)


def _margin(likeness):  # type: ignore[no-untyped-def]
    """A cosine on the classifier's scale: above +1 for a repetition, -1 for no likeness."""
    return 3.0 * likeness - 1.0
