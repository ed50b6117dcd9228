"""What the search was fitted on, and what is read beside it until the next fit."""

import functools
import logging
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from knowledge.directory import Directory, Entry
from knowledge.schema import Action, OutsideTopic
from knowledge.search.kept import fitted
from knowledge.search.likeness import Rows
from knowledge.search.ranker import OUTSIDE, Example
from knowledge.search.spelling import Spelling

logger = logging.getLogger(__name__)

# Entries that changed since the last fit are scored one by one until the new fit is there.
_MAX_NEW = 200
# Of more the texts are read beside the messages: a person would wait for seconds.
_READ_AT_ONCE = 2
# Before the id of a broad need, among the labels.
BROAD = "broad:"
# An outside topic is named only when the message is really like one of its phrasings (cosine).
_TOPIC_LIKENESS = 0.45
LAST_TEXTS = 8


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


def training_examples(directory: Directory) -> list[Example]:
    """Every example of the directory, the outside included."""
    examples = [Example(text, entry.id) for entry in directory.entries for text in examples_of(entry)]
    examples += [Example(text, f"{BROAD}{broad.id}") for broad in directory.broad_needs for text in broad.questions]
    return examples + [Example(text, OUTSIDE) for topic in directory.outside for text in topic.questions]


class Index:
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
        self._read: dict[str, tuple[Action, csr_matrix]] = {}
        # A topic for each example of the outside, in their order (``training_examples``).
        self.topics = [topic for topic in directory.outside for _ in topic.questions]
        # A turn asks for the same text up to three times: as a whole, as a follow-up, as a part.
        self.score = functools.lru_cache(LAST_TEXTS)(self.ranker.score)
        self.topic = functools.lru_cache(LAST_TEXTS)(self._topic)
        self.spelling = Spelling(self.ranker.features.words())
        self.topic_rows = Rows(self.ranker.outside_rows, self.ranker.features.terms) if self.topics else None
        logger.info("search: fitted on version %s in %.1f s", directory.version, time.monotonic() - started)

    def newer(self, directory: Directory) -> list[tuple[Entry, csr_matrix]]:
        """The entries that changed since the fit, with what their texts are; of an import of many those that are read by now."""
        changed = [entry for entry in directory.entries if self.fitted_on.get(entry.id) != entry.action][:_MAX_NEW]
        if len(unread := self._unread(changed)) <= _READ_AT_ONCE:
            for entry in unread:
                self._read_texts(entry)
        return [(entry, known[1]) for entry in changed if (known := self._read.get(entry.id)) and known[0] == entry.action]

    def read_ahead(self, directory: Directory) -> None:
        """Read what changed since the fit, new entries first: those that only changed are known as they were. Takes long."""
        changed = [entry for entry in directory.entries if self.fitted_on.get(entry.id) != entry.action][:_MAX_NEW]
        for entry in sorted(self._unread(changed), key=lambda entry: entry.id in self.fitted_on):
            self._read_texts(entry)

    def _unread(self, changed: Sequence[Entry]) -> list[Entry]:
        return [entry for entry in changed if self._read.get(entry.id, (None,))[0] != entry.action]

    def _read_texts(self, entry: Entry) -> None:
        self._read[entry.id] = entry.action, self.ranker.read(examples_of(entry))

    def _topic(self, text: str) -> OutsideTopic | None:
        """The outside topic that ``text`` is like, if any."""
        if self.topic_rows is None:
            return None
        likeness = self.topic_rows.likeness(self.score(text).row)
        best = int(likeness.argmax())
        return self.topics[best] if likeness[best] >= _TOPIC_LIKENESS else None
