"""Whether requests should come to this process, and what it answers without meanwhile."""

import asyncio
import time

from api.wiring import Services
from knowledge.metrics import READY, SERVED_VERSION
from knowledge.outages import DATABASE, Outage, redis_outage
from knowledge.watch import outage_of, watching

LOOK_SECONDS = 5
# One hiccup changes nothing: what has failed for so long is said.
_SAID_AFTER_SECONDS = 15


class Health:
    """``app.state.health``: whether requests should come here, and what is missing meanwhile (``knowledge/outages.py``).

    Without the database or Redis answers go on (from the last directory, in process), so a missing one does not make
    a process unready: all processes share them, and would leave the balancer together.
    """

    def __init__(self) -> None:
        self.services: Services | None = None
        self.draining = False
        self.outages: list[Outage] = []
        self._unwritten_since: float | None = None

    @property
    def missing(self) -> list[str]:
        """The names of what has been gone for long enough to say so; the database's, too, when it does not take what was said."""
        names = {outage.name for outage in self.outages if outage.has_lasted(_SAID_AFTER_SECONDS)}
        if self._unwritten_since is not None and time.monotonic() - self._unwritten_since >= _SAID_AFTER_SECONDS:
            names.add(DATABASE)
        return sorted(names)

    def is_ready(self) -> bool:
        """True when messages are answered and the process is not about to stop."""
        services = self.services
        return bool(services and not self.draining and services.engine.is_ready() and services.search.is_ready())

    def stop(self) -> None:
        """Not ready from now on: the process is about to end."""
        self.draining = True

    def tell_unwritten(self, turns: int) -> None:
        """So many turns wait for the database: a full disk and a locked table show themselves so."""
        if not turns:
            self._unwritten_since = None
        elif self._unwritten_since is None:
            self._unwritten_since = time.monotonic()

    async def watch(self, services: Services) -> None:
        """Look again and again, also while nobody writes, until cancelled."""
        self.outages = _outages(services)
        with watching(services.database):
            while True:
                await asyncio.to_thread(self._tell, services)
                await asyncio.sleep(LOOK_SECONDS)
                for outage in self.outages:
                    await asyncio.to_thread(outage.look)

    def _tell(self, services: Services) -> None:
        for part, version in (("engine", services.store.current().version), ("search", services.search.version)):
            READY.labels(part).set(not self.draining and getattr(services, part).is_ready())
            SERVED_VERSION.labels("directory" if part == "engine" else part).set(version)


def _outages(services: Services) -> list[Outage]:
    found = [outage_of(services.database)]
    if services.settings.redis_url:
        found.append(redis_outage(services.settings.redis_url))
    if services.broker:
        found.append(services.broker.outage)
    return [outage for outage in found if outage]
