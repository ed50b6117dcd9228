"""Browsers in which somebody signed in before: what strangers try on the account does not lock its owner out of them.

A browser that shows this cookie has a count of its own (OWASP's "device cookies"); it opens nothing by itself.
"""

import hashlib
import hmac

from fastapi import Request, Response

from api.staff.guard import SIGN_IN, is_secure
from knowledge.accounts.tokens import new_token

_NAME = "passerelle_known"
_REMEMBERED_FOR = 180 * 24 * 3600


def known_browser(request: Request, email: str) -> str | None:
    """What this browser is counted as when ``email`` signed in here before, else None."""
    given = request.cookies.get(_name(email), "")
    nonce, _, _signature = given.partition(".")
    return f"known:{nonce}" if hmac.compare_digest(given.encode(), _signed(request, nonce, email).encode()) else None


def remember_browser(request: Request, response: Response, email: str) -> None:
    """Let the browser show next time that ``email`` signed in here."""
    response.set_cookie(
        _name(email), _signed(request, new_token(), email), path=SIGN_IN, secure=is_secure(request),
        httponly=True, samesite="lax", max_age=_REMEMBERED_FOR,
    )  # fmt: skip


def _name(email: str) -> str:
    """One cookie an account: colleagues share a desk."""
    return f"{_NAME}_{hashlib.sha256(email.encode()).hexdigest()[:12]}"


def _signed(request: Request, nonce: str, email: str) -> str:
    key: str = request.app.state.services.secret_key
    return f"{nonce}.{hmac.new(key.encode(), f'known:{nonce}:{email}'.encode(), hashlib.sha256).hexdigest()}"
