"""A clock that conversations can put forward or back."""

import datetime as dt
from collections.abc import Callable

from knowledge.schedules import PARIS

SetClock = Callable[[dt.datetime | None], None]


class SettableClock:
    """Give it as ``now`` to the engine and to the actions' services, and ``set`` to the runner."""

    def __init__(self) -> None:
        self._at: dt.datetime | None = None

    def __call__(self) -> dt.datetime:
        return self._at or dt.datetime.now(PARIS)

    def set(self, at: dt.datetime | None) -> None:
        """Stop the clock at ``at``; None lets it show the real time again."""
        self._at = at
