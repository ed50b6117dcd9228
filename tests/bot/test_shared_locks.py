"""Locks of conversations: in one process, among several that take them at once, and when one of them was killed."""

import asyncio
import threading
import time
import uuid
from collections.abc import Callable

import pytest
from rasa.core.lock_store import RedisLockStore

from bot import rasa_shared_locks
from bot.rasa_shared_locks import ConversationLocks, SharedTickets


@pytest.fixture
def address(needs_redis) -> str:
    return f"{needs_redis}/14"


@pytest.fixture
def conversation() -> str:
    return uuid.uuid4().hex


def tickets(issue: list[Callable[[str], int]], conversation: str) -> list[int]:
    """What so many processes get that ask for a ticket at the same instant."""
    given: list[int] = []
    together = threading.Barrier(len(issue))

    def ask(one: Callable[[str], int]) -> None:
        together.wait()
        given.append(one(conversation))

    threads = [threading.Thread(target=ask, args=(one,)) for one in issue]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(given)


async def most_at_once(stores: list[ConversationLocks], conversation: str) -> int:
    """Ten turns; how many were answered at the same time."""
    inside = most = 0

    async def turn(store: ConversationLocks) -> None:
        nonlocal inside, most
        async with store.lock(conversation, wait_time_in_seconds=0.01):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.005)
            inside -= 1

    await asyncio.gather(*(turn(store) for store in stores * (10 // len(stores))))
    return most


def test_each_process_gets_a_ticket_of_its_own(address):
    stores = [SharedTickets(address) for _ in range(8)]
    for _ in range(20):
        conversation = uuid.uuid4().hex
        assert tickets([store.issue for store in stores], conversation) == list(range(8))
        for number in range(8):
            stores[0].finish(conversation, number)


def test_rasas_own_store_gives_one_ticket_to_several(address):
    """Why there is another: should this fail with a newer Rasa, ours may go."""
    stores = [RedisLockStore(db=14) for _ in range(8)]
    seen = []
    for _ in range(20):
        conversation = uuid.uuid4().hex
        seen.append(tickets([store.issue_ticket for store in stores], conversation))
        stores[0].delete_lock(conversation)
    assert any(len(set(given)) < len(given) for given in seen)


async def test_turns_follow_each_other_and_nothing_stays(address, conversation):
    stores = [ConversationLocks(address) for _ in range(2)]
    assert await most_at_once(stores, conversation) == 1
    assert SharedTickets(address)._redis.get(f"lock:{conversation}") is None
    assert not stores[0]._own


@pytest.mark.parametrize("redis_url", [None, "redis://127.0.0.1:1/5"])
async def test_without_redis_turns_of_one_process_follow_each_other(redis_url, conversation):
    assert await most_at_once([ConversationLocks(redis_url)], conversation) == 1


async def test_who_is_killed_holds_nobody_up_for_long(address, conversation, monkeypatch):
    """Also when the clock is set back, which makes their tickets last for hours."""
    monkeypatch.setattr(rasa_shared_locks, "_SHARED_SECONDS", 0.2)
    killed, real, locks = SharedTickets(address), time.time, ConversationLocks(address)
    monkeypatch.setattr(time, "time", lambda: real() + 7200)
    killed.issue(conversation)
    killed.issue(conversation)
    monkeypatch.setattr(time, "time", real)
    waited = []
    for _ in range(2):
        began = time.monotonic()
        async with locks.lock(conversation):
            waited.append(time.monotonic() - began)
    assert 0.2 <= waited[0] < 5 and waited[1] < 0.2


async def test_a_message_that_hangs_does_not_hold_its_conversation_for_ever(conversation, monkeypatch):
    monkeypatch.setattr(rasa_shared_locks, "_OWN_SECONDS", 0.05)
    locks = ConversationLocks()
    async with locks.lock(conversation), locks.lock(conversation):
        pass
    async with asyncio.timeout(0.04), locks.lock(conversation):
        pass


async def test_who_gives_up_waiting_leaves_no_ticket(address, conversation):
    locks, other = ConversationLocks(address), SharedTickets(address)
    first = other.issue(conversation)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), locks.lock(conversation):
            raise AssertionError
    other.finish(conversation, first)
    assert other._redis.get(f"lock:{conversation}") is None
