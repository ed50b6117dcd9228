"""Who may come in: the session's cookie, the role that a page asks for, the token of every unsafe request."""

import datetime as dt
import hashlib
import hmac
from collections.abc import Callable
from functools import cache

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import URL

from api.errors import ApiError, answer, wants_page
from api.wiring import Services
from knowledge.accounts import sessions
from knowledge.accounts.models import Account, StaffSession
from knowledge.accounts.tokens import new_token
from knowledge.settings import Settings

_COOKIE = "passerelle_staff"
SIGN_IN = "/staff/connexion"
_SAFE = ("GET", "HEAD", "OPTIONS")


class SignInFirst(ApiError):
    """Nobody is signed in: a browser is sent to the log-in page, anything else gets 401."""

    def __init__(self) -> None:
        super().__init__(401, "not_signed_in")


@cache
def require(role: str) -> Callable[[Request], Account]:
    """Return a dependency that gives the signed-in account, whose role is ``role`` or a higher one."""

    def signed_in(request: Request) -> Account:
        account = staff_session(request).account
        if not account.may(role):
            raise ApiError(403, "forbidden")
        return account

    return signed_in


def staff_session(request: Request) -> StaffSession:
    """The session of this request. Raises SignInFirst without one that is complete."""
    found = open_session(request)
    if found is None or found.awaits_code:
        raise SignInFirst
    request.state.account = found.account
    return found


def open_session(request: Request) -> StaffSession | None:
    """The session of this request, also when its second factor is still to come."""
    if not hasattr(request.state, "staff_session"):
        services: Services = request.app.state.services
        token = request.cookies.get(cookie_name(request))
        with services.sessions.begin() as session:
            request.state.staff_session = sessions.find(session, token, lifetime(services.settings)) if token else None
    return request.state.staff_session


def lifetime(settings: Settings) -> sessions.Lifetime:
    """How long sessions last."""
    return sessions.Lifetime(dt.timedelta(minutes=settings.staff_idle_minutes), dt.timedelta(hours=settings.staff_session_hours))


def browser_token(request: Request) -> str:
    """What this browser's cookie holds, or will hold: a session's token, or one that only binds the log-in form."""
    if not hasattr(request.state, "browser_token"):
        request.state.browser_token = request.cookies.get(cookie_name(request)) or new_token()
    return request.state.browser_token


def set_cookie(request: Request, response: Response, token: str) -> None:
    """Hand ``token`` to the browser. Lax: coming back from an OpenID provider must carry it."""
    settings: Settings = request.app.state.services.settings
    response.set_cookie(
        cookie_name(request), token, path=_path(request), secure=is_secure(request), httponly=True, samesite="lax",
        max_age=settings.staff_session_hours * 3600,
    )  # fmt: skip


def forget_cookie(request: Request, response: Response) -> None:
    """Let the browser forget its session's token."""
    response.delete_cookie(cookie_name(request), path=_path(request), secure=is_secure(request), httponly=True, samesite="lax")


def cookie_name(request: Request) -> str:
    """Under HTTPS ``__Host-…``: a browser takes such a cookie from this host alone, never from another site of the city's domain."""
    return f"__Host-{_COOKIE}" if is_secure(request) else _COOKIE


def is_secure(request: Request) -> bool:
    """True when people reach the service under HTTPS."""
    return bool(request.app.state.services.settings.public_url.startswith("https://"))


def _path(request: Request) -> str:
    """``__Host-`` is for whole hosts only."""
    return "/" if is_secure(request) else "/staff"


def csrf_token(request: Request) -> str:
    """The token that a form of this browser must send back: bound to its cookie, told by no other site."""
    key: str = request.app.state.services.secret_key
    return hmac.new(key.encode(), b"csrf:" + browser_token(request).encode(), hashlib.sha256).hexdigest()


async def check_csrf(request: Request) -> None:
    """Dependency of every route under /staff: an unsafe request must bear the form's token."""
    if request.method in _SAFE:
        return
    given = request.headers.get("x-csrf-token") or (await request.form()).get("csrf_token")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), csrf_token(request).encode()):
        raise ApiError(403, "stale_form")


def install(app: FastAPI) -> None:
    """Send who is not signed in to the log-in page, and back to where they were going afterwards."""

    @app.exception_handler(SignInFirst)
    async def _sign_in_first(request: Request, error: SignInFirst) -> Response:
        if "hx-request" in request.headers:
            return Response(status_code=401, headers={"HX-Redirect": SIGN_IN})
        if request.method != "GET" or not wants_page(request):
            return answer(request, error)
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(str(URL(SIGN_IN).include_query_params(suite=wanted)), 303)
