"""What this process stands on, looked at from time to time, so that a probe costs nothing and one hiccup changes nothing."""

import asyncio
import logging
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from api.opening import find_redis
from api.wiring import Services
from knowledge.metrics import READY, SERVED_VERSION

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5
# One lost packet is no failure; after so many looks in a row it is one. One that succeeds ends it.
_LOOKS = 3
_LOOK_TIMEOUT = 10

Probe = Callable[[], object]


class Health:
    """``app.state.health``: whether requests should come here, and what is missing meanwhile.

    Without the database or Redis answers go on (from the last directory, in process), so a missing one does not make
    a process unready: all processes share them, and would leave the balancer together.
    """

    def __init__(self) -> None:
        self.services: Services | None = None
        self.draining = False
        self._failed: dict[str, int] = {}
        self._trying: dict[str, asyncio.Future] = {}

    @property
    def missing(self) -> list[str]:
        """The names of what has failed often enough to say so."""
        return sorted(name for name, times in self._failed.items() if times >= _LOOKS)

    def is_ready(self) -> bool:
        """True when messages are answered and the process is not about to stop."""
        services = self.services
        return bool(services and not self.draining and services.engine.is_ready() and services.search.is_ready())

    def stop(self) -> None:
        """Not ready from now on: the process is about to end."""
        self.draining = True

    async def watch(self, services: Services) -> None:
        """Look again and again, until cancelled."""
        probes = _probes(services)
        while True:
            await self.look(probes)
            await asyncio.to_thread(self._tell, services)
            await asyncio.sleep(LOOK_SECONDS)

    def _tell(self, services: Services) -> None:
        for part, version in (("engine", services.store.current().version), ("search", services.search.version)):
            READY.labels(part).set(not self.draining and getattr(services, part).is_ready())
            SERVED_VERSION.labels("directory" if part == "engine" else part).set(version)

    async def look(self, probes: Mapping[str, Probe]) -> None:
        """Try every one of ``probes`` (name → something that raises when it fails), and say what changed."""
        for name, probe in probes.items():
            before, failure = self.missing, await self._try(name, probe)
            self._failed[name] = self._failed.get(name, 0) + 1 if failure else 0
            if name in self.missing and name not in before:
                logger.error("health: %s does not answer (%s); answers go on without it", name, failure)
            if name in before and name not in self.missing:
                logger.warning("health: %s answers again", name)

    async def _try(self, name: str, probe: Probe) -> str:
        """Return the kind of failure, empty when there is none. One that hangs keeps its thread, and gets no second one."""
        trying = self._trying.get(name)
        if trying is None or trying.done():
            trying = self._trying[name] = asyncio.ensure_future(asyncio.to_thread(probe))
            trying.add_done_callback(lambda done: done.cancelled() or done.exception())  # looked at, also when nobody waits any more
        await asyncio.wait({trying}, timeout=_LOOK_TIMEOUT)
        if not trying.done():
            return "no answer"
        error = trying.exception()
        return type(error).__name__ if error else ""


def _probes(services: Services) -> dict[str, Probe]:
    def database() -> None:
        with services.database.connect() as connection:
            connection.execute(sa.text("select 1"))

    probes: dict[str, Probe] = {"database": database}
    if services.settings.redis_url:
        probes["redis"] = lambda: find_redis(services.settings)
    return probes
