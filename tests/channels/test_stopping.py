"""A process that is told to stop: what its worker has in hand is finished, the rest is given back."""

import asyncio
import contextlib

import pytest

from api.channels.port import Arrived, receive
from api.channels.registry import Channels
from api.channels.worker import Worker
from knowledge.delivery.models import IncomingMessage
from knowledge.settings import Settings
from tests.channels.conftest import NUMBER, PERSON, rows
from tests.channels.fakes import fake_services


@pytest.fixture
def stop_while_answering(knowledge, tmp_path):
    """Have one message be answered in so many seconds, stop meanwhile, and return the services."""

    async def run(seconds: float):
        account = {"twilio_account_sid": "AC123", "twilio_auth_token": "token", "twilio_from": NUMBER}
        services = fake_services(Settings(var_dir=tmp_path, **account), knowledge)
        services.engine.seconds = seconds
        channels = Channels()
        channels.open(services)
        receive(services, [Arrived("sms", "SM1", PERSON, "bonjour")])
        working = asyncio.create_task(channels.run(services))
        while not services.engine.asked:
            await asyncio.sleep(0.01)
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
        return services

    return run


async def test_what_is_in_hand_is_answered_and_the_answer_left_to_the_next_process(stop_while_answering):
    services = await stop_while_answering(0.2)
    assert [row.state for row in rows(services, IncomingMessage)] == ["done"]
    assert [(row.state, row.owner) for row in rows(services)] == [("waiting", None)]


async def test_what_takes_too_long_is_given_back_for_the_next_process_to_answer(stop_while_answering, monkeypatch):
    monkeypatch.setattr("api.channels.worker._LAST_SECONDS", 0.05)
    services = await stop_while_answering(60)
    (row,) = rows(services, IncomingMessage)
    assert (row.state, row.owner, row.leased_until, row.attempts, row.text) == ("waiting", None, None, 0, "bonjour")
    assert rows(services) == []


async def test_one_that_is_woken_while_it_is_told_to_stop_stops(knowledge, tmp_path):
    """Both at once: a message arrives as the process ends."""
    services = fake_services(Settings(var_dir=tmp_path), knowledge)
    worker = Worker(services, {})
    working = asyncio.create_task(worker.run())
    await asyncio.sleep(0.3)  # it looked, found nothing, and waits
    worker._arrived.set()
    worker._to_leave.set()
    working.cancel()
    ended, _ = await asyncio.wait({working}, timeout=10)
    working.cancel()
    assert ended
