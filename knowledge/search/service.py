"""The one ranked search over the directory, used by the bot, the API and the console."""

import functools
import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from knowledge.background import giving_way
from knowledge.directory import Directory, DirectoryStore, Entry
from knowledge.metrics import REFIT_SECONDS, REFITS
from knowledge.schema import OutsideTopic
from knowledge.search.facets import facets_of
from knowledge.search.filters import Filters, Fit, person_fit
from knowledge.search.index import Index, Ranked
from nlu.french.features import forget_texts
from nlu.french.person import Person, read_person
from nlu.french.text import clean, words

logger = logging.getLogger(__name__)

# What is known of the person shifts the likeliest actions only; the others stay far below.
_MAX_SHIFTED = 300
_SORTED_AT_ONCE = 500
# Below this probability of the outside its topic is of no use, and is not looked for.
_TOPIC_AT = 0.1
_LAST_TEXTS = 8
# What a message says of the person does not change between the searches of one turn.
_person_in = functools.lru_cache(_LAST_TEXTS)(read_person)


@dataclass(frozen=True)
class Hit:
    """One action found. ``confidence`` is the calibrated probability that it is the right one."""

    entry: Entry
    confidence: float
    margin: float
    fits: tuple[Fit, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """Why an action was found: words of the message, the phrasing most like it, the person."""

    words: tuple[tuple[str, float], ...]
    phrasing: str | None
    likeness: float
    fits: tuple[Fit, ...]


@dataclass(frozen=True)
class Result:
    """What a search found, best first.

    ``outside`` is the probability that no action fits, ``outside_margin`` its margin; ``broad`` the id
    of the broad need that the message resembles most, if any; ``of_one_kind``: in a large directory, the
    probability of all that share a theme with the best, found or not among ``hits``.
    """

    hits: tuple[Hit, ...]
    outside: float
    topic: OutsideTopic | None
    person: Person
    broad: str | None = None
    outside_margin: float = -1.0
    of_one_kind: float = 0.0

    @property
    def sure_inside(self) -> float:
        """Probability of the best action, given that one of them is right."""
        return self.hits[0].confidence / max(1.0 - self.outside, 1e-9) if self.hits else 0.0

    @property
    def best(self) -> Hit | None:
        return self.hits[0] if self.hits else None

    def is_sure(self, least: float) -> bool:
        """True when one action is the right one with at least this probability."""
        return bool(self.hits) and self.hits[0].confidence >= least


class Search:
    """``find`` over the current directory; refits in the background when the directory changes."""

    def __init__(self, store: DirectoryStore, folder: Path | None = None, key: str = "") -> None:
        """``folder``: where a fitted ranker is kept from one start to the next, signed with ``key``."""
        self._store, self._folder, self._key = store, folder, key
        self._index: Index | None = None
        self._refitting = threading.Lock()

    def fit(self) -> None:
        """Fit on the current directory now (at start, and in tests); an empty one leaves the search not ready."""
        directory = self._store.current()
        self._index = Index(directory, self._folder, self._key) if directory.entries else None

    def catch_up(self) -> None:
        """Fit again, now, if the directory needs it since the last fit."""
        if self._index and self._index.lags(self._store.current()):
            self.fit()

    def forget(self) -> None:
        """Forget the texts that were searched for last: somebody erases what they wrote."""
        if self._index is not None:
            self._index.forget()
        _person_in.cache_clear()
        forget_texts()

    @property
    def version(self) -> int:
        """Version of the directory that it answers for: while it lags behind, the one of the last fit; 0 before."""
        if self._index is None:
            return 0
        directory = self._store.current()
        return self._index.version if self._index.lags(directory) else directory.version

    def respelt(self, text: str) -> str:
        """Return ``text`` with its unknown words put right, where one that is known is near (``spelling.py``)."""
        return self._index_for(self._store.current()).spelling.corrected(text)

    def is_ready(self) -> bool:
        return self._index is not None and bool(self._store.current().entries)

    def find(
        self,
        text: str,
        person: Person | None = None,
        filters: Filters = Filters(),
        limit: int = 5,
        among: Sequence[str] | None = None,
        outside_odds: float = 1.0,
    ) -> Result:
        """Rank the directory for ``text``.

        ``person`` adds what is known from before to what the text says; ``filters`` exclude;
        ``among`` restricts to these ids; ``outside_odds`` is how much likelier the outside is than in
        a first message. An empty text, or an empty directory, finds nothing.
        """
        directory = self._store.current()
        person = (person or Person()).merged(_person_in(text))
        if not words(text) or not directory.entries:
            return Result((), 1.0, None, person)
        index, said = self._index_for(directory), clean(text)
        ranked = index.ranked(directory, said)
        alive = None if ranked.of_directory is None else ranked.of_directory[ranked.of_directory >= 0]
        entries, margins = ranked.entries, ranked.margins
        # Of a small directory only what is known of a person asks for the order so far.
        first = list(islice(_best_first(margins, alive), _MAX_SHIFTED)) if ranked.meant or person.said() else []
        fits = {i: tuple(person_fit(entries[i], person)) for i in first} if person.said() else {}
        for i, found in fits.items():
            margins[i] += sum(fit.shift for fit in found)
        likely = None if ranked.meant is None else sorted(first, key=lambda i: -margins[i])[: ranked.meant]
        probabilities, outside = _probabilities(index, margins, ranked.outside, outside_odds, likely)
        accepted = self._accepted(directory, ranked, filters, among)
        hits = tuple(Hit(entries[i], float(probabilities[i]), float(margins[i]), fits.get(i, ())) for i in islice(accepted, limit))
        topic = index.topic(said) if outside >= _TOPIC_AT else None
        of_one_kind = _sharing(entries, likely, probabilities) if likely else 0.0
        return Result(hits, outside, topic, person, index.broad(index.score(said)), ranked.outside, of_one_kind)

    def explain(self, text: str, action_id: str, person: Person | None = None) -> Evidence:
        """Return the evidence for one action (for staff and tests; raises UnknownAction)."""
        directory = self._store.current()
        entry = directory.entry(action_id)
        index = self._index_for(directory)
        said = clean(text)
        nearest = index.nearest_example(directory, said, entry)
        fits = person_fit(entry, (person or Person()).merged(_person_in(text)))
        spoken = index.contributions(directory, said, entry)
        return Evidence(tuple(spoken), nearest[0] if nearest else None, nearest[1] if nearest else 0.0, tuple(fits))

    def likeness(self, text: str, action_id: str) -> float:
        """How like ``text`` is to the text of an action most like it (cosine, 0 to 1); 0.0 for one newer than the last fit."""
        directory = self._store.current()
        entry = directory.by_id.get(action_id)
        nearest = self._index_for(directory).nearest_example(directory, clean(text), entry) if entry else None
        return nearest[1] if nearest else 0.0

    def rows(self, texts: Sequence[str]) -> csr_matrix:
        """Return the features of ``texts``, a row of unit length each: their products are likenesses from 0 to 1."""
        return normalize(self._index_for(self._store.current()).ranker.features.transform(texts))

    def _accepted(self, directory: Directory, ranked: Ranked, filters: Filters, among: Sequence[str] | None) -> Iterator[int]:
        """The positions that ``filters`` and ``among`` leave, best first."""
        entries = ranked.entries
        if among is None and ranked.of_directory is not None:
            everywhere = filters == Filters()
            left = ranked.of_directory if everywhere else ranked.of_directory[facets_of(directory).positions(filters)]
            return _best_first(ranked.margins, left[left >= 0])
        if among is not None and ranked.position is not None:
            at = np.array([i for action_id in among if (i := ranked.position(action_id)) is not None], dtype=np.int64)
            return (i for i in _best_first(ranked.margins, at) if filters.accepts(entries[i]))
        every = _best_first(ranked.margins, None)
        return (i for i in every if filters.accepts(entries[i]) and (among is None or entries[i].id in among))

    def _index_for(self, directory: Directory) -> Index:
        """The index in use; a newer one is fitted in the background when ``directory`` needs it."""
        if self._index is None:
            self._index = Index(directory)
        if self._index.lags(directory) and self._refitting.acquire(blocking=False):
            threading.Thread(target=self._refit, args=(directory,), name="search-refit", daemon=True).start()
        return self._index

    def _refit(self, directory: Directory) -> None:
        try:
            with REFIT_SECONDS.time(), giving_way():
                self._index = Index(directory, older=self._index)
            REFITS.labels("done").inc()
        except Exception:  # the index in use stays; the next message tries again
            REFITS.labels("failed").inc()
            logger.exception("search: the refit failed")
        finally:
            self._refitting.release()


def _probabilities(
    index: Index, margins: np.ndarray, outside: float, outside_odds: float, likely: list[int] | None
) -> tuple[np.ndarray, float]:
    """Probability of every action and of the outside; where only some are likely, the others have none.

    Services that fit a message alike are one need: however many towns have a French course, it is no likelier to be meant.
    """
    if likely is None:
        return index.ranker.probabilities(margins, outside, outside_odds)
    each, left = index.ranker.probabilities(margins[likely], outside, outside_odds)
    _, kind, alike = np.unique(np.round(margins[likely], 2), return_inverse=True, return_counts=True)
    each = each / alike[kind]
    found = np.zeros(len(margins))
    found[likely] = each / (total := each.sum() + left)
    return found, left / total


def _best_first(margins: np.ndarray, among: np.ndarray | None) -> Iterator[int]:
    """The positions ``among`` these (None: all), best first; of very many the first are sorted at once, the others when asked for."""
    at = np.arange(len(margins)) if among is None else among
    if len(at) > 2 * _SORTED_AT_ONCE:
        parted = np.argpartition(-margins[at], _SORTED_AT_ONCE)
        first, at = at[parted[:_SORTED_AT_ONCE]], at[parted[_SORTED_AT_ONCE:]]
        yield from first[np.argsort(-margins[first], kind="stable")].tolist()
    yield from at[np.argsort(-margins[at])].tolist()


def _sharing(entries: Sequence[Entry], likely: Sequence[int], probabilities: np.ndarray) -> float:
    """Probability of all that share a theme with the best: in four thousand towns a French course is still one need."""
    themes = set(entries[likely[0]].action.themes) if likely else set()
    return float(sum(probabilities[i] for i in likely if themes & set(entries[i].action.themes)))
