"""Rasa's RabbitMQ event broker for the figures: what it stores is confirmed, what it does not is left to the caller.

No event of Rasa leaves: they quote people. What leaves is a ``FigureEvent``, which has no words (docs/adr/0030).
"""

import asyncio
import logging
import time
from urllib.parse import urlsplit

from pamqp.commands import Basic

from bot.lean_imports import lean_imports
from knowledge.figures.events import EXCHANGE, QUEUE, FigureEvent

with lean_imports():
    from rasa.core.brokers.pika import PikaEventBroker

logger = logging.getLogger(__name__)

_AGAIN_SECONDS = 5.0
# A person waits for it; then the database does it.
_PATIENCE_SECONDS = 0.5


class ConfirmedBroker(PikaEventBroker):
    """``PikaEventBroker`` that says whether the broker has an event. Rasa's keeps what failed in memory, and loses it there."""

    async def confirm(self, event: FigureEvent) -> bool:
        """True when RabbitMQ has stored the event. Raises what the connection raises."""
        if self._exchange is None or self._connection is None or not self._connection.connected.is_set():  # type: ignore[attr-defined]
            return False
        # Anything else is a refusal, or the event come back because no queue is there.
        return isinstance(await self._exchange.publish(self._message(event.as_dict(), None), ""), Basic.Ack)


class FigureBroker:
    """The ``Publisher`` over RabbitMQ at ``url``."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._broker: ConfirmedBroker | None = None
        self._not_before = 0.0

    async def run(self) -> None:
        """Connect as soon as RabbitMQ answers, stay connected, and close when cancelled."""
        while self._broker is None:
            broker = _broker(self._url)
            try:
                await broker.connect()
                self._broker = broker
            except Exception as error:  # all sorts, says Rasa, until RabbitMQ is there
                logger.warning("broker: RabbitMQ does not answer (%s); figures are counted in the database", type(error).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)
        try:
            await asyncio.Event().wait()  # from now on the connection comes back by itself
        finally:
            await self._broker.close()

    async def publish(self, event: FigureEvent) -> bool:
        if self._broker is None or time.monotonic() < self._not_before:
            return False
        try:
            if await asyncio.wait_for(self._broker.confirm(event), _PATIENCE_SECONDS):
                return True
            reason = "not stored"
        except Exception as error:  # whatever it is, the answer goes out
            reason = type(error).__name__
        logger.warning("broker: an event was not confirmed (%s); for some seconds figures are counted in the database", reason)
        self._not_before = time.monotonic() + _AGAIN_SECONDS
        return False


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
