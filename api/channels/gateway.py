"""SMS by a gateway that speaks JSON over HTTP, as French operators offer.

Out: ``POST <url>`` with ``{"from", "to", "text", "reference"}``, a bearer token and ``Idempotency-Key``; 2xx with ``{"id"}``.
In: ``POST /channels/sms`` with ``{"id", "from", "text"}``, and ``/channels/sms/status`` with ``{"id", "status", "error"}``;
both carry ``X-Signature``, ``sha256=`` and the HMAC-SHA256 of the raw body with the shared secret, in hexadecimal.
"""

import datetime as dt
import hashlib
import hmac
import json
import logging
from typing import Any

import httpx

from api.channels.calls import ask
from api.channels.port import Arrived, Body, Fate, GiveUp, TryLater
from api.channels.sms import SmsChannel, international

logger = logging.getLogger(__name__)

INCOMING, STATUS = "/channels/sms", "/channels/sms/status"
SIGNATURE = "x-signature"


class Gateway(SmsChannel):
    """A generic gateway; the operator's own shapes are mapped to it by what they offer, or by a small proxy."""

    def __init__(self, url: str, token: str, secret: str, from_: str, keyed: bool, **common: Any) -> None:
        super().__init__(**common)
        self._url, self._secret, self._from, self._keyed = url, secret.encode(), from_, keyed
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.AsyncClient(headers=headers, timeout=httpx.Timeout(15, connect=5), follow_redirects=False)

    def proven(self, raw: bytes, signature: str) -> bool:
        """True when ``signature`` is that of this body; compared in constant time."""
        wanted = "sha256=" + hmac.new(self._secret, raw, hashlib.sha256).hexdigest()
        return hmac.compare_digest(signature.encode(), wanted.encode())

    def arrived(self, body: dict[str, Any]) -> list[Arrived]:
        """Return the message of a webhook, its sender as E.164; none when it is not one, or our own."""
        provider_id, sender, text = body.get("id"), body.get("from"), body.get("text")
        complete = isinstance(sender, str) and isinstance(text, str) and isinstance(provider_id, str | int)
        if not complete or not 0 < len(str(provider_id)) <= 200 or not 0 < len(str(sender)) <= 100:
            return []
        number = international(str(sender))
        if number == international(self._from):
            return []
        if not self.accepts(number):
            # The number itself stays out of the log; how long it is tells a short code from a number abroad.
            logger.warning("channels: the gateway's sender of %d characters is not one to be answered", len(number))
        return [Arrived(self.name, str(provider_id), number, str(text))]

    async def deliver(self, recipient: str, body: Body, key: str) -> str:
        if not self.accepts(recipient):
            raise GiveUp("number_not_allowed")
        message = {"from": self._from, "to": recipient, "text": body["text"], "reference": key}
        answer = await ask(self._client, "POST", self._url, json=message, headers={"Idempotency-Key": key})
        if answer.status_code < 300:
            return _id(answer) or key
        if answer.status_code == 409:  # it has this key already
            return _id(answer) or key
        if answer.status_code == 429 or answer.status_code >= 500:
            named = answer.headers.get("retry-after", "")
            after = min(float(named), 3600) if named.isdecimal() else None
            raise TryLater(f"gateway_{answer.status_code}", after, maybe_sent=answer.status_code >= 500)
        raise GiveUp(f"gateway_{answer.status_code}")

    async def fate(self, recipient: str, body: Body, key: str, since: dt.datetime) -> tuple[Fate, str | None]:
        """To a gateway that drops what repeats an ``Idempotency-Key`` to send again is to ask; another cannot be asked."""
        return (Fate.not_sent if self._keyed else Fate.unknown), None

    async def close(self) -> None:
        await self._client.aclose()


def read_json(raw: bytes) -> dict[str, Any] | None:
    """Return the object of a webhook's body; None for anything else."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _id(answer: httpx.Response) -> str | None:
    found = read_json(answer.content)
    return str(found["id"])[:200] if found and found.get("id") else None
