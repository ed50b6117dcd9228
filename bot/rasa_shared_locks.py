"""Rasa's ticket locks in Redis, made safe for more than one process."""

import json
from collections.abc import Callable
from typing import TypeVar

from rasa.core.lock import TicketLock
from rasa.core.lock_store import LOCK_LIFETIME, LockError, RedisLockStore
from redis import Redis, RedisError
from redis.client import Pipeline
from sqlalchemy.engine import make_url

_Found = TypeVar("_Found")
_REDIS_SECONDS = 2.0
# Longer than any message is waited for.
_LEFT_SECONDS = 3600


class SharedLocks(RedisLockStore):
    """``RedisLockStore`` whose every change of a lock is one optimistic transaction.

    Rasa's reads a lock, changes it and writes it back: two processes that do so at once both get ticket 0, and both
    answer (tests/bot/test_shared_locks.py shows it). A lock ends with its last ticket.
    """

    def issue_ticket(self, conversation_id: str, lock_lifetime: float = LOCK_LIFETIME) -> int:
        """Raises LockError when Redis does not answer."""
        try:
            return self._change(conversation_id, lambda lock: lock.issue_ticket(lock_lifetime))
        except RedisError as error:
            raise LockError(f"Redis does not answer ({type(error).__name__})") from error

    def update_lock(self, conversation_id: str) -> None:
        self._change(conversation_id, lambda lock: lock.remove_expired_tickets())

    def finish_serving(self, conversation_id: str, ticket_number: int) -> None:
        self._change(conversation_id, lambda lock: lock.remove_ticket_for(ticket_number))

    def save_lock(self, lock: TicketLock) -> None:
        self._write(self.red, lock)

    def cleanup(self, conversation_id: str, ticket_number: int) -> None:
        self.finish_serving(conversation_id, ticket_number)  # a lock without tickets is deleted there

    def _change(self, conversation_id: str, change: Callable[[TicketLock], _Found]) -> _Found:
        key = self.key_prefix + conversation_id

        def attempt(pipe: Pipeline) -> _Found:
            stored = pipe.get(key)
            lock = TicketLock.from_dict(json.loads(stored)) if stored else TicketLock(conversation_id)
            found = change(lock)
            pipe.multi()
            if lock.tickets:
                self._write(pipe, lock)
            else:
                pipe.delete(key)
            return found

        return self.red.transaction(attempt, key, value_from_callable=True)

    def _write(self, client: Redis, lock: TicketLock) -> None:
        """What a process leaves behind that is killed, the id of a conversation, goes by itself."""
        client.set(self.key_prefix + lock.conversation_id, lock.dumps(), ex=_LEFT_SECONDS)


def shared_locks(redis_url: str) -> SharedLocks:
    """The locks in the Redis at ``redis_url`` (``redis://user:password@host:6379/0``, or ``rediss:``)."""
    url = make_url(redis_url)
    return SharedLocks(
        host=url.host or "localhost",
        port=url.port or 6379,
        db=int(url.database or 0),
        username=url.username,
        password=url.password,
        use_ssl=url.drivername == "rediss",
        socket_timeout=_REDIS_SECONDS,
    )
