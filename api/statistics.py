"""``passerelle statistics``: takes figures from the broker and adds them to the database, many at a time, each once."""

import asyncio
import contextlib
import json
import logging
import signal
from collections.abc import Callable

import aio_pika
from aio_pika.abc import AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import AMQPError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import sessionmaker

from knowledge.errors import BadSettings
from knowledge.figures.events import EXCHANGE, QUEUE, FigureEvent, Malformed, apply, read
from knowledge.opening import open_knowledge
from knowledge.settings import Settings

logger = logging.getLogger(__name__)

_MOST = 500
_GATHERED_SECONDS = 1.0
_AGAIN_SECONDS = 5.0

Batch = list[AbstractIncomingMessage]


async def consume(settings: Settings, say: Callable[[str], None], until_empty: bool = False) -> int:
    """Count until told to end (SIGTERM, Ctrl+C), or ``until_empty``: nothing came for a while. Returns how many were new.

    Raises BadSettings without a broker, KnowledgeError.
    """
    if not settings.broker_url:
        raise BadSettings("Set PASSERELLE_BROKER_URL: without a broker figures are counted as messages are answered.")
    database, factory, _ = await asyncio.to_thread(open_knowledge, settings)
    try:
        connection = await aio_pika.connect_robust(settings.broker_url)
    except (AMQPError, OSError) as error:
        raise BadSettings("RabbitMQ does not answer: start it, or correct PASSERELLE_BROKER_URL (amqp://host:5672/vhost).") from error
    try:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=_MOST)
        # As Rasa's broker declares them, whichever of the two comes first.
        exchange = await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.FANOUT)
        queue = await channel.declare_queue(QUEUE, durable=True)
        await queue.bind(exchange, "")
        say("Counting…")
        return await _count(queue, factory, until_empty)
    finally:
        with contextlib.suppress(AMQPError, OSError, RuntimeError):
            await connection.close()
        database.dispose()


async def _count(queue: AbstractQueue, factory: sessionmaker, until_empty: bool) -> int:
    arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(ValueError, RuntimeError):  # not in the main thread: somebody else is told
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
    counted = 0
    await queue.consume(arrived.put)
    while not ended.is_set():
        batch = await _gathered(arrived)
        if batch:
            counted += await _settle(batch, factory)
        elif until_empty:
            break
    return counted


async def _gathered(arrived: asyncio.Queue[AbstractIncomingMessage]) -> Batch:
    """What comes within a second, at most a batch."""
    batch: Batch = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GATHERED_SECONDS):
            while len(batch) < _MOST:
                batch.append(await arrived.get())
    return batch


async def _settle(batch: Batch, factory: sessionmaker) -> int:
    """Write, then acknowledge: what is lost between the two comes again and is known."""
    events, fine = [], []
    for message in batch:
        try:
            events.append(read(json.loads(message.body)))
            fine.append(message)
        except (Malformed, ValueError):
            logger.error("statistics: something that is no event was dropped")
            await _tell(message.reject(requeue=False))
    try:
        new = await asyncio.to_thread(_write, factory, events)
    except SQLAlchemyError as error:
        logger.error("statistics: the database failed (%s); what was to be counted waits in the broker", type(error).__name__)
        for message in fine:
            await _tell(message.nack(requeue=True))
        await asyncio.sleep(_AGAIN_SECONDS)
        return 0
    for message in fine:
        await _tell(message.ack())
    return new


async def _tell(sent) -> None:  # type: ignore[no-untyped-def]
    """A connection that is gone gives everything back by itself."""
    with contextlib.suppress(AMQPError, OSError, RuntimeError):
        await sent


def _write(factory: sessionmaker, events: list[FigureEvent]) -> int:
    with factory.begin() as session:
        return apply(session, events)
