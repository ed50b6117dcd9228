"""What does not answer now is remembered, so that nobody waits for it at every message.

A server that is gone costs each caller a time-out, several times a message. Here the first one to notice says so; from
then on all fail at once and do without, until a thread of ours has found the server answering again
(docs/adr/0031-faults.md).
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

logger = logging.getLogger(__name__)

DATABASE = "database"
# The text of the error of who asks for a database that is gone.
KNOWN = "the database is known not to answer"
_PROBE_SECONDS = 1.0
_in_force: dict[object, str] = {}


def in_force() -> list[str]:
    """The names of what does not answer now, for readiness and metrics of this process."""
    return sorted(set(dict(_in_force).values()))


def note(to: logging.Logger, what: str, error: BaseException) -> None:
    """Log that the database failed and what is done without it; quietly when it was ``KNOWN`` to be gone: that was said."""
    known = str(getattr(error, "orig", "")) == KNOWN
    to.log(logging.DEBUG if known else logging.ERROR, "the database failed (%s); %s", type(error).__name__, what)


class Outage:
    """Whether one server is taken to be gone: ``begin`` when it did not answer, look at ``is_on`` before asking it."""

    def __init__(self, name: str, probe: Callable[[], Any], probe_seconds: float = _PROBE_SECONDS) -> None:
        """``name``: said in the log. ``probe``: asks the server; raises when it does not answer."""
        self.name, self._probe, self._probe_seconds = name, probe, probe_seconds
        self._lock = threading.Lock()

    @property
    def is_on(self) -> bool:
        """True from ``begin`` until the server answers again."""
        return self in _in_force

    def begin(self, error: BaseException) -> None:
        """The server did not answer. Said once; a thread looks for it from now on."""
        with self._lock:
            if self.is_on:
                return
            _in_force[self] = self.name
        logger.error("%s does not answer (%s); going on without", self.name, type(error).__name__)
        threading.Thread(target=self._look_for_it, name=f"outage-{self.name}", daemon=True).start()

    def _look_for_it(self) -> None:
        began = time.monotonic()
        while True:
            time.sleep(self._probe_seconds)
            try:
                self._probe()
            except Exception:  # noqa: S112  # whatever it is, the server does not answer yet
                continue
            # Said first: who waits for the end finds it in the log.
            logger.warning("%s answers again after %.0f s", self.name, time.monotonic() - began)
            del _in_force[self]
            return
