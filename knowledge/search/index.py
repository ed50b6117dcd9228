"""What a directory was fitted to, and the margins of its services for a message.

Up to ``MAX_DISCRIMINATED`` services are told apart by the classifier. In a larger directory it tells
apart those that the city has taught, and the others are found by the words that describe them
(``described``): both on one scale, with the same outside (docs/adr/0026-directory-size.md).
"""

import functools
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.preprocessing import normalize

from knowledge.directory import Directory, Entry
from knowledge.schema import OutsideTopic
from knowledge.search.described import Described, nearest
from knowledge.search.facets import facets_of
from knowledge.search.kept import fitted
from knowledge.search.ranker import MAX_DISCRIMINATED, OUTSIDE, Example, Ranker, Scores

logger = logging.getLogger(__name__)

# Entries that changed since the last fit are scored one by one until the new fit is there.
_MAX_NEW = 200
# In a large directory they have an index of their own, and more of them are waited for.
_MAX_FRESH = 2000
# A broad need that claims the message (margin) lends its own to its usual doors, a step less each.
_BROAD = "broad:"
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


def examples_of(entry: Entry) -> list[str]:
    """The texts that teach an action: its phrasings and the sentences that describe it."""
    action, organisation = entry.action, entry.organisation
    described = [
        action.title,
        action.official_title or "",
        f"{action.official_title or action.title} {organisation.name}",
        action.summary,
        " ".join(action.keywords),
        *action.description,
        *action.steps,
        *action.content,
        action.audience.text if action.audience else "",
        action.diploma or "",
        *(f"{organisation.name} {name}" for name in [action.title, *organisation.aliases]),
    ]
    return [text for _, text in action.questions.all()] + [text for text in described if text]


def training_examples(directory: Directory, entries: Sequence[Entry] | None = None) -> list[Example]:
    """Every example of ``entries`` (None: all), the outside and the broad needs included."""
    examples = [Example(text, entry.id) for entry in (directory.entries if entries is None else entries) for text in examples_of(entry)]
    examples += [Example(text, f"{_BROAD}{broad.id}") for broad in directory.broad_needs for text in broad.questions]
    return examples + [Example(text, OUTSIDE) for topic in directory.outside for text in topic.questions]


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
    position: dict[str, int] | None = None
    meant: int | None = None


