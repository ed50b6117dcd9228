"""The one ranked search over the directory, used by the bot, the API and the console."""

import functools
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from knowledge.directory import Directory, DirectoryStore, Entry
from knowledge.metrics import REFIT_SECONDS, REFITS
from knowledge.schema import OutsideTopic
from knowledge.search.examples import BROAD, examples_of, training_examples
from knowledge.search.filters import Filters, Fit, person_fit
from knowledge.search.kept import fitted
from knowledge.search.likeness import Rows
from knowledge.search.ranker import Scores
from knowledge.search.spelling import Spelling
from nlu.french.features import forget_texts
from nlu.french.person import Person, read_person
from nlu.french.text import clean, words

logger = logging.getLogger(__name__)

# Entries that changed since the last fit are scored one by one until the new fit is there.
_MAX_NEW = 200
# What is known of the person shifts the likeliest actions only; the others stay far below.
_MAX_SHIFTED = 300
# A broad need that claims the message (margin) lends its own to its usual doors, a step less each.
_BROAD_MARGIN = -0.2
_BROAD_STEP = 0.05
# An outside topic is named only when the message is really like one of its phrasings (cosine).
_TOPIC_LIKENESS = 0.45
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
    of the broad need that the message resembles most, if any.
    """

    hits: tuple[Hit, ...]
    outside: float
    topic: OutsideTopic | None
    person: Person
    broad: str | None = None
    outside_margin: float = -1.0

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


class _Index:
    """A ranker and the directory that it was fitted on."""

    def __init__(self, directory: Directory, folder: Path | None = None, key: str = "") -> None:
        started = time.monotonic()
        self.version = directory.version
        self.ranker = fitted(training_examples(directory), folder, key)
        broad = {f"{BROAD}{need.id}": need.actions for need in directory.broad_needs}
        self.at = np.flatnonzero([label not in broad for label in self.ranker.labels])
        # Where each broad need stands among the labels, and its usual doors.
        self.broad = [(int(i), str(label), broad[label]) for i, label in enumerate(self.ranker.labels) if label in broad]
        self.entries = [directory.by_id[label] for label in self.ranker.labels[self.at]]
        self.fitted_on = {entry.id: entry.action for entry in directory.entries}
        # A topic for each example of the outside, in their order (``training_examples``).
        self.topics = [topic for topic in directory.outside for _ in topic.questions]
        # A turn asks for the same text up to three times: as a whole, as a follow-up, as a part.
        self.score = functools.lru_cache(_LAST_TEXTS)(self.ranker.score)
        self.topic = functools.lru_cache(_LAST_TEXTS)(self._topic)
        self.spelling = Spelling(self.ranker.features.words())
        self.topic_rows = Rows(self.ranker.outside_rows, self.ranker.features.terms) if self.topics else None
        logger.info("search: fitted on version %s in %.1f s", directory.version, time.monotonic() - started)

    def _topic(self, text: str) -> OutsideTopic | None:
        """The outside topic that ``text`` is like, if any."""
        if self.topic_rows is None:
            return None
        likeness = self.topic_rows.likeness(self.score(text).row)
        best = int(likeness.argmax())
        return self.topics[best] if likeness[best] >= _TOPIC_LIKENESS else None


class Search:
    """``find`` over the current directory; refits in the background when the directory changes."""

    def __init__(self, store: DirectoryStore, folder: Path | None = None, key: str = "") -> None:
        """``folder``: where a fitted ranker is kept from one start to the next, signed with ``key``."""
        self._store, self._folder, self._key = store, folder, key
        self._index: _Index | None = None
        self._refitting = threading.Lock()

    def fit(self) -> None:
        """Fit on the current directory now (at start, and in tests); an empty one leaves the search not ready."""
        directory = self._store.current()
        self._index = _Index(directory, self._folder, self._key) if directory.entries else None

    def catch_up(self) -> None:
        """Fit again, now, if the directory is newer than the last fit."""
        if self._index and self._index.version != self._store.current().version:
            self.fit()

    def forget(self) -> None:
        """Forget the texts that were searched for last: somebody erases what they wrote."""
        if self._index is not None:
            self._index.score.cache_clear()
            self._index.topic.cache_clear()
        _person_in.cache_clear()
        forget_texts()

    @property
    def version(self) -> int:
        """Version of the directory that it was last fitted on; 0 before."""
        return self._index.version if self._index else 0

    def respelt(self, text: str) -> str:
        """Return ``text`` with its unknown words put right, where one that is taught is near (``spelling.py``)."""
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
        index = self._index_for(directory)
        said = clean(text)
        scores = index.score(said)
        entries, margins, outside_margin = self._margins(directory, index, scores)
        fits = _fits(entries, margins, person)
        for i, found in fits.items():
            margins[i] += sum(fit.shift for fit in found)
        probabilities, outside = index.ranker.probabilities(margins, outside_margin, outside_odds)
        accepted = (i for i in np.argsort(-margins) if filters.accepts(entries[i]) and (among is None or entries[i].id in among))
        hits = tuple(Hit(entries[i], float(probabilities[i]), float(margins[i]), fits.get(i, ())) for i in islice(accepted, limit))
        topic = index.topic(said) if outside >= _TOPIC_AT else None
        return Result(hits, outside, topic, person, _broad(index, scores), outside_margin)

    def explain(self, text: str, action_id: str, person: Person | None = None) -> Evidence:
        """Return the evidence for one action (for staff and tests; raises UnknownAction)."""
        directory = self._store.current()
        entry = directory.entry(action_id)
        index = self._index_for(directory)
        row = index.score(clean(text)).row
        nearest = index.ranker.nearest_example(row, entry.id)
        fits = person_fit(entry, (person or Person()).merged(_person_in(text)))
        spoken = index.ranker.contributions(row, entry.id)
        return Evidence(tuple(spoken), nearest[0] if nearest else None, nearest[1] if nearest else 0.0, tuple(fits))

    def likeness(self, text: str, action_id: str) -> float:
        """How like ``text`` is to the text of an action most like it (cosine, 0 to 1); 0.0 for one newer than the last fit."""
        index = self._index_for(self._store.current())
        nearest = index.ranker.nearest_example(index.score(clean(text)).row, action_id)
        return nearest[1] if nearest else 0.0

    def rows(self, texts: Sequence[str]) -> csr_matrix:
        """Return the features of ``texts``, a row of unit length each: their products are likenesses from 0 to 1."""
        return normalize(self._index_for(self._store.current()).ranker.features.transform(texts))

    def _index_for(self, directory: Directory) -> _Index:
        """The index in use; a newer one is fitted in the background when ``directory`` is newer."""
        if self._index is None:
            self._index = _Index(directory, self._folder, self._key)
        if self._index.version != directory.version and self._refitting.acquire(blocking=False):
            threading.Thread(target=self._refit, args=(directory,), name="search-refit", daemon=True).start()
        return self._index

    def _refit(self, directory: Directory) -> None:
        try:
            with REFIT_SECONDS.time():
                self._index = _Index(directory, self._folder, self._key)
            REFITS.labels("done").inc()
        except Exception:  # the index in use stays; the next message tries again
            REFITS.labels("failed").inc()
            logger.exception("search: the refit failed")
        finally:
            self._refitting.release()

    def _margins(self, directory: Directory, index: _Index, scores: Scores) -> tuple[list[Entry], np.ndarray, float]:
        """Every action of ``directory``, those newer than the index included, with their margins; and the outside's."""
        doors = _doors(index, scores)
        if index.version == directory.version:
            return index.entries, _raised(index.entries, scores.margins[index.at].astype(float), doors), scores.outside
        margins = {label: float(m) for label, m in zip(scores.labels, scores.margins, strict=True) if label in directory.by_id}
        changed = [e for e in directory.entries if index.fitted_on.get(e.id) != e.action][:_MAX_NEW]
        outside = scores.outside
        for entry in changed:
            newer = index.ranker.score_new(scores.row, examples_of(entry))
            margins[entry.id] = max(newer, margins.get(entry.id, newer))
            # What was outside until a moment ago is not, where the new action is nearer than anything outside.
            if newer > (nearest := index.ranker.outside_likeness(scores.row)):
                outside = min(outside, nearest)
        entries = [directory.by_id[label] for label in margins]
        return entries, _raised(entries, np.array(list(margins.values())), doors), outside


