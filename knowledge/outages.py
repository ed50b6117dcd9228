"""What does not answer now is remembered, so that nobody waits for it at every message.

A server that is gone costs each caller a time-out, several times a message. Here the first one to notice says so; from
then on all fail at once and do without, until a thread of ours has found the server answering again. Readiness and
``passerelle_up`` are told from the same place (``api/health.py``, docs/adr/0031-faults.md).
"""

import functools
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import redis

logger = logging.getLogger(__name__)

DATABASE, REDIS, BROKER = "database", "redis", "broker"
# The text of the error of who asks for a database that is gone.
KNOWN = "the database is known not to answer"
# How long anything may wait for Redis.
REDIS_SECONDS = {"socket_timeout": 1, "socket_connect_timeout": 1}
_PROBE_SECONDS = 1.0


def note(log: logging.Logger, what: str, error: BaseException) -> None:
    """Log that the database failed and what is done without it; quietly when it was ``KNOWN`` to be gone: that was said."""
    if str(getattr(error, "orig", "")) == KNOWN:
        log.debug("database: failed (%s); %s", type(error).__name__, what)
    else:
        log.error("database: failed (%s); %s", type(error).__name__, what)


class Outage:
    """Whether one server is taken to be gone: ``begin`` when it did not answer, look at ``is_on`` before asking it."""

    def __init__(self, name: str, probe: Callable[[], Any], probe_seconds: float = _PROBE_SECONDS) -> None:
        """``name``: said in the log and by readiness. ``probe``: asks the server; raises when it does not answer."""
        self.name, self._probe, self._probe_seconds = name, probe, probe_seconds
        self._lock = threading.Lock()
        self._since: float | None = None
        _all.add(self)

    @property
    def is_on(self) -> bool:
        """True from ``begin`` until the server answers again."""
        return self._since is not None

    def has_lasted(self, seconds: float) -> bool:
        """True when the server has been gone for so long."""
        since = self._since
        return since is not None and time.monotonic() - since >= seconds

    def begin(self, error: BaseException) -> None:
        """The server did not answer. Said once; a thread looks for it from now on."""
        with self._lock:
            if self.is_on:
                return
            self._since = time.monotonic()
        logger.error("outage: %s does not answer (%s); going on without", self.name, type(error).__name__)
        threading.Thread(target=self._look_for_it, name=f"outage-{self.name}", daemon=True).start()

    def look(self) -> None:
        """Ask a server that nobody may have asked for long. Takes as long as the server does."""
        if self.is_on:
            return
        try:
            self._probe()
        except Exception as error:  # whatever it is, the server does not answer
            self.begin(error)

    def _look_for_it(self) -> None:
        began = time.monotonic()
        while True:
            time.sleep(self._probe_seconds)
            try:
                self._probe()
            except Exception:  # noqa: S112  # whatever it is, the server does not answer yet
                continue
            # Said first: who waits for the end finds it in the log.
            logger.warning("outage: %s answers again after %.0f s", self.name, time.monotonic() - began)
            self._since = None
            return

    def _forked(self) -> None:
        """The thread that looks stayed in the other process: whoever asks next notices for this one."""
        self._lock, self._since = threading.Lock(), None


_all: weakref.WeakSet[Outage] = weakref.WeakSet()


def _forked() -> None:
    for outage in list(_all):
        outage._forked()


os.register_at_fork(after_in_child=_forked)


@functools.cache
def redis_outage(url: str) -> Outage:
    """The one of this process for the Redis at ``url``, whatever it is asked for."""

    def ping() -> None:
        with redis.Redis.from_url(url, **REDIS_SECONDS) as client:
            client.ping()

    return Outage(REDIS, ping)
