"""A message with its unknown words put right: « cour de coutrue » is « cour de couture ».

Letters and sounds join most spellings already (``nlu/french/features.py``); what a slip makes of a short message may still resemble
the outside more. So this is a second look, for what would be refused.
"""

from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

from nlu.french.sms import expand

# Shorter words have too many neighbours; in longer ones two slips leave no doubt.
_SHORTEST, _LONG = 4, 8


class Spelling:
    """Knows the words that are taught. Immutable: safe from any thread."""

    def __init__(self, words: Iterable[str]) -> None:
        """``words``, the commonest first: of two that are as near, the first is meant."""
        self._words = [word for word in words if len(word) >= _SHORTEST and word.isalpha()]
        self._known = frozenset(self._words)

    def corrected(self, text: str) -> str:
        """Return ``text``, folded, with the nearest known word for each unknown one: one slip away, two in a long word.

        As it is when no word changes.
        """
        said = expand(text)
        meant = [self._nearest(word) for word in said]
        return text if meant == said else " ".join(meant)

    def _nearest(self, word: str) -> str:
        if len(word) < _SHORTEST or word in self._known or not word.isalpha():
            return word
        found = process.extractOne(word, self._words, scorer=OSA.distance, score_cutoff=2 if len(word) >= _LONG else 1)
        return found[0] if found else word