class Index:
    """A ranker, the words of a large directory, and the directory that both were made of."""

    def __init__(self, directory: Directory, folder: Path | None = None, older: "Index | None" = None) -> None:
        """``folder``: where a fitted ranker is kept; ``older``: the index of before, of which what still holds is taken."""
        started = time.monotonic()
        self.version, self._directory = directory.version, directory
        is_large = len(directory.entries) > MAX_DISCRIMINATED
        taught = _taught(directory) if is_large else directory.entries
        examples = training_examples(directory, taught)
        self.ranker: Ranker = older.ranker if older and older.ranker.examples == tuple(examples) else fitted(examples, folder)
        broad = {f"{_BROAD}{need.id}": need.actions for need in directory.broad_needs}
        self._at = np.flatnonzero([label not in broad for label in self.ranker.labels])
        # Where each broad need stands among the labels, and its usual doors.
        self._broad = [(int(i), str(label), broad[label]) for i, label in enumerate(self.ranker.labels) if label in broad]
        self._entries = [directory.by_id[label] for label in self.ranker.labels[self._at]]
        self._fitted_on = {} if is_large else {entry.id: entry.action for entry in directory.entries}
        topics = [(topic, text) for topic in directory.outside for text in topic.questions]
        self._topics = [topic for topic, _ in topics]
        # A turn asks for the same text up to three times: as a whole, as a follow-up, as a part.
        self.score = functools.lru_cache(_LAST_TEXTS)(self.ranker.score)
        self.topic = functools.lru_cache(_LAST_TEXTS)(self._topic)
        self._topic_rows = normalize(self.ranker.features.transform([text for _, text in topics])).T.tocsr() if topics else None
        self._view = _view(directory, older) if is_large else None
        logger.info("search: fitted on version %s in %.1f s", directory.version, time.monotonic() - started)

    def lags(self, directory: Directory) -> bool:
        """True when ``directory`` needs another fit: any change of a small one, many or taught ones of a large one."""
        if self.version == directory.version:
            return False
        if self._view is None:
            return True
        taught = (directory.outside, directory.broad_needs, *(directory.by_id.get(entry.id) for entry in self._entries))
        before = (self._directory.outside, self._directory.broad_needs, *self._entries)
        changed = any(now is not then for now, then in zip(taught, before, strict=True))
        return changed or self._present(directory).is_worn or len(directory.entries) <= MAX_DISCRIMINATED

    def broad(self, scores: Scores) -> str | None:
        """The id of the broad need that a message resembles most, if any."""
        margin, label = max(((float(scores.margins[at]), label) for at, label, _ in self._broad), default=(_BROAD_MARGIN, ""))
        return label.removeprefix(_BROAD) if margin > _BROAD_MARGIN else None

    def ranked(self, directory: Directory, said: str) -> Ranked:
        """Every service of ``directory``, those newer than the fit included, with their margins; and the outside's."""
        scores = self.score(said)
        if self._view is not None:
            return self._ranked_by_words(self._present(directory), said, scores)
        entries, margins, outside = self._margins(directory, scores)
        for i, least in self._doors(scores, {entry.id: i for i, entry in enumerate(entries)} if self._broad else {}):
            margins[i] = max(margins[i], least)
        return Ranked(entries, margins, outside)

    def nearest_example(self, directory: Directory, said: str, entry: Entry) -> tuple[str, float] | None:
        """The text of a service most like a message, with its likeness (0 to 1); None for one newer than the fit."""
        found = self.ranker.nearest_example(self.score(said).row, entry.id)
        if found is None and self._view is not None:
            view = self._present(directory)
            at, text = view.position.get(entry.id), nearest(said, examples_of(entry))
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
            if newer > (nearest_outside := self.ranker.outside_likeness(scores.row)):
                outside = min(outside, nearest_outside)
        return [directory.by_id[label] for label in margins], np.array(list(margins.values())), outside

    def _ranked_by_words(self, view: "_View", said: str, scores: Scores) -> Ranked:
        likeness = view.likeness(said)
        most = float(likeness[view.alive].max()) if len(view.alive) else 0.0
        margins = (_COVERS - _PART * (1.0 - likeness)).astype(float)
        for entry, margin in zip(self._entries, scores.margins[self._at], strict=True):
            at = view.position.get(entry.id)
            if at is not None:
                margins[at] = max(margins[at], float(margin) - _PART * (most - float(likeness[at])))
        outside = scores.outside
        # As for what is new in a small one: what somebody offers is not outside, where nothing outside is as near.
        if _COVERS - _PART * (1.0 - most) > (nearest_outside := self.ranker.outside_likeness(scores.row)):
            outside = min(outside, nearest_outside)
        for i, least in self._doors(scores, view.position):
            margins[i] = max(margins[i], least)
        return Ranked(view.entries, margins, outside, view.of_directory, view.position, _MEANT)

    def _doors(self, scores: Scores, position: dict[str, int]) -> list[tuple[int, float]]:
        """The least margin of each usual door of the broad needs that the message resembles, by position."""
        least: dict[str, float] = {}
        for at, _, actions in self._broad:
            margin = float(scores.margins[at])
            if margin > _BROAD_MARGIN:
                for rank, action_id in enumerate(actions):
                    least[action_id] = max(margin - _BROAD_STEP * rank, least.get(action_id, margin - 1))
        return [(position[action_id], margin) for action_id, margin in least.items() if action_id in position]

    def _topic(self, text: str) -> OutsideTopic | None:
        """The outside topic that ``text`` is like, if any."""
        if self._topic_rows is None:
            return None
        likeness = (normalize(self.score(text).row) @ self._topic_rows).toarray().ravel()
        best = int(likeness.argmax())
        return self._topics[best] if likeness[best] >= _TOPIC_LIKENESS else None

    def _present(self, directory: Directory) -> "_View":
        """The words of ``directory`` as it is now; a change costs the index of what changed."""
        assert self._view is not None
        view = self._view
        if view.directory is not directory:
            view = self._view = view.updated(directory)
        return view


