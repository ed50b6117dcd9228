"""Signing in through an OpenID Connect provider (``PASSERELLE_OPENID_ISSUER``), with state, nonce and PKCE.

The provider proves the person's e-mail address; the account of that address is opened, and none is
made unless ``PASSERELLE_OPENID_CREATES_ACCOUNTS`` says so. What the library must find again when
the person comes back travels in a sealed cookie of ten minutes.
"""

import base64
import hashlib
import json
import logging
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from cryptography.fernet import Fernet, InvalidToken
from fastapi import APIRouter, Request
from fastapi.responses import Response
from joserfc.errors import JoseError
from starlette.concurrency import run_in_threadpool

from api.errors import ApiError
from api.staff.guard import SIGN_IN, is_secure
from api.staff.page import render
from api.staff.session import HOME, first_step_done
from knowledge.accounts import people
from knowledge.accounts.errors import AccountRefused
from knowledge.accounts.models import Account, Role
from knowledge.audit import audit
from knowledge.settings import Settings

logger = logging.getLogger(__name__)

_START = f"{SIGN_IN}/openid"
_RETURN = f"{_START}/retour"
_COOKIE = "passerelle_openid"
_SECONDS = 600
_NAME = "provider"

router = APIRouter()


def client_of(settings: Settings) -> Any:
    """The client of the provider that the settings name; None without one. Nothing is asked of it yet."""
    if not settings.openid_issuer:
        return None
    secret = settings.openid_client_secret
    oauth = OAuth()
    oauth.register(
        _NAME,
        server_metadata_url=f"{settings.openid_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_id=settings.openid_client_id,
        client_secret=secret.get_secret_value() if secret else None,
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
    )
    return oauth.create_client(_NAME)


@router.get(_START)
async def start(request: Request, suite: str = HOME) -> Response:
    """Send the person to the provider."""
    client = _client(request)
    request.scope["session"] = {"suite": suite}
    try:
        response = await client.authorize_redirect(request, _address(request))
    except (AuthlibBaseError, httpx2.HTTPError, ValueError) as error:
        return _failed(request, error)
    sealed = _sealing(request).encrypt(json.dumps(request.session).encode()).decode()
    response.set_cookie(_COOKIE, sealed, max_age=_SECONDS, path=_START, secure=is_secure(request), httponly=True, samesite="lax")
    return response


@router.get(_RETURN)
async def come_back(request: Request) -> Response:
    """Open a session for whom the provider names, when the address is verified and has an account."""
    client = _client(request)
    try:
        opened = _sealing(request).decrypt(request.cookies.get(_COOKIE, "").encode(), ttl=_SECONDS)
        request.scope["session"] = json.loads(opened)
        suite = request.session["suite"]
        token = await client.authorize_access_token(request)
        claims = token.get("userinfo") or {}
        if "email" not in claims:
            claims = {**claims, **await client.userinfo(token=token)}
    except (AuthlibBaseError, JoseError, InvalidToken, httpx2.HTTPError, KeyError, ValueError) as error:
        return _failed(request, error)
    account = await run_in_threadpool(_account, request, claims)
    response = first_step_done(request, account, suite) if account else render(request, "sign_in.html", 403, problem="openid_unknown")
    response.delete_cookie(_COOKIE, path=_START)
    return response


def _account(request: Request, claims: dict[str, Any]) -> Account | None:
    """The account of the verified address; a new one, of an agent, only where the settings say so."""
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        return None
    settings: Settings = request.app.state.services.settings
    with request.app.state.services.sessions.begin() as session:
        account = people.find(session, email)
        if account is None and settings.openid_creates_accounts:
            try:
                account = people.create(session, str(claims.get("name") or email)[:100], email, Role.agent)
            except AccountRefused:
                return None
            audit(session, account, "account.created", account.email, {"role": account.role})
    return None if account is None or account.disabled else account


def _client(request: Request) -> Any:
    client = request.app.state.openid_client
    if client is None:
        raise ApiError(404, "not_found")
    return client


def _address(request: Request) -> str:
    """Where the provider sends the person back to: not what the request's Host header says."""
    return f"{request.app.state.services.settings.public_url.rstrip('/')}{_RETURN}"


def _sealing(request: Request) -> Fernet:
    key = request.app.state.services.secret_key
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"openid:" + key.encode()).digest()))


def _failed(request: Request, error: Exception) -> Response:
    logger.warning("openid: signing in failed (%s %s)", type(error).__name__, getattr(error, "error", None) or "")
    return render(request, "sign_in.html", 502, problem="openid")
