"""How often one may try to sign in: on one account from one address, from one address at all, on one account from anywhere.

The first stops guessing and locks out nobody but who guesses; the last is for many addresses at once, and so high that
one stranger does not reach it (ASVS 2.2.1: a hundred an hour on one account).
"""

import hashlib
import time

from limits import RateLimitItemPerMinute
from limits.strategies import MovingWindowRateLimiter

from api.counters import Counters
from knowledge.settings import Settings

_MINUTES, _HOUR = 15, 60
# Colleagues share an address.
_PEOPLE_PER_ADDRESS = 5
_ADDRESSES_PER_ACCOUNT = 10


class SignInThrottle:
    """Counts attempts in the storage of the other limits; in this process alone while that does not answer."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = MovingWindowRateLimiter(Counters(settings.redis_url))
        self._is_on = bool(settings.rate_limit_sign_in)
        most = max(1, settings.rate_limit_sign_in)
        self._here = RateLimitItemPerMinute(most, _MINUTES, namespace="sign-in-here")
        self._per_account = RateLimitItemPerMinute(most * _ADDRESSES_PER_ACCOUNT, _HOUR, namespace="sign-in-account")
        self._per_address = RateLimitItemPerMinute(most * _PEOPLE_PER_ADDRESS, _MINUTES, namespace="sign-in-address")

    def seconds_to_wait(self, account: str, address: str) -> int:
        """Count one attempt; 0 when it may go on."""
        if not self._is_on:
            return 0
        keys = (
            (self._here, _hashed(f"{account} {address}")),
            (self._per_address, _hashed(address)),
            (self._per_account, _hashed(account)),
        )
        # The first limit that is reached; what it refuses counts in none of the wider ones, or one address would use them up.
        return next((wait for key in keys if (wait := _hit(self._limiter, *key))), 0)

    def forget(self, account: str, address: str) -> None:
        """The person signed in: earlier attempts on the account no longer count."""
        self._limiter.clear(self._here, _hashed(f"{account} {address}"))
        self._limiter.clear(self._per_account, _hashed(account))


def _hit(limiter: MovingWindowRateLimiter, item: RateLimitItemPerMinute, key: str) -> int:
    if limiter.hit(item, key):
        return 0
    return max(1, int(limiter.get_window_stats(item, key).reset_time - time.time()) + 1)


def _hashed(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:32]
