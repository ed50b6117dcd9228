"""A large directory by its words: the index that was made of all of it, and a small one of what changed since."""

import functools
from collections.abc import Iterable, Sequence

import numpy as np

from knowledge.directory import Directory, Entry
from knowledge.patching import places
from knowledge.search.described import Described

# So many changes of a large directory are indexed beside it.
_MAX_FRESH = 2000
_LAST_TEXTS = 8


class ByWords:
    """The words of one directory; never changes. ``updated`` makes the next one.

    Positions count the entries that were indexed, then those that changed since: of one that changed the newer counts.
    ``is_stale``: so much changed at once that its words were not read; ``is_worn``: for this or another reason it should be made anew.
    """

    def __init__(
        self, directory: Directory, indexed: Sequence[Entry], words: Described, fresh: list[Entry], is_stale: bool = False
    ) -> None:
        self.directory, self._indexed, self._words, self._fresh_entries = directory, indexed, words, fresh
        self._fresh = Described(fresh, words) if fresh else None
        self.entries: list[Entry] = [*indexed, *fresh]
        self._at = places(self.entries)
        # Where each entry of the directory stands here, -1: nowhere yet.
        self.of_directory = np.array([self._at.get(id(entry), -1) for entry in directory.entries], dtype=np.int64)
        self.alive = self.of_directory[self.of_directory >= 0]
        self.is_stale = is_stale
        self.is_worn = is_stale or len(self.alive) < len(directory.entries) or len(fresh) > _MAX_FRESH // 2
        self.likeness = functools.lru_cache(_LAST_TEXTS)(functools.partial(_likeness, words, self._fresh))

    @classmethod
    def of(cls, directory: Directory) -> "ByWords":
        return cls(directory, directory.entries, Described(directory.entries), [])

    def updated(self, directory: Directory) -> "ByWords":
        """The words of a directory that changed since. Of more than ``_MAX_FRESH`` changes at once the new services are read,
        and the others keep the words of the last fit until the next."""
        known, indexed = self._at, self._indexed
        changed = [entry for entry in directory.entries if id(entry) not in known]
        is_stale = self.is_stale or len(changed) > _MAX_FRESH
        if len(changed) > _MAX_FRESH:
            by_id, before = directory.by_id, self.directory.by_id
            indexed = [by_id.get(entry.id, entry) for entry in indexed]
            changed = [entry for entry in changed if entry.id not in before][:_MAX_FRESH]
        read = places(changed)
        still = [newer for entry in self._fresh_entries if (newer := directory.by_id.get(entry.id)) and id(newer) not in read]
        return ByWords(directory, indexed, self._words, [*still, *changed], is_stale)

    def position(self, action_id: str) -> int | None:
        """Where an action of the directory stands here."""
        entry = self.directory.by_id.get(action_id)
        return self._at.get(id(entry)) if entry else None

    @property
    def vocabulary(self) -> Iterable[str]:
        """The words that were indexed."""
        return self._words.vocabulary.at

    def forget(self) -> None:
        """Forget the texts that were compared last."""
        self.likeness.cache_clear()

    def spoken(self, said: str, action_id: str) -> list[tuple[str, float]]:
        """The words of a message that an action has, with their weight."""
        at, old = self.position(action_id), len(self._indexed)
        if at is None:
            return []
        return self._words.spoken(said, at) if at < old or self._fresh is None else self._fresh.spoken(said, at - old)


def _likeness(words: Described, fresh: Described | None, said: str) -> np.ndarray:
    """Likeness of every entry; shared by who asks, and so never to be written to."""
    found = words.likeness(said)
    return found if fresh is None else np.concatenate([found, fresh.likeness(said)])
