"""The words of a large directory, and which of them a misspelt or unfinished one may stand for.

Letters meet by runs of three, sounds by their key: some thousand words are compared in a fraction of a
millisecond, whatever the number of services that use them.
"""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from nlu.french.sound import key

# The share of common runs of letters (Dice) from which a word may stand for another: six letters with one missing have a
# little more. And what words that only sound alike share.
_LIKE, _SOUNDS_LIKE = 0.5, 0.9
# A shorter word is itself or nothing: « but » is no « bus ».
_SHORTEST = 4
_MOST = 12
# What is not the word itself is a little less sure to be meant.
_NOT_ITSELF = 0.9

# Positions of words, and how like each is, from 0 to 1: the likest last.
Like = tuple[np.ndarray, np.ndarray]


class Vocabulary:
    """Every word once; never changes."""

    def __init__(self, words: Iterable[str]) -> None:
        self.at = {word: i for i, word in enumerate(words)}
        runs, sounds = defaultdict(list), defaultdict(list)
        sizes = np.ones(len(self.at), dtype=np.float32)
        for word, i in self.at.items():
            own = _runs(word)
            sizes[i] = len(own)
            for run in own:
                runs[run].append(i)
            sounds[key(word)].append(i)
        self._sizes, self._sounds = sizes, dict(sounds)
        self._runs = {run: np.array(found, dtype=np.int32) for run, found in runs.items()}
        self._known: dict[str, Like] = {}

    def like(self, word: str) -> Like:
        """Return the words that ``word`` may stand for; none when nothing is like it. Of what people type only words of
        the directory are remembered."""
        known = self._known.get(word)
        if known is None:
            known = self._like(word)
            if word in self.at:
                self._known[word] = known
        return known

    def _like(self, word: str) -> Like:
        found: dict[int, float] = {}
        if len(word) >= _SHORTEST and word.isalpha():
            found = {int(i): _NOT_ITSELF * share for i, share in self._by_letters(word)}
        if len(word) >= _SHORTEST - 1 and word.isalpha():
            for i in self._sounds.get(key(word), ()):
                found[i] = max(found.get(i, 0.0), _SOUNDS_LIKE)
        if word in self.at:
            found[self.at[word]] = 1.0
        best = sorted(found.items(), key=lambda one: one[1])[-_MOST:]
        return np.array([i for i, _ in best], dtype=np.int32), np.array([share for _, share in best], dtype=np.float32)

    def _by_letters(self, word: str) -> list[tuple[int, float]]:
        own = _runs(word)
        sharing = [self._runs[run] for run in own if run in self._runs]
        if not sharing:
            return []
        common = np.bincount(np.concatenate(sharing), minlength=len(self._sizes))
        shares = 2 * common / (len(own) + self._sizes)
        likely = np.flatnonzero(shares >= _LIKE)
        likely = likely[np.argsort(-shares[likely])[:_MOST]]
        return [(int(i), float(shares[i])) for i in likely]


def _runs(word: str) -> set[str]:
    """« velo »: « ve», «vel», «elo», «lo »."""
    padded = f" {word} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)}
