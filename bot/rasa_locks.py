"""One message of a conversation at a time: in this process always, among processes for as long as Redis answers."""

import contextlib
from collections.abc import AsyncIterator

import redis
from rasa.core.lock import TicketLock
from rasa.core.lock_store import LOCK_LIFETIME, InMemoryLockStore, LockError, RedisLockStore
from sqlalchemy.engine import make_url

from knowledge.outages import Outage

# In Redis. Long for an answer, short for who waits because the process that held the lock was killed.
_SHARED_SECONDS = 15
_LOOK_SECONDS = 0.1
_REDIS_SECONDS = 1.0


class ConversationLocks(InMemoryLockStore):
    """Rasa's locks in memory, and around what they let through those in Redis, where ``redis_url`` is set."""

    def __init__(self, redis_url: str | None) -> None:
        super().__init__()
        self._shared = _in_redis(redis_url) if redis_url else None
        self._outage = Outage("Redis (locks)", lambda: self._shared and self._shared.red.ping())

    @contextlib.asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = LOCK_LIFETIME, wait_time_in_seconds: float = _LOOK_SECONDS
    ) -> AsyncIterator[TicketLock]:
        """Wait for the messages of the conversation that came before. Raises LockError only for what this process cannot lock."""
        async with super().lock(conversation_id, lock_lifetime, wait_time_in_seconds) as own:
            ticket = await self._take(conversation_id, wait_time_in_seconds)
            try:
                yield own
            finally:
                if ticket is not None:
                    self._give_back(conversation_id, ticket)

    async def _take(self, conversation_id: str, wait: float) -> int | None:
        if self._shared is None or self._outage.is_on:
            return None
        ticket = None
        try:
            ticket = self._shared.issue_ticket(conversation_id, _SHARED_SECONDS)
            await self._shared._acquire_lock(conversation_id, ticket, wait)
        except (LockError, redis.RedisError) as error:
            # Rasa wraps what Redis says; without it, Redis was restarted and knows of no lock: there is none to wait for.
            cause = error if isinstance(error, redis.RedisError) else error.__context__
            if isinstance(cause, redis.RedisError):
                self._outage.begin(cause)
                return None
        return ticket

    def _give_back(self, conversation_id: str, ticket: int) -> None:
        if self._shared is None or self._outage.is_on:
            return
        try:
            self._shared.cleanup(conversation_id, ticket)
        except redis.RedisError as error:
            self._outage.begin(error)


def _in_redis(redis_url: str) -> RedisLockStore:
    url = make_url(redis_url)
    return RedisLockStore(
        host=url.host or "localhost",
        port=url.port or 6379,
        db=int(url.database or 0),
        username=url.username,
        password=url.password,
        use_ssl=url.drivername == "rediss",
        socket_timeout=_REDIS_SECONDS,
    )
