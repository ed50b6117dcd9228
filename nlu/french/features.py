"""A message as numbers: TF-IDF over words, letters and sounds, side by side.

Words carry meaning, letters survive misspelling, sounds join spellings by ear. Each block is
normalised on its own, so that a long message does not drown a short one (docs/nlu.md, ablation).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from nlu.french.sms import expand
from nlu.french.sound import key


@dataclass(frozen=True)
class Prepared:
    """A text read once for the three blocks."""

    words: tuple[str, ...]
    sounds: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Prepared":
        words = tuple(expand(text))
        return cls(words, tuple(key(word) for word in words))


def word_ngrams(text: Prepared) -> list[str]:
    """Words and pairs of words."""
    words = text.words
    return [*words, *(f"{a} {b}" for a, b in pairwise(words))]


def letter_ngrams(text: Prepared) -> list[str]:
    """Runs of 2 to 5 letters inside each padded word."""
    return _ngrams(text.words)


def sound_ngrams(text: Prepared) -> list[str]:
    """Runs of 2 to 5 sounds inside each padded word."""
    return _ngrams(text.sounds)


def _ngrams(words: Sequence[str], shortest: int = 2, longest: int = 5) -> list[str]:
    found: list[str] = []
    for word in words:
        padded = f" {word} "
        size = len(padded)
        for n in range(shortest, min(longest, size) + 1):
            found.extend(padded[i : i + n] for i in range(size - n + 1))
    return found


_BLOCKS = {"word": word_ngrams, "letters": letter_ngrams, "sound": sound_ngrams}


class TextFeatures:
    """Fitted features; ``transform`` gives one sparse row a text, shape (texts, features)."""

    def __init__(self, max_features: int | None = None) -> None:
        self._union = FeatureUnion(
            [
                (name, TfidfVectorizer(analyzer=analyzer, sublinear_tf=True, max_features=max_features, dtype=np.float32))
                for name, analyzer in _BLOCKS.items()
            ]
        )

    def fit_transform(self, texts: Iterable[str]) -> csr_matrix:
        return self._union.fit_transform([Prepared.of(text) for text in texts]).tocsr()

    def transform(self, texts: Iterable[str]) -> csr_matrix:
        return self._union.transform([Prepared.of(text) for text in texts]).tocsr()

    def names(self) -> np.ndarray:
        """``word__travail``, ``letters__ trav``, ``sound__trav``: one name a column."""
        return self._union.get_feature_names_out()
