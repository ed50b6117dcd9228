"""The bar to clear: BM25 over the directory's texts (``rank-bm25``, of the dev extra)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from knowledge.directory import Directory, Entry
from knowledge.schema import Questions
from knowledge.search.index import examples_of
from nlu.french.text import words


@dataclass
class Baseline:
    """A ranking by BM25; ``rank`` gives ids, best first."""

    key: str
    name: str
    ids: Sequence[str]
    _index: Any
    _ranked: dict[str, list[str]] = field(default_factory=dict)

    def rank(self, message: str, limit: int) -> list[str]:
        """Return the ``limit`` best ids; fewer when no other shares a word with the message."""
        if message not in self._ranked:
            scores = self._index.get_scores(words(message))
            self._ranked[message] = [self.ids[i] for i in np.argsort(-scores, kind="stable")[:10] if scores[i] > 0]
        return self._ranked[message][:limit]


def baselines_of(directory: Directory) -> list[Baseline]:
    """BM25 with the texts that teach the search, and with the descriptions alone; none without rank-bm25."""
    try:
        from rank_bm25 import BM25Okapi
    except ImportError:
        return []
    if not directory.entries:
        return []
    ids = [entry.id for entry in directory.entries]
    taught = BM25Okapi([_document(entry) for entry in directory.entries])
    described = BM25Okapi([_document(_without_phrasings(entry)) for entry in directory.entries])
    return [
        Baseline("bm25.phrasings", "BM25 with phrasings", ids, taught),
        Baseline("bm25.descriptions", "BM25, descriptions", ids, described),
    ]


def _document(entry: Entry) -> list[str]:
    return words(" ".join(examples_of(entry)))


def _without_phrasings(entry: Entry) -> Entry:
    return Entry(entry.action.copy(update={"questions": Questions()}), entry.organisation)
