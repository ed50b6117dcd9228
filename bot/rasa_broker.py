"""Rasa's RabbitMQ event broker for the figures: what it stores is confirmed, what it does not is left to the caller.

No event of Rasa leaves: they quote people. What leaves is a ``FigureEvent``, which has no words (docs/adr/0030).
"""

import asyncio
from urllib.parse import urlsplit

from pamqp.commands import Basic

from bot.lean_imports import lean_imports
from knowledge.figures.events import EXCHANGE, QUEUE, FigureEvent
from knowledge.outages import BROKER, Outage

with lean_imports():
    from rasa.core.brokers.pika import PikaEventBroker

_AGAIN_SECONDS = 5.0
# A person waits for it; then the database does it.
_PATIENCE_SECONDS = 0.5


class _NotStored(Exception):
    """RabbitMQ refused an event, or has no queue for it."""


class ConfirmedBroker(PikaEventBroker):
    """``PikaEventBroker`` that says whether the broker has an event. Rasa's keeps what failed in memory, and loses it there."""

    def is_connected(self) -> bool:
        """True while RabbitMQ is there."""
        return self._exchange is not None and self._connection is not None and self._connection.connected.is_set()  # type: ignore[attr-defined]

    async def confirm(self, event: FigureEvent) -> bool:
        """True when RabbitMQ has stored the event. Raises what the connection raises."""
        if self._exchange is None or not self.is_connected():
            return False
        # Anything else is a refusal, or the event come back because no queue is there.
        return isinstance(await self._exchange.publish(self._message(event.as_dict(), None), ""), Basic.Ack)


class FigureBroker:
    """The ``Publisher`` over RabbitMQ at ``url``."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._broker: ConfirmedBroker | None = None
        self.outage = Outage(BROKER, self._ask, probe_seconds=_AGAIN_SECONDS)

    async def run(self) -> None:
        """Connect as soon as RabbitMQ answers, stay connected, and close when cancelled."""
        while self._broker is None:
            broker = _broker(self._url)
            try:
                await broker.connect()
                self._broker = broker
            except Exception as error:  # all sorts, says Rasa, until RabbitMQ is there
                self.outage.begin(error)
                await asyncio.sleep(_AGAIN_SECONDS)
        try:
            await asyncio.Event().wait()  # from now on the connection comes back by itself
        finally:
            await self._broker.close()

    async def publish(self, event: FigureEvent) -> bool:
        if self._broker is None or self.outage.is_on:
            return False
        try:
            if await asyncio.wait_for(self._broker.confirm(event), _PATIENCE_SECONDS):
                return True
            raise _NotStored
        except Exception as error:  # whatever it is, the answer goes out
            self.outage.begin(error)
        return False

    def _ask(self) -> None:
        if self._broker is None or not self._broker.is_connected():
            raise ConnectionError


def _broker(url: str) -> ConfirmedBroker:
    parts = urlsplit(url)
    host = url if parts.username else url.replace("://", "://guest:guest@", 1)
    return ConfirmedBroker(
        host,
        parts.username or "guest",
        parts.password or ("" if parts.username else "guest"),
        parts.port or (5671 if parts.scheme == "amqps" else 5672),
        queues=[QUEUE],
        exchange_name=EXCHANGE,
        connection_attempts=1,
    )
