"""What is noted of every request: an id that its log lines bear, how long it took, what became of it."""

import logging
import re
import time
import uuid

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from knowledge.metrics import REQUEST_SECONDS, REQUESTS
from knowledge.settings import Settings

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}


class Observed:
    """ASGI middleware, the outermost: binds the request's id for every log line until the answer is out, and counts.

    The id is the one of a proxy, where ``settings`` trust one, else a new one; it is returned in ``X-Request-ID``.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._trusts = app, settings.trusted_proxies > 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request_id, began, status = self._id(scope), time.perf_counter(), 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                _note(scope, status, time.perf_counter() - began)

    def _id(self, scope: Scope) -> str:
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"") if self._trusts else b""
        said = given.decode("latin-1")
        return said if _ID.fullmatch(said) else uuid.uuid4().hex


def _note(scope: Scope, status: int, seconds: float) -> None:
    method, route = scope["method"] if scope["method"] in _METHODS else "other", _route(scope)
    REQUESTS.labels(method, route, str(status)).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)
    # The route and not the address: that may hold the id of a conversation.
    logger.info("request: %s %s %d in %.1f ms", method, route, status, seconds * 1000)


def _route(scope: Scope) -> str:
    """The pattern of the address, as it is written in the code: one of a few, whatever is asked for."""
    if scope["path"].startswith("/static/"):
        return "/static"
    return getattr(scope.get("route"), "path", "other")
