"""Calls of Meta's Graph API, and its errors by kind: try again later, give up, the person wants no messages."""

import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from typing import Any

import httpx
from pydantic import SecretStr

from api.channels.calls import ask
from api.channels.port import GiveUp, NotDelivered, TryLater, Unsubscribed

logger = logging.getLogger(__name__)

_TIMEOUT = httpx.Timeout(10, connect=5)
# Error codes and subcodes as Meta documents them: "Handle errors" of the Graph API, "Error codes" of the
# Messenger Platform, "Error codes" of the WhatsApp Cloud API. What is in none of these lists is given up.
_REFUSED_FOR_NOW = {
    4, 17, 32, 613, 80007,  # limits of calls: application, user, page, this call, business account
    130429, 131056, 131048,  # WhatsApp: throughput, too fast to one person, held back as spam
    131057, 133004,  # WhatsApp: maintenance, unavailable
}  # fmt: skip
# With a status of 5xx these, like a code that is in no list, do not say that the message was not taken before something broke.
_BROKEN = {
    1, 2,  # unknown, or a service that is down
    1200,  # Messenger: temporary failure
    131000, 131016,  # WhatsApp: something went wrong, overloaded
}  # fmt: skip
# The page's token has expired or was withdrawn: nothing is wrong with the message, an operator can mend it.
_TOKEN = {0, 102, 190}
_TOKEN_SECONDS = 300.0
WINDOW = "window"
_OUTSIDE_WINDOW = {131047}
_OUTSIDE_WINDOW_SUBCODES = {2018278, 2018065, 2534022}
# 551: the person is not available; 131050: they stopped what the business sends.
_UNWANTED = {551, 131050}
_UNWANTED_SUBCODES = {1545041, 2018108}
_USAGE_HEADER = "x-business-use-case-usage"


class Graph:
    """A client of one page or one number. ``address`` holds the version: ``https://graph.facebook.com/v24.0``."""

    def __init__(self, address: str, token: SecretStr, app_secret: SecretStr, timeout: httpx.Timeout | None = None) -> None:
        # Its lines at INFO hold addresses, and these may hold the id of a person.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        secret = token.get_secret_value()
        # Proves that the caller is the app and not somebody who found the token (Meta: "Securing API calls").
        proof = hmac.new(app_secret.get_secret_value().encode(), secret.encode(), hashlib.sha256).hexdigest()
        self._client = httpx.AsyncClient(
            base_url=address.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {secret}"},
            params={"appsecret_proof": proof},
            timeout=timeout or _TIMEOUT,
        )

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a POST. Raises TryLater, GiveUp, Unsubscribed."""
        return await self._call("POST", path, json=body)

    async def get(self, path: str, **params: str) -> dict[str, Any]:
        """Return the answer to a GET. Raises the same."""
        return await self._call("GET", path, params=params)

    async def close(self) -> None:
        await self._client.aclose()

    async def _call(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        response = await ask(self._client, method, path, **how)
        if not response.is_success:
            raise failure(response.status_code, response.content, response.headers)
        return _object(response.content)


def failure(status: int, content: bytes, headers: Mapping[str, str]) -> NotDelivered:
    """Return what an error of the Graph API means. ``content``: ``{"error": {"code", "error_subcode", …}}``."""
    error = _object(_object(content).get("error"))
    code, subcode = error.get("code"), error.get("error_subcode")
    if not isinstance(code, int):
        # A gateway's own page: what stands behind it may have taken the message.
        return (
            TryLater(f"graph_http_{status}", maybe_sent=status >= 500) if status >= 500 or status == 429 else GiveUp(f"graph_http_{status}")
        )
    return by_code(code, subcode if isinstance(subcode, int) else None, status, bool(error.get("is_transient")), _pause(headers))


def by_code(code: int, subcode: int | None = None, status: int = 400, transient: bool = False, after: float | None = None) -> NotDelivered:
    """Return what an error code means, also where a webhook brings it (WhatsApp's ``failed`` statuses)."""
    reason = f"graph_{code}_{subcode}" if subcode else f"graph_{code}"
    if code in _UNWANTED or subcode in _UNWANTED_SUBCODES:
        return Unsubscribed(reason)
    if code in _OUTSIDE_WINDOW or subcode in _OUTSIDE_WINDOW_SUBCODES:
        return GiveUp(WINDOW)
    if code in _TOKEN:
        logger.error("channels: the Graph API refuses the access token (%s)", reason)
        return TryLater(reason, after=_TOKEN_SECONDS)
    if code in _REFUSED_FOR_NOW:
        return TryLater(reason, after=after)
    if code in _BROKEN or transient or status >= 500 or status == 429:
        return TryLater(reason, after=after, maybe_sent=status >= 500)
    return GiveUp(reason)


def _pause(headers: Mapping[str, str]) -> float | None:
    """Seconds until calls are taken again, where Meta tells: minutes in a JSON header, or ``Retry-After``."""
    usages = [usage for found in _object(headers.get(_USAGE_HEADER)).values() if isinstance(found, list) for usage in found]
    minutes = [_object(usage).get("estimated_time_to_regain_access") for usage in usages]
    longest = max((minute for minute in minutes if isinstance(minute, int)), default=0)
    told = headers.get("retry-after", "")
    return longest * 60.0 or (float(told) if told.isdecimal() and len(told) < 6 else None)


def _object(found: Any) -> dict[str, Any]:
    """Return a JSON object, read where it is text; an empty one for anything else."""
    if isinstance(found, str | bytes):
        try:
            found = json.loads(found)
        except (ValueError, RecursionError):
            return {}
    return found if isinstance(found, dict) else {}
