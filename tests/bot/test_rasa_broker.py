"""Figures by a real RabbitMQ, in a vhost of their own: confirmed, consumed once, and not waited for when it is gone."""

import asyncio
import contextlib
import datetime as dt
import os
import uuid
from collections.abc import AsyncIterator

import aio_pika
import pytest
import sqlalchemy as sa

from api.statistics import consume
from bot.rasa_broker import FigureBroker
from deploy.loopback import Missing, make_vhost, rabbitmqctl
from knowledge.database import migrate, open_engine
from knowledge.figures.events import EXCHANGE, FigureEvent
from knowledge.settings import Settings


@pytest.fixture(scope="module")
def url():
    name = f"passerelle-test-{uuid.uuid4().hex[:8]}"
    try:
        make_vhost(name)
    except Missing as error:
        pytest.fail(str(error)) if os.environ.get("CI") else pytest.skip(str(error))
    yield f"amqp://127.0.0.1:5672/{name}"
    rabbitmqctl("delete_vhost", name)


@contextlib.asynccontextmanager
async def running(url: str) -> AsyncIterator[FigureBroker]:
    broker = FigureBroker(url)
    work = asyncio.create_task(broker.run())
    try:
        yield broker
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


def an_event() -> FigureEvent:
    return FigureEvent(dt.date(2026, 11, 28), "web", (("outcome", "answer"), ("need", "pimms")))


async def test_what_is_confirmed_is_counted_once_and_what_is_no_event_dropped(url, tmp_path):
    settings = Settings(var_dir=tmp_path, broker_url=url.replace("amqp://", "amqp://guest:guest@"))
    engine = open_engine(settings.database)
    migrate(engine)
    event = an_event()
    async with running(url) as broker:
        while not await broker.publish(event):  # until it is connected
            await asyncio.sleep(0.05)
        assert await broker.publish(event)  # sent again
        assert await broker.publish(an_event())
        async with await aio_pika.connect(settings.broker_url) as connection:
            exchange = await (await connection.channel()).get_exchange(EXCHANGE)
            await exchange.publish(aio_pika.Message(b"no event"), "")
    assert await consume(settings, lambda _text: None, until_empty=True) == 2
    assert await consume(settings, lambda _text: None, until_empty=True) == 0
    with engine.connect() as connection:
        assert connection.execute(sa.text("select name, count from counts order by name")).all() == [("answer", 2), ("pimms", 2)]
    engine.dispose()


async def test_without_a_broker_the_caller_counts_at_once():
    async with running("amqp://127.0.0.1:1/") as broker:
        assert not await broker.publish(an_event())
