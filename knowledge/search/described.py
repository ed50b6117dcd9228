"""How like a message is to services that describe themselves: an inverted index of their words.

What a service says of itself is worth a word's rarity each time that a word of the message, or one that
it may stand for, is in it: the share of the message that the service covers, from 0 to 1. So a title, a
town and a public in one sentence find the one service that has all three among a hundred thousand, and
the index costs a few bytes a word and no training (docs/adr/0026-directory-size.md).
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from knowledge.directory import Entry
from knowledge.search.examples import phrasings, told
from knowledge.search.vocabulary import Vocabulary
from nlu.french.ellipsis import only_grammar, subject_words
from nlu.french.essence import essential
from nlu.french.sms import expand

# What names a service says more of it than what describes it; of two that cover a message, the one it names whole is meant.
_NAMED, _TOLD = 1.0, 0.85
_WHOLE_NAME = 0.04
# A word of the message that the directory does not have may be a name, or a typing error: half as much as a word that only one has.
_STRANGE = 0.5
# « le numéro », « ouvert », « samedi » are asked of any service.
_ASKS = 0.25
# Words in most of what people say of taught services (« cherche », « voisine ») are of no use to tell services apart, however few
# describe themselves with them; of a handful of taught services that is not known.
_HANDFUL = 10
# Not essential in a city where everything is in it; in a region one town of many.
_TOWN = "blois"


class Described:
    """The words of so many entries; never changes."""

    def __init__(self, entries: Sequence[Entry], larger: "Described | None" = None) -> None:
        """``larger``: an index of more entries, which knows how rare words are."""
        self.size, self._larger = len(entries), larger
        words, rows, weights = array("i"), array("i"), array("f")
        read, at, spoken, taught = _Reader(), dict[str, int](), Counter[str](), 0
        for row, entry in enumerate(entries):
            if asked := read.spoken(entry):
                spoken.update(asked)
                taught += 1
            for word, weight in read.weights(entry).items():
                words.append(at.setdefault(word, len(at)))
                rows.append(row)
                weights.append(weight)
        self.vocabulary = Vocabulary(at)
        by_word = np.argsort(np.frombuffer(words, dtype=np.int32) if words else np.array([], dtype=np.int32), kind="stable")
        self._rows = np.array(rows, dtype=np.int32)[by_word]
        self._weights = np.array(weights, dtype=np.float32)[by_word]
        used = np.bincount(np.array(words, dtype=np.int32), minlength=len(at)) if at else np.zeros(0, dtype=np.int64)
        self._first = np.concatenate([[0], np.cumsum(used)])
        self._rarity = np.log1p(self.size / np.maximum(used, 1)).astype(np.float32)
        for word, times in spoken.items():
            self._rarity[at[word]] = min(self._rarity[at[word]], np.log1p((taught + _HANDFUL) / times))
        self._whole = self._whole_names()

    def rarity(self, word: str) -> float:
        """What a word of a message weighs: the rarer the more, by the index that knows more services."""
        if self._larger is not None:
            return self._larger.rarity(word)
        at, _ = self.vocabulary.like(word)
        return float(self._rarity[at[-1]]) if len(at) else _STRANGE * float(np.log1p(self.size))

    def likeness(self, text: str) -> np.ndarray:
        """Return the share of ``text`` that each entry covers, from 0 to 1: shape (entries,)."""
        covered, named = np.zeros(self.size, dtype=np.float32), np.zeros(self.size, dtype=np.float32)
        total = 0.0
        for word, asks in _said(text):
            weight = self.rarity(word) * asks
            total += weight
            here = np.zeros(self.size, dtype=np.float32)
            at, how = self.vocabulary.like(word)
            for i, share in zip(at.tolist(), how.tolist(), strict=True):
                rows = self._rows[self._first[i] : self._first[i + 1]]
                weights = self._weights[self._first[i] : self._first[i + 1]]
                here[rows] = np.maximum(here[rows], share * weights)
                if share == 1.0:
                    named[rows] += np.where(weights == _NAMED, self._rarity[i], 0)
            covered += weight * here
        if not total:
            return covered
        return (1 - _WHOLE_NAME) * covered / total + _WHOLE_NAME * np.minimum(named / self._whole, 1.0)

    def spoken(self, text: str, row: int) -> list[tuple[str, float]]:
        """The words of ``text`` that an entry has, with their weight."""
        found = []
        for word, asks in _said(text):
            at, how = self.vocabulary.like(word)
            best = max((share for i, share in zip(at.tolist(), how.tolist(), strict=True) if self._has(i, row)), default=0.0)
            if best:
                found.append((word, self.rarity(word) * asks * best))
        return sorted(found, key=lambda one: -one[1])

    def _has(self, word: int, row: int) -> bool:
        rows = self._rows[self._first[word] : self._first[word + 1]]
        place = int(np.searchsorted(rows, row))
        return place < len(rows) and rows[place] == row

    def _whole_names(self) -> np.ndarray:
        """How much the words of its names weigh together, for each entry."""
        weight = np.repeat(self._rarity, np.diff(self._first)) * (self._weights == _NAMED)
        return np.maximum(np.bincount(self._rows, weights=weight, minlength=self.size), 1e-6).astype(np.float32)


def nearest(text: str, texts: Iterable[str]) -> str | None:
    """The one of ``texts`` that has most words of ``text``."""
    said = {word for word, _ in _said(text)}
    return max(texts, key=lambda one: len(said & set(expand(one))), default=None)


class _Reader:
    """Reads the words of entries; a text that many share, and a word, is looked at once."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[str, ...]] = {}
        self._says_something: dict[str, bool] = {}

    def weights(self, entry: Entry) -> dict[str, float]:
        """The words of an entry, and what each says of it."""
        found: dict[str, float] = {}
        for text in (*phrasings(entry.action), *told(entry.action)):
            found.update(dict.fromkeys(self._words(text), _TOLD))
        for text in _names(entry):
            found.update(dict.fromkeys(self._words(text), _NAMED))
        return found

    def spoken(self, entry: Entry) -> set[str]:
        """The words of its phrasings."""
        return {word for text in phrasings(entry.action) for word in self._words(text)}

    def _words(self, text: str) -> tuple[str, ...]:
        known = self._read.get(text)
        if known is None:
            known = self._read[text] = tuple(filter(self._counts, dict.fromkeys(expand(text))))
        return known

    def _counts(self, word: str) -> bool:
        known = self._says_something.get(word)
        if known is None:
            known = self._says_something[word] = not only_grammar(word)
        return known


def _names(entry: Entry) -> Iterator[str]:
    """What it is called, by whom it is run and where it is."""
    action, organisation = entry.action, entry.organisation
    yield from filter(None, [action.title, action.official_title, organisation.name, *organisation.aliases, *action.keywords])
    yield from {place.city for place in entry.places if place.city}


def _said(text: str) -> list[tuple[str, float]]:
    """The words of a message that tell services apart, each once, and how much each says."""
    words = [*expand(essential(text)), *(word for word in expand(text) if word == _TOWN)]
    said = [word for word in dict.fromkeys(words) if not only_grammar(word)]
    subject = set(subject_words(text))
    return [(word, 1.0 if word in subject or not subject else _ASKS) for word in said]
