"""``/.well-known/security.txt`` (RFC 9116): whom to tell of a weakness, where the settings name somebody."""

import datetime as dt

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse

from api.errors import ApiError
from knowledge.settings import Settings

router = APIRouter(include_in_schema=False)

# The RFC wants less than a year; the address is read anew from the settings at each request.
_HOLDS_FOR = dt.timedelta(days=180)


@router.get("/.well-known/security.txt")
def security_txt(request: Request) -> PlainTextResponse:
    """The contact; 404 without one."""
    settings: Settings = request.app.state.services.settings
    if not settings.security_contact:
        raise ApiError(404, "not_found")
    expires = (dt.datetime.now(dt.timezone.utc) + _HOLDS_FOR).strftime("%Y-%m-%dT00:00:00Z")
    canonical = f"{settings.public_url.rstrip('/')}{request.url.path}"
    lines = (f"Contact: {settings.security_contact}", f"Expires: {expires}", "Preferred-Languages: fr, en", f"Canonical: {canonical}")
    return PlainTextResponse("\n".join(lines) + "\n")