def _broad(index: _Index, scores: Scores) -> str | None:
    margin, label = max(((float(scores.margins[at]), label) for at, label, _ in index.broad), default=(_BROAD_MARGIN, ""))
    return label.removeprefix(BROAD) if margin > _BROAD_MARGIN else None


def _doors(index: _Index, scores: Scores) -> dict[str, float]:
    """The least margin of each usual door of the broad needs that the message resembles."""
    least: dict[str, float] = {}
    for at, _, actions in index.broad:
        margin = float(scores.margins[at])
        if margin > _BROAD_MARGIN:
            for rank, action_id in enumerate(actions):
                least[action_id] = max(margin - _BROAD_STEP * rank, least.get(action_id, margin - 1))
    return least


def _raised(entries: list[Entry], margins: np.ndarray, doors: dict[str, float]) -> np.ndarray:
    for i, entry in enumerate(entries if doors else ()):
        margins[i] = max(margins[i], doors.get(entry.id, margins[i]))
    return margins


def _fits(entries: list[Entry], margins: np.ndarray, person: Person) -> dict[int, tuple[Fit, ...]]:
    """What is known of the person about each of the likeliest actions, by position."""
    if not person.said():
        return {}
    return {int(i): tuple(person_fit(entries[i], person)) for i in np.argsort(-margins)[:_MAX_SHIFTED]}
