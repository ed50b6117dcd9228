"""Conversations in memory, for as long as the database does not answer: how they stood, and what is to be written."""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

logger = logging.getLogger(__name__)

Rows = list[dict[str, Any]]

# Whoever is silent for longer begins anew if the database is gone just then: people's words are not kept about.
KEPT_SECONDS = 600.0
MOST_CONVERSATIONS = 500
MOST_TURNS = 20_000


class ConversationMemory:
    """The last conversations of this process, and the turns of any that could not be written (``turns``: how many). For one thread."""

    def __init__(self, recent: Callable[[Iterable[Any]], list[Any]] = list, clock: Callable[[], float] = time.monotonic) -> None:
        """``recent``: of the events of a conversation, what answering it needs."""
        self._recent, self._clock = recent, clock
        self._known: dict[str, tuple[float, list[Any]]] = {}
        self._unwritten: dict[str, list[Rows]] = {}
        self.turns = 0

    def remember(self, conversation_id: str, events: Iterable[Any]) -> None:
        """Keep how a conversation stands, as the latest; the oldest are forgotten."""
        self._known.pop(conversation_id, None)
        self._known[conversation_id] = self._clock(), self._recent(events)
        if len(self._known) > MOST_CONVERSATIONS:
            del self._known[next(iter(self._known))]

    def recall(self, conversation_id: str) -> list[Any]:
        """How a conversation stood; empty when it is not known here."""
        self.tidy()
        return self._known.get(conversation_id, (0.0, []))[1]

    def tidy(self) -> None:
        """Forget who has been silent for long."""
        old = self._clock() - KEPT_SECONDS
        while self._known and self._known[first := next(iter(self._known))][0] < old:
            del self._known[first]

    def put_by(self, conversation_id: str, rows: Rows) -> None:
        """Keep the rows of one turn until they are ``written``; of too many the oldest conversation's are given up."""
        self._unwritten.setdefault(conversation_id, []).append(rows)
        self.turns += 1
        if self.turns > MOST_TURNS:
            oldest = next(iter(self._unwritten))
            logger.error("conversations: %d turns wait for the database, the most that are kept; one conversation's are lost", MOST_TURNS)
            self.written(oldest)

    def waiting(self) -> list[str]:
        """The conversations with unwritten turns, the one that waits longest first."""
        return list(self._unwritten)

    def rows_of(self, conversation_id: str) -> list[Rows]:
        """The unwritten turns of a conversation, in order."""
        return self._unwritten.get(conversation_id, [])

    def written(self, conversation_id: str) -> None:
        """Its turns need to be kept no longer."""
        self.turns -= len(self._unwritten.pop(conversation_id, []))

    def forget(self, conversation_id: str) -> None:
        """Nothing of a conversation is left here."""
        self._known.pop(conversation_id, None)
        self.written(conversation_id)
