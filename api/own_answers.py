"""What ``knowledge/once.py`` keeps in the database, in this process alone, for as long as the database fails."""

import time
from collections.abc import Callable
from typing import Any

from knowledge.once import KEPT

# Stands for an answer that is not there yet.
BEING_MADE: dict[str, Any] = {}
# Some 5 kB each.
_MOST = 2000


class OwnAnswers:
    """Messages that were taken on and answered without the database, by their id. For one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, str, dict[str, Any]]] = {}

    def __contains__(self, key: str) -> bool:
        self.tidy()
        return key in self._kept

    def of(self, key: str) -> dict[str, Any]:
        """The answer, or ``BEING_MADE``."""
        return self._kept[key][2]

    def take_on(self, key: str, conversation: str) -> None:
        """This message is being answered."""
        self._kept[key] = self._clock(), conversation, BEING_MADE
        if len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]

    def end(self, key: str, answer: dict[str, Any] | None) -> bool:
        """Keep the answer; None: there was none, the next try is a first one. False when it was erased meanwhile."""
        at, conversation, _ = self._kept.pop(key, (0.0, "", BEING_MADE))
        if conversation and answer is not None:
            self._kept[key] = at, conversation, answer
        return bool(conversation)

    def erase(self, conversation: str) -> None:
        """Forget the answers of a conversation."""
        for key in [key for key, (_, whose, _) in self._kept.items() if whose == conversation]:
            del self._kept[key]

    def tidy(self) -> None:
        """Forget what nobody repeats any more."""
        old = self._clock() - KEPT.total_seconds()
        for key in [key for key, (at, _, _) in self._kept.items() if at < old]:
            del self._kept[key]
