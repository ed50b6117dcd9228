"""Where requests are counted: in Redis for all processes, where it is set; in this process alone while it does not answer."""

from typing import Any

from limits.errors import StorageError
from limits.storage import MemoryStorage, MovingWindowSupport, Storage, storage_from_string

from knowledge.outages import REDIS_SECONDS, redis_outage


class Counters(Storage, MovingWindowSupport):
    """A storage of ``limits`` that always answers."""

    def __init__(self, redis_url: str | None) -> None:
        super().__init__()
        self._own = MemoryStorage()
        # Their client for Redis: `limits` counts asynchronously only with newer ones than Rasa allows.
        self._shared: Any = storage_from_string(redis_url, wrap_exceptions=True, **REDIS_SECONDS) if redis_url else None
        self._outage = redis_outage(redis_url) if redis_url else None

    @property
    def base_exceptions(self) -> type[Exception]:
        return StorageError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self._ask("incr", key, expiry, amount)

    def get(self, key: str) -> int:
        return self._ask("get", key)

    def get_expiry(self, key: str) -> float:
        return self._ask("get_expiry", key)

    def check(self) -> bool:
        return self._ask("check")

    def reset(self) -> int | None:
        return self._ask("reset")

    def clear(self, key: str) -> None:
        self._own.clear(key)
        self._ask("clear", key)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        return self._ask("acquire_entry", key, limit, expiry, amount)

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        return self._ask("get_moving_window", key, limit, expiry)

    def _ask(self, name: str, *arguments: Any) -> Any:
        if self._outage is not None and not self._outage.is_on:
            try:
                return getattr(self._shared, name)(*arguments)
            except StorageError as error:
                self._outage.begin(error.storage_error)
        return getattr(self._own, name)(*arguments)
