"""A message as numbers: TF-IDF over words and runs of sounds, and what it means, side by side.

Words are exact, sounds join spellings by ear and survive misspelling, the meaning joins what is
said in other words. Runs of letters beside those of sounds told nothing more (docs/nlu.md). Each
block is normalised on its own, so that a long message does not drown a short one. Fitting is
scikit-learn's. One message is transformed by the few lines of ``_Block``, which give the same
numbers (a test holds it) in a tenth of the time: its machinery is made for many texts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from nlu.french.meaning import Meanings, meaning
from nlu.french.sms import expand
from nlu.french.sound import key
from nlu.french.text import forget_words

# One message is read by the detector, the classifier and the search; its parts may follow.
_LAST_TEXTS = 8


@dataclass(frozen=True)
class Prepared:
    """A text read once for all blocks."""

    text: str
    words: tuple[str, ...]
    sounds: tuple[str, ...]

    @cached_property
    def meaning(self) -> np.ndarray:
        """What the text means, shape (512,), unit length."""
        return meaning(self.text)

    @classmethod
    def of(cls, text: str) -> "Prepared":
        words = tuple(expand(text))
        return cls(text, words, tuple(key(word) for word in words))


def word_ngrams(text: Prepared) -> list[str]:
    """Words and pairs of words."""
    words = text.words
    return [*words, *(f"{a} {b}" for a, b in pairwise(words))]


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


_BLOCKS = {"word": word_ngrams, "sound": sound_ngrams}


_prepared = lru_cache(_LAST_TEXTS)(Prepared.of)


# Words whose runs are known by their columns: most words of a message are in many messages.
_MOST_WORDS = 20_000


class _Block:
    """One fitted vectorizer, for one text at a time."""

    def __init__(self, name: str, fitted: TfidfVectorizer, offset: int) -> None:
        self._name, self._vocabulary, self._idf, self._offset = name, fitted.vocabulary_, fitted.idf_, offset
        self._known: dict[str, np.ndarray] = {}

    @property
    def vocabulary(self) -> Iterable[str]:
        return self._vocabulary

    def rarity(self, term: str) -> float:
        """The weight of a term of the vocabulary: the fewer texts have it, the more."""
        return float(self._idf[self._vocabulary[term]])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_known": {}}  # single words, but what people write is not kept

    def row(self, text: Prepared) -> tuple[np.ndarray, np.ndarray]:
        """Columns and values of one text, unit length."""
        if self._name == "word":
            found = self._columns(word_ngrams(text))
        else:
            found = np.concatenate([_NONE, *map(self._of_sound, text.sounds)])
        if not len(found):
            return _NONE, np.empty(0, np.float32)
        columns, times = np.unique(found, return_counts=True)
        values = np.log(times, dtype=np.float32) + np.float32(1)
        values *= self._idf[columns]
        return columns + np.int32(self._offset), values / np.sqrt(values @ values)

    def _of_sound(self, word: str) -> np.ndarray:
        """The columns of the runs in the sound of one word, each as often as it stands there."""
        columns = self._known.get(word)
        if columns is None:
            if len(self._known) >= _MOST_WORDS:
                self._known.clear()
            columns = self._known[word] = self._columns(_ngrams([word]))
        return columns

    def _columns(self, terms: Iterable[str]) -> np.ndarray:
        column = self._vocabulary.get
        return np.array([at for term in terms if (at := column(term)) is not None], dtype=np.int32)


_NONE = np.empty(0, dtype=np.int32)


# Texts that teach are encoded once in a process, whatever learns from them.
_meanings = Meanings()
# Of the 512 numbers of a meaning, those that tell these texts apart: as good as all, in less time (docs/adr/0016-meaning.md).
_AXES = 96
# With so many texts, what only one of them has tells nothing of another, and is half of all columns.
_MANY = 1000


class TextFeatures:
    """Fitted features; ``transform`` gives one sparse row a text, shape (texts, features)."""

    def __init__(self, max_features: int | None = None, with_meaning: bool = True) -> None:
        """``max_features``: columns kept of each block; ``with_meaning``: one more block, some milliseconds a text."""
        self._max_features = max_features
        self._axes = PCA(random_state=0) if with_meaning else None
        self._blocks: list[_Block] = []
        self._width = 0

    def fit_transform(self, texts: Iterable[str]) -> csr_matrix:
        texts = list(texts)
        self._union = self._vectorizers(2 if len(texts) >= _MANY else 1)
        counted = self._union.fit_transform([Prepared.of(text) for text in texts])
        if self._axes:
            self._axes.set_params(n_components=min(_AXES, len(texts))).fit(_meanings.of(texts))
        rows = self._beside_meaning(counted, texts)
        rows.sort_indices()  # now, because several threads may read them later
        self._width = rows.shape[1]
        offset = 0
        for name, vectorizer in self._union.transformer_list:
            self._blocks.append(_Block(name, vectorizer, offset))
            offset += len(vectorizer.vocabulary_)
        return rows

    def row(self, text: str) -> csr_matrix:
        """Return the features of one text, shape (1, features); not to be changed, several may be given the same one."""
        return _row(self, text)

    def _read(self, text: str) -> csr_matrix:
        prepared = _prepared(text)
        parts = [block.row(prepared) for block in self._blocks]
        if self._axes:
            along = np.zeros(self._axes.n_components_, dtype=np.float32)
            if prepared.words:  # « ??? » means nothing, whatever the encoder makes of it
                along = (prepared.meaning - self._axes.mean_) @ self._axes.components_.T
            parts.append((np.arange(self._width - len(along), self._width, dtype=np.int32), along))
        columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        return csr_matrix((values, columns, np.array([0, len(columns)])), shape=(1, self._width))

    def transform(self, texts: Iterable[str]) -> csr_matrix:
        texts = list(texts)
        return self._beside_meaning(self._union.transform([Prepared.of(text) for text in texts]), texts)

    @property
    def terms(self) -> int:
        """How many columns are counted terms; those after them are the meaning's."""
        return self._width - (self._axes.n_components_ if self._axes else 0)

    def words(self) -> list[str]:
        """The single words that are counted, the commonest first."""
        block = self._blocks[list(_BLOCKS).index("word")]
        return sorted((term for term in block.vocabulary if " " not in term), key=block.rarity)

    def names(self) -> np.ndarray:
        """``word__travail``, ``sound__trav``, ``meaning__0``: one name a column."""
        counted = self._union.get_feature_names_out()
        return np.concatenate([counted, np.array([f"meaning__{i}" for i in range(self._width - len(counted))], dtype=object)])

    def _vectorizers(self, least: int) -> FeatureUnion:
        """One for each block; a term counts when so many texts have it."""
        made = {
            name: TfidfVectorizer(analyzer=analyzer, sublinear_tf=True, min_df=least, max_features=self._max_features, dtype=np.float32)
            for name, analyzer in _BLOCKS.items()
        }
        return FeatureUnion(list(made.items()))

    def _beside_meaning(self, counted: csr_matrix, texts: list[str]) -> csr_matrix:
        if not self._axes:
            return counted.tocsr()
        return hstack([counted, csr_matrix(self._axes.transform(_meanings.of(texts)))]).tocsr()


_row = lru_cache(_LAST_TEXTS)(TextFeatures._read)


def forget_texts() -> None:
    """Forget the texts that were read last: somebody erases what they wrote."""
    forget_words()
    _prepared.cache_clear()
    _row.cache_clear()
