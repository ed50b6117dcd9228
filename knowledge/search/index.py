"""What a directory was fitted to, and the margins of its services for a message.

Up to ``MAX_DISCRIMINATED`` services are told apart by the classifier. In a larger directory it tells
apart those that the city has taught, and the others are found by the words that describe them
(``described``): both on one scale, with the same outside (docs/adr/0026-directory-size.md).
"""

import functools
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.directory import Directory, Entry
from knowledge.schema import OutsideTopic
from knowledge.search.by_words import ByWords
from knowledge.search.described import nearest
from knowledge.search.examples import BROAD, examples_of, training_examples
from knowledge.search.facets import facets_of
from knowledge.search.kept import fitted
from knowledge.search.ranker import FARTHEST, MAX_DISCRIMINATED, Ranker, Scores, outside_margin
from knowledge.search.spelling import Spelling

logger = logging.getLogger(__name__)

# Entries that changed since the last fit are scored one by one until the new fit is there.
_MAX_NEW = 200
# A broad need that claims the message (margin) lends its own to its usual doors, a step less each.
_BROAD_MARGIN = -0.2
_BROAD_STEP = 0.05
# An outside topic is named only when the message is really like one of its phrasings (cosine).
_TOPIC_LIKENESS = 0.45
_LAST_TEXTS = 8
# With fewer phrasings a service of a large directory is described rather than taught.
_LEAST_TAUGHT = 10
# The margin of a service that covers all of a message, and what each uncovered part of it costs; a taught service pays as
# much for what another has and it has not (its town, most often). Looked at on generated services beside the real ones.
_COVERS, _PART = 0.3, 2.2
# Of a large directory only so many may be meant; the others share no probability.
_MEANT = 100


@dataclass(frozen=True)
class Ranked:
    """The services of a directory with their margins for one message.

    ``of_directory``: in a large directory, where each of its entries stands here (-1: nowhere yet); ``position`` the same by
    id; ``meant``: how many may be meant. None in a small one, where every position counts.
    """

    entries: Sequence[Entry]
    margins: np.ndarray
    outside: float
    of_directory: np.ndarray | None = None
    position: Callable[[str], int | None] | None = None
    meant: int | None = None


