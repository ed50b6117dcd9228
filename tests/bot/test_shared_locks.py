"""Locks of conversations that several processes take at once."""

import asyncio
import threading
import uuid

import pytest
from rasa.core.lock_store import LockError, RedisLockStore

from bot.rasa_shared_locks import SharedLocks, shared_locks


@pytest.fixture
def address(needs_redis) -> str:
    return f"{needs_redis}/14"


def tickets(stores: list[RedisLockStore], conversation: str) -> list[int]:
    """What so many processes get that ask for a ticket at the same instant."""
    given: list[int] = []
    together = threading.Barrier(len(stores))

    def ask(store: RedisLockStore) -> None:
        together.wait()
        given.append(store.issue_ticket(conversation))

    threads = [threading.Thread(target=ask, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(given)


def test_each_process_gets_a_ticket_of_its_own(address):
    stores = [shared_locks(address) for _ in range(8)]
    for _ in range(20):
        conversation = uuid.uuid4().hex
        assert tickets(stores, conversation) == list(range(8))
        stores[0].delete_lock(conversation)


def test_rasas_own_store_gives_one_ticket_to_several(address):
    """Why there is another: should this fail with a newer Rasa, ours may go."""
    stores = [RedisLockStore(db=14) for _ in range(8)]
    seen = []
    for _ in range(20):
        conversation = uuid.uuid4().hex
        seen.append(tickets(stores, conversation))
        stores[0].delete_lock(conversation)
    assert any(len(set(given)) < len(given) for given in seen)


async def test_turns_follow_each_other_and_nothing_stays(address):
    stores: list[SharedLocks] = [shared_locks(address) for _ in range(2)]
    conversation, inside, most = uuid.uuid4().hex, 0, 0

    async def turn(store: SharedLocks) -> None:
        nonlocal inside, most
        async with store.lock(conversation, wait_time_in_seconds=0.01):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.005)
            inside -= 1

    await asyncio.gather(*(turn(store) for store in stores * 5))
    assert most == 1
    assert stores[0].get_lock(conversation) is None


def test_a_redis_that_is_gone_is_one_error():
    with pytest.raises(LockError):
        shared_locks("redis://127.0.0.1:1/0").issue_ticket("somebody")
