"""One message of a conversation at a time: in this process always, among processes for as long as Redis answers.

Rasa's ticket locks in Redis read a lock, change it and write it back: two processes that do so at once both get ticket 0,
and both answer (tests/bot/test_shared_locks.py shows it). Those of both kinds wait for ever once a waiting ticket has
expired, and go by the clock, which may be set. Here nobody waits for longer than a message may take: an answer out of order
is better than none.
"""

import asyncio
import contextlib
import json
import time
import weakref
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import redis
from rasa.core.lock import TicketLock
from rasa.core.lock_store import LOCK_LIFETIME, LockStore
from redis.client import Pipeline

from knowledge.outages import REDIS_SECONDS, redis_outage

_Found = TypeVar("_Found")
_KEY = "lock:"
# Long for an answer, short for who waits because the process that held the lock was killed.
_SHARED_SECONDS = 15.0
# Here nothing is killed alone. Longer than the database is waited for.
_OWN_SECONDS = 60.0
_LOOK_SECONDS = 0.05
# Longer than any message is waited for.
_LEFT_SECONDS = 3600


class ConversationLocks(LockStore):
    """Rasa's lock store: a lock in memory, and inside it a ticket in Redis, where ``redis_url`` is set."""

    def __init__(self, redis_url: str | None = None) -> None:
        self._own: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._tickets = SharedTickets(redis_url) if redis_url else None
        self._outage = redis_outage(redis_url) if redis_url else None

    @contextlib.asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = LOCK_LIFETIME, wait_time_in_seconds: float = _LOOK_SECONDS
    ) -> AsyncIterator[TicketLock]:
        """Wait for the messages of the conversation that came before, up to a minute. Raises nothing."""
        async with self._alone_here(conversation_id):
            ticket = await self._take(conversation_id, wait_time_in_seconds)
            try:
                yield TicketLock(conversation_id)
            finally:
                self._give_back(conversation_id, ticket)

    @contextlib.asynccontextmanager
    async def _alone_here(self, conversation_id: str) -> AsyncIterator[None]:
        own = self._own.setdefault(conversation_id, asyncio.Lock())
        taken = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_OWN_SECONDS):
                taken = await own.acquire()
        try:
            yield
        finally:
            if taken:
                own.release()

    async def _take(self, conversation_id: str, wait: float) -> int | None:
        if self._tickets is None or self._outage is None or self._outage.is_on:
            return None
        ticket = None
        try:
            ticket = self._tickets.issue(conversation_id)
            until = time.monotonic() + _SHARED_SECONDS
            while not self._tickets.is_next(conversation_id, ticket):
                if time.monotonic() > until:
                    self._tickets.overtake(conversation_id, ticket)
                    break
                await asyncio.sleep(wait)
        except redis.RedisError as error:
            self._outage.begin(error)
        except asyncio.CancelledError:
            self._give_back(conversation_id, ticket)
            raise
        return ticket

    def _give_back(self, conversation_id: str, ticket: int | None) -> None:
        if ticket is None or self._tickets is None or self._outage is None or self._outage.is_on:
            return
        try:
            self._tickets.finish(conversation_id, ticket)
        except redis.RedisError as error:
            self._outage.begin(error)


class SharedTickets:
    """Tickets of conversations in Redis; every change of a lock is one optimistic transaction, a lock ends with its last ticket."""

    def __init__(self, redis_url: str) -> None:
        self._redis = redis.Redis.from_url(redis_url, **REDIS_SECONDS)

    def issue(self, conversation_id: str) -> int:
        """A new ticket, the last in the line. Raises RedisError, as the others do."""
        return self._change(conversation_id, lambda lock: lock.issue_ticket(_SHARED_SECONDS))

    def is_next(self, conversation_id: str, ticket: int) -> bool:
        """False while somebody with an earlier ticket is answered or waits; a Redis that was restarted knows of nobody."""
        stored = self._redis.get(_KEY + conversation_id)
        return not stored or all(other.number >= ticket or other.has_expired() for other in _read(conversation_id, stored).tickets)

    def overtake(self, conversation_id: str, ticket: int) -> None:
        """Take out the tickets before this one: nobody has them any more."""

        def earlier(lock: TicketLock) -> None:
            for other in [other for other in lock.tickets if other.number < ticket]:
                lock.tickets.remove(other)

        self._change(conversation_id, earlier)

    def finish(self, conversation_id: str, ticket: int) -> None:
        """Let the next one go on."""
        self._change(conversation_id, lambda lock: lock.remove_ticket_for(ticket))

    def _change(self, conversation_id: str, change: Callable[[TicketLock], _Found]) -> _Found:
        key = _KEY + conversation_id

        def attempt(pipe: Pipeline) -> _Found:
            stored = pipe.get(key)
            lock = _read(conversation_id, stored) if stored else TicketLock(conversation_id)
            found = change(lock)
            pipe.multi()
            if lock.tickets:
                # What a process leaves behind that is killed, the id of a conversation, goes by itself.
                pipe.set(key, lock.dumps(), ex=_LEFT_SECONDS)
            else:
                pipe.delete(key)
            return found

        return self._redis.transaction(attempt, key, value_from_callable=True)


def _read(conversation_id: str, stored: bytes) -> TicketLock:
    lock = TicketLock.from_dict(json.loads(stored))
    lock.conversation_id = conversation_id
    return lock
