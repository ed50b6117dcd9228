"""Messages of a set that the assistant was taught almost word for word: they measure memory only."""

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from knowledge.directory import Directory
from knowledge.search.index import training_examples
from nlu.french.text import words

# Likeness (0 to 100) of folded words from which a message is a near-copy: about one letter in ten differs.
_NEAR_COPY = 90


def copies(messages: Sequence[str], directory: Directory) -> set[str]:
    """Return those of ``messages`` that are near-copies of one of the directory's texts."""
    taught = list({_folded(example.text) for example in training_examples(directory)})
    return {m for m in messages if process.extractOne(_folded(m), taught, scorer=fuzz.ratio, score_cutoff=_NEAR_COPY)}


def _folded(text: str) -> str:
    return " ".join(words(text))
