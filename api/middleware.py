"""What surrounds every request, as plain ASGI: headers, HEAD, a refusal while starting, no internals."""

import logging
import traceback

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import RETRY_SECONDS, ApiError, answer

logger = logging.getLogger(__name__)

_HEADERS = {
    # A page loads our own files and nothing else, and nobody frames it.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # The microphone stays for dictation on the chat page.
    "Permissions-Policy": "camera=(), geolocation=(), payment=(), usb=(), serial=(), display-capture=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",  # /widget.js and its style say otherwise
    "X-Frame-Options": "DENY",  # for browsers that do not read frame-ancestors
}
_HSTS = "max-age=31536000"
_ALWAYS_ANSWERED = ("/healthz", "/readyz", "/metrics", "/static", "/docs", "/openapi.json", "/chat.js", "/widget.js")


class SecurityHeaders:
    """Every answer, an error's too, tells the browser what it may do with it."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        """``https``: people reach the service so, and a browser that has once must not come back without."""
        self._app = app
        self._headers = _HEADERS | ({"Strict-Transport-Security": _HSTS} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class HeadLikeGet:
    """``HEAD`` is answered as ``GET`` is, without the body: link checkers and monitors ask so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return await self._app(scope, receive, send)

        async def send_without_body(message: Message) -> None:
            # The length stays: it is the one that GET would have.
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        return await self._app({**scope, "method": "GET"}, receive, send_without_body)


class NoInternals:
    """What nobody foresaw is answered in the one shape of errors.

    The log says where it happened and not the exception's text, which may quote what a person
    wrote; a server that saw the exception itself would log it whole.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = False

        async def notice_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            return await self._app(scope, receive, notice_start)
        except Exception as error:
            places = "".join(traceback.format_tb(error.__traceback__))
            logger.error("api: %s failed (%s)\n%s", scope["method"], type(error).__name__, places)
            if not started:
                await answer(Request(scope), ApiError(500, "error"))(scope, receive, send)
            return None


class ReadyFirst:
    """503 until the model and the directory are open (``app.state.services``); messages of channels are taken in before."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        starting = scope["type"] == "http" and scope["app"].state.services is None
        if starting and not scope["path"].startswith(_ALWAYS_ANSWERED) and not _is_taken_in(scope):
            refusal = answer(Request(scope), ApiError(503, "starting", retry_after=RETRY_SECONDS))
            return await refusal(scope, receive, send)
        return await self._app(scope, receive, send)


def _is_taken_in(scope: Scope) -> bool:
    """True for what a provider hands over, once there is a database to keep it."""
    return scope["path"].startswith("/channels/") and scope["app"].state.channels.ground is not None