class _View:
    """A large directory by its words: the index that was made of all of it, and one of what changed since.

    ``is_stale``: so much changed at once that its words were not read; ``is_worn``: for this or another reason it should be made anew.
    """

    def __init__(
        self,
        directory: Directory,
        entries: list[Entry],
        indexed: Sequence[Entry],
        words: Described,
        fresh: list[Entry],
        is_stale: bool = False,
    ) -> None:
        self.directory, self._indexed, self._words = directory, indexed, words
        self._fresh = Described(fresh, examples_of, words) if fresh else None
        self._fresh_ids = [entry.id for entry in fresh]
        self.entries: list[Entry] = [*entries, *fresh]
        # Of one that changed, the newer stands behind the older.
        at = {entry.id: i for i, entry in enumerate(self.entries)}
        self.of_directory = np.array([at.get(entry.id, -1) for entry in directory.entries], dtype=np.int64)
        self.alive = self.of_directory[self.of_directory >= 0]
        self.position = {action_id: i for action_id, i in at.items() if action_id in directory.by_id}
        self.is_stale = is_stale
        self.is_worn = is_stale or len(self.position) < len(directory.entries) or len(fresh) > _MAX_FRESH // 2
        self.likeness = functools.lru_cache(_LAST_TEXTS)(self._likeness)

    @classmethod
    def of(cls, directory: Directory) -> "_View":
        return cls(directory, list(directory.entries), directory.entries, Described(directory.entries, examples_of), [])

    def updated(self, directory: Directory) -> "_View":
        """The view of a directory that changed since. Of more than ``_MAX_FRESH`` changes at once the new services are read,
        and the others keep the words of the last fit until the next."""
        by_id, before = directory.by_id, self.directory.by_id
        changed = [entry.id for entry in directory.entries if before.get(entry.id) is not entry]
        is_stale = self.is_stale or len(changed) > _MAX_FRESH
        if len(changed) > _MAX_FRESH:
            changed = [action_id for action_id in changed if action_id not in before][:_MAX_FRESH]
        fresh = [by_id[action_id] for action_id in dict.fromkeys([*self._fresh_ids, *changed]) if action_id in by_id]
        entries = [by_id.get(entry.id, entry) for entry in self._indexed]
        return _View(directory, entries, self._indexed, self._words, fresh, is_stale)

    def spoken(self, said: str, action_id: str) -> list[tuple[str, float]]:
        at, old = self.position.get(action_id), len(self._indexed)
        if at is None:
            return []
        return self._words.spoken(said, at) if at < old or self._fresh is None else self._fresh.spoken(said, at - old)

    def _likeness(self, said: str) -> np.ndarray:
        """Likeness of every entry; shared by who asks, and so never to be written to."""
        found = self._words.likeness(said)
        return found if self._fresh is None else np.concatenate([found, self._fresh.likeness(said)])


def _view(directory: Directory, older: Index | None) -> _View:
    """The words of a large directory: those of before while they hold."""
    view = older._present(directory) if older and older._view else None
    facets_of(directory)  # now, and not when the first filter is asked for
    return view if view and not view.is_worn else _View.of(directory)


def _taught(directory: Directory) -> list[Entry]:
    """The services of a large directory that have phrasings enough: as many as can be told apart, those with most."""
    room = MAX_DISCRIMINATED - len(directory.broad_needs) - 1
    phrasings = {entry.id: sum(map(len, vars(entry.action.questions).values())) for entry in directory.entries}
    least = max(_LEAST_TAUGHT, sorted(phrasings.values(), reverse=True)[room])
    taught = [entry for entry in directory.entries if phrasings[entry.id] >= least][:room]
    # Features need some text to be fitted on.
    return taught if taught or directory.outside else list(directory.entries[:1])
