"""SMS by Twilio: its signature, its webhooks, its REST API. https://www.twilio.com/docs/messaging/api/message-resource"""

import datetime as dt
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

from api.channels.calls import ask
from api.channels.port import Arrived, Body, Fate, GiveUp, TryLater, Unsubscribed
from api.channels.sms import SmsChannel

INCOMING, STATUS = "/channels/twilio/sms", "/channels/twilio/status"
SIGNATURE, KEY = "x-twilio-signature", "key"
_MOST_FIELDS = 200
# https://www.twilio.com/docs/api/errors : the person has sent STOP to Twilio itself.
_UNSUBSCRIBED = {21610}
# Too many at once; a queue that is full; an account that is being throttled.
_FOR_NOW = {20429, 14107, 21611, 30001, 30022}


class Twilio(SmsChannel):
    """Twilio Programmable Messaging. ``api_url`` is only changed for another region, or a test."""

    def __init__(self, account: str, token: str, from_: str, public_url: str, api_url: str, **common: Any) -> None:
        super().__init__(**common)
        self._from, self._public_url = from_, public_url.rstrip("/")
        self._messages = f"{api_url.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        self._validator = RequestValidator(token)
        self._client = httpx.AsyncClient(auth=(account, token), timeout=httpx.Timeout(15, connect=5), follow_redirects=False)

    def proven(self, path: str, form: FormData, signature: str) -> bool:
        """True when ``signature`` is Twilio's for this form at our public address; what a proxy says of the address counts for nothing.

        ``path``: with its query, which is signed too.
        """
        return bool(self._validator.validate(self._public_url + path, form, signature))

    def arrived(self, form: FormData) -> list[Arrived]:
        """Return the message of a webhook; none without sender or id, or from ourselves."""
        sender, provider_id = str(form.get("From", "")), str(form.get("MessageSid") or form.get("SmsSid") or "")
        if not provider_id or not sender or len(provider_id) > 200 or len(sender) > 100 or sender == self._from:
            return []
        text = str(form.get("Body", ""))
        pictures = str(form.get("NumMedia", "0")).strip("0") != ""
        return [Arrived(self.name, provider_id, sender, text, "attachment" if pictures and not text.strip() else "text")]

    async def deliver(self, recipient: str, body: Body, key: str) -> str:
        if not self.accepts(recipient):
            raise GiveUp("number_not_allowed")
        sender = "MessagingServiceSid" if self._from.startswith("MG") else "From"
        # Each status bears the key: one may come before we have committed Twilio's own id, or when its answer never came.
        callback = f"{self._public_url}{STATUS}?{KEY}={quote(key)}"
        form = {"To": recipient, sender: self._from, "Body": body["text"], "StatusCallback": callback}
        answer = await ask(self._client, "POST", self._messages, data=form)
        if answer.status_code < 300:
            return str(_json(answer).get("sid", ""))[:200]
        raise _refusal(answer)

    async def fate(self, recipient: str, body: Body, key: str, since: dt.datetime) -> tuple[Fate, str | None]:
        """Look for the message in Twilio's own list: it knows no key of ours. At a time there is one to a person on its way.

        Newest first; without a filter by the date of sending, which what is still queued does not have.
        """
        answer = await ask(self._client, "GET", self._messages, params={"To": recipient, "PageSize": "100"})
        if answer.status_code >= 300:
            raise TryLater(f"twilio_list_{answer.status_code}", maybe_sent=True)
        for found in _json(answer).get("messages", []):
            # Twilio's clock counts whole seconds, and is not ours.
            outgoing = str(found.get("direction", "")).startswith("outbound")
            if outgoing and found.get("body") == body["text"] and _created(found) >= since - dt.timedelta(seconds=5):
                return Fate.sent, str(found.get("sid"))
        return Fate.not_sent, None

    async def close(self) -> None:
        await self._client.aclose()


def read_form(raw: bytes) -> FormData | None:
    """Return the fields of a webhook's body in the one encoding that Twilio uses; None for anything else."""
    try:
        fields: list[Any] = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        return FormData(fields)
    except ValueError:
        return None


def _refusal(answer: httpx.Response) -> Exception:
    code = _json(answer).get("code")
    if code in _UNSUBSCRIBED:
        return Unsubscribed()
    if answer.status_code == 429 or code in _FOR_NOW:
        return TryLater(f"twilio_{code or answer.status_code}", _seconds(answer))
    if answer.status_code >= 500:
        # Twilio's own words: after a 5xx the message may have been created.
        return TryLater(f"twilio_{answer.status_code}", _seconds(answer), maybe_sent=True)
    return GiveUp(f"twilio_{code or answer.status_code}")


def _seconds(answer: httpx.Response) -> float | None:
    named = answer.headers.get("retry-after", "")
    return min(float(named), 3600) if named.isdecimal() else None


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _created(found: dict[str, Any]) -> dt.datetime:
    try:
        return parsedate_to_datetime(str(found.get("date_created")))
    except ValueError:
        return dt.datetime.max.replace(tzinfo=dt.timezone.utc)  # better once too rarely than twice
