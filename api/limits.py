"""How much one client may send: requests a minute, and bytes a body."""

import asyncio
import hashlib
import ipaddress
import time
from collections.abc import Mapping

from limits import RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.counters import Counters
from api.errors import ApiError, answer
from knowledge.settings import Settings

_LIMITED = {("POST", path) for path in ("/api/chat", "/", "/api/feedback", "/api/callbacks", "/rappel", "/signaler")}
_MINUTE = 60


class RateLimit:
    """ASGI middleware: ``settings.rate_limit_chat`` messages per client per minute; 0 is off.

    The client's address is only kept as a hash, in the counter, for a minute.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._per_minute = settings.rate_limit_chat
        self._proxies = settings.trusted_proxies
        self._item = RateLimitItemPerMinute(max(1, settings.rate_limit_chat))
        self._limiter = FixedWindowRateLimiter(Counters(settings.redis_url))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._per_minute or (scope["method"], scope["path"]) not in _LIMITED:
            return await self._app(scope, receive, send)
        client = hashlib.sha256(client_address(scope, self._proxies).encode()).hexdigest()[:32]
        wait = await asyncio.to_thread(self._seconds_to_wait, client)
        if not wait:
            return await self._app(scope, receive, send)
        refusal = answer(Request(scope), ApiError(429, "too_many_requests", retry_after=wait))
        return await refusal(scope, receive, send)

    def _seconds_to_wait(self, client: str) -> int:
        """Count one request; 0 when it may pass."""
        if self._limiter.hit(self._item, client):
            return 0
        wait = self._limiter.get_window_stats(self._item, client).reset_time - time.time()
        if wait > _MINUTE + 1:  # the clock was set back: nobody is held back until then
            self._limiter.clear(self._item, client)
            return 0
        return max(1, int(wait) + 1)


def client_address(scope: Scope, proxies: int) -> str:
    """The client's address (of IPv6 its network): the peer's, or what the outermost of ``proxies`` trusted proxies saw."""
    seen = _seen(scope, proxies)
    try:
        address = ipaddress.ip_address(seen)
    except ValueError:  # a name of a test's client, or what a proxy that is none wrote
        return seen
    # One line at home has a whole /64 of IPv6: each of its 2^64 addresses is the same client.
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else seen


def _seen(scope: Scope, proxies: int) -> str:
    forwarded = [part.strip() for part in Request(scope).headers.get("x-forwarded-for", "").split(",") if part.strip()]
    if proxies and len(forwarded) >= proxies:
        return forwarded[-proxies]
    return scope["client"][0] if scope.get("client") else "unknown"


class BodyLimit:
    """ASGI middleware: 413 as soon as a body is larger than ``most`` bytes, declared or not.

    ``larger``: the limits of addresses that begin so. The console's pages send whole sheets and files, a channel's
    platform many messages at once.
    """

    def __init__(self, app: ASGIApp, most: int, larger: Mapping[str, int]) -> None:
        self._app, self._most, self._larger = app, most, larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS", "DELETE"):
            return await self._app(scope, receive, send)
        most = next((most for start, most in self._larger.items() if scope["path"].startswith(start)), self._most)
        declared = Request(scope).headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > most:
            return await _refuse(scope, receive, send)
        # A body is read whole before the application sees any of it: small from residents, rare from agents.
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > most:
                return await _refuse(scope, receive, send)
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        return await self._app(scope, replay, send)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(Request(scope), ApiError(413, "too_large"))(scope, receive, send)