class Index:
    """A ranker, the words of a large directory, and the directory that both were made of."""

    def __init__(self, directory: Directory, folder: Path | None = None, key: str = "", older: "Index | None" = None) -> None:
        """``folder``, ``key``: where a fitted ranker is kept, and signed with what; ``older``: the index of before, of which what
        still holds is taken."""
        started = time.monotonic()
        self.version, self._directory = directory.version, directory
        is_large = len(directory.entries) > MAX_DISCRIMINATED
        taught = _taught(directory) if is_large else directory.entries
        examples = training_examples(directory, taught)
        self.ranker: Ranker = older.ranker if older and older.ranker.examples == tuple(examples) else fitted(examples, folder, key)
        broad = {f"{BROAD}{need.id}": need.actions for need in directory.broad_needs}
        self._at = np.flatnonzero([label not in broad for label in self.ranker.labels])
        # Where each broad need stands among the labels, and its usual doors.
        self._broad = [(int(i), str(label), broad[label]) for i, label in enumerate(self.ranker.labels) if label in broad]
        self._entries = [directory.by_id[label] for label in self.ranker.labels[self._at]]
        self._fitted_on = {} if is_large else {entry.id: entry.action for entry in directory.entries}
        # A topic for each example of the outside, in their order (``training_examples``).
        self._topics = [topic for topic in directory.outside for _ in topic.questions]
        # None refers to the index, which so is freed as soon as the next one is there.
        # A turn asks for the same text up to three times: as a whole, as a follow-up, as a part.
        self.score = functools.lru_cache(_LAST_TEXTS)(self.ranker.score)
        self.outside_likeness = functools.lru_cache(_LAST_TEXTS)(functools.partial(_outside_likeness, self.ranker, self.score))
        self._view = _view(directory, older) if is_large else None
        self.spelling = Spelling([*self.ranker.features.words(), *(self._view.vocabulary if self._view else ())])
        logger.info("search: fitted on version %s in %.1f s", directory.version, time.monotonic() - started)

    def lags(self, directory: Directory) -> bool:
        """True when ``directory`` needs another fit: any change of a small one, many or taught ones of a large one."""
        if self.version == directory.version:
            return False
        if self._view is None:
            return True
        before = self._directory
        if (directory.outside, directory.broad_needs) != (before.outside, before.broad_needs):
            return True
        if any(directory.by_id.get(entry.id) is not entry for entry in self._entries):
            return True
        return len(directory.entries) <= MAX_DISCRIMINATED or self._present(directory).is_worn

    def forget(self) -> None:
        """Forget the texts that were scored last."""
        self.score.cache_clear()
        self.outside_likeness.cache_clear()
        if self._view is not None:
            self._view.forget()

    def broad(self, scores: Scores) -> str | None:
        """The id of the broad need that a message resembles most, if any."""
        margin, label = max(((float(scores.margins[at]), label) for at, label, _ in self._broad), default=(_BROAD_MARGIN, ""))
        return label.removeprefix(BROAD) if margin > _BROAD_MARGIN else None

    def topic(self, said: str) -> OutsideTopic | None:
        """The outside topic that a message is like, if any."""
        if not self._topics:
            return None
        likeness = self.outside_likeness(said)
        best = int(likeness.argmax())
        return self._topics[best] if likeness[best] >= _TOPIC_LIKENESS else None

    def ranked(self, directory: Directory, said: str) -> Ranked:
        """Every service of ``directory``, those newer than the fit included, with their margins; and the outside's."""
        scores = self.score(said)
        if self._view is not None:
            return self._ranked_by_words(self._present(directory), said, scores)
        entries, margins, outside = self._margins(directory, scores)
        if doors := self._doors(scores):
            _raise(margins, doors, {entry.id: i for i, entry in enumerate(entries)}.get)
        return Ranked(entries, margins, outside)

    def nearest_example(self, directory: Directory, said: str, entry: Entry) -> tuple[str, float] | None:
        """The text of a service most like a message, with its likeness (0 to 1); None for one newer than the fit."""
        found = self.ranker.nearest_example(self.score(said).row, entry.id)
        if found is None and self._view is not None:
            view = self._present(directory)
            at, text = view.position(entry.id), nearest(said, examples_of(entry))
            return (text, float(view.likeness(said)[at])) if at is not None and text is not None else None
        return found

    def contributions(self, directory: Directory, said: str, entry: Entry) -> list[tuple[str, float]]:
        """The words of a message that spoke most for a service, with their weight."""
        found = self.ranker.contributions(self.score(said).row, entry.id)
        return found or (self._present(directory).spoken(said, entry.id)[:5] if self._view is not None else [])

    def _margins(self, directory: Directory, scores: Scores) -> tuple[list[Entry], np.ndarray, float]:
        if self.version == directory.version:
            return self._entries, scores.margins[self._at].astype(float), scores.outside
        margins = {label: float(m) for label, m in zip(scores.labels, scores.margins, strict=True) if label in directory.by_id}
        changed = [e for e in directory.entries if self._fitted_on.get(e.id) != e.action][:_MAX_NEW]
        outside = scores.outside
        for entry in changed:
            newer = self.ranker.score_new(scores.row, examples_of(entry))
            margins[entry.id] = max(newer, margins.get(entry.id, newer))
            # What was outside until a moment ago is not, where the new action is nearer than anything outside.
            if newer > (nearest_outside := self.ranker.nearest_outside(scores.row)):
                outside = min(outside, nearest_outside)
        return [directory.by_id[label] for label in margins], np.array(list(margins.values())), outside

    def _ranked_by_words(self, view: ByWords, said: str, scores: Scores) -> Ranked:
        likeness = view.likeness(said)
        most = float(likeness[view.alive].max()) if len(view.alive) else 0.0
        margins = (_COVERS - _PART * (1.0 - likeness)).astype(float)
        for entry, margin in zip(self._entries, scores.margins[self._at], strict=True):
            at = view.position(entry.id)
            if at is not None:
                margins[at] = max(margins[at], float(margin) - _PART * (most - float(likeness[at])))
        outside, best = scores.outside, _COVERS - _PART * (1.0 - most)
        # As for what is new in a small one: what somebody offers is not outside, where nothing outside is as near. Where even
        # the farthest outside would change nothing, it is not looked for.
        if min(best, outside) > FARTHEST and best > (nearest_outside := outside_margin(self.outside_likeness(said))):
            outside = min(outside, nearest_outside)
        _raise(margins, self._doors(scores), view.position)
        return Ranked(view.entries, margins, outside, view.of_directory, view.position, _MEANT)

    def _doors(self, scores: Scores) -> dict[str, float]:
        """The least margin of each usual door of the broad needs that the message resembles."""
        least: dict[str, float] = {}
        for at, _, actions in self._broad:
            margin = float(scores.margins[at])
            if margin > _BROAD_MARGIN:
                for rank, action_id in enumerate(actions):
                    least[action_id] = max(margin - _BROAD_STEP * rank, least.get(action_id, margin - 1))
        return least

    def _present(self, directory: Directory) -> ByWords:
        """The words of ``directory`` as it is now; a change costs the index of what changed."""
        assert self._view is not None
        view = self._view
        if view.directory is not directory:
            view = self._view = view.updated(directory)
        return view


def _outside_likeness(ranker: Ranker, score: Callable[[str], Scores], said: str) -> np.ndarray:
    return ranker.outside_likeness(score(said).row)


def _raise(margins: np.ndarray, least: dict[str, float], position: Callable[[str], int | None]) -> None:
    for action_id, margin in least.items():
        if (at := position(action_id)) is not None:
            margins[at] = max(margins[at], margin)


def _view(directory: Directory, older: Index | None) -> ByWords:
    """The words of a large directory: those of before while they hold."""
    view = older._present(directory) if older and older._view else None
    facets_of(directory)  # now, and not when the first filter is asked for
    return view if view and not view.is_worn else ByWords.of(directory)


def _taught(directory: Directory) -> list[Entry]:
    """The services of a large directory that have phrasings enough: as many as can be told apart, those with most."""
    room = MAX_DISCRIMINATED - len(directory.broad_needs) - 1
    phrasings = {entry.id: sum(map(len, vars(entry.action.questions).values())) for entry in directory.entries}
    least = max(_LEAST_TAUGHT, sorted(phrasings.values(), reverse=True)[room])
    taught = [entry for entry in directory.entries if phrasings[entry.id] >= least][:room]
    # Features need some text to be fitted on.
    return taught if taught or directory.outside else list(directory.entries[:1])
