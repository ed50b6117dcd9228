"""Webhooks as Meta sends them: the shapes of its reference, signed over the bytes that it would send."""

import json
import time
from typing import Any

from pydantic import SecretStr

from api.channels.meta.signature import sign

PAGE, NUMBER, ACCOUNT = "1906385232743451", "106540352242922", "102290129340398"
PSID, WA_ID = "6254939394628383", "33612345678"
SECRET = SecretStr("5ce4f6b1d2a34c0f9a8b7c6d5e4f3a2b")
TOKEN = SecretStr("EAAJB-page-token")
VERIFY = SecretStr("verification-of-the-city")


def now_ms() -> int:
    return int(time.time() * 1000)


def raw(events: Any) -> bytes:
    """The bytes that Meta signs: everything outside of ASCII escaped in lower case, and slashes."""
    return json.dumps(events, separators=(",", ":")).replace("/", "\\/").encode()


def headers(body: bytes, secret: SecretStr = SECRET) -> dict[str, str]:
    return {"content-type": "application/json", "x-hub-signature-256": sign(body, secret), "user-agent": "facebookexternalua"}


# Messenger


def page(*entries: list[dict[str, Any]], page_id: str = PAGE) -> dict[str, Any]:
    """A body with an entry for each list of events."""
    return {"object": "page", "entry": [{"id": page_id, "time": now_ms(), "messaging": list(events)} for events in entries]}


def event(sender: str = PSID, at: int | None = None, **content: Any) -> dict[str, Any]:
    return {"sender": {"id": sender}, "recipient": {"id": PAGE}, "timestamp": at or now_ms(), **content}


def said(mid: str, text: str, sender: str = PSID, at: int | None = None, **more: Any) -> dict[str, Any]:
    return event(sender, at, message={"mid": mid, "text": text, **more})


def quick_reply(mid: str, title: str, payload: str, sender: str = PSID) -> dict[str, Any]:
    return said(mid, title, sender, quick_reply={"payload": payload})


def postback(mid: str | None, title: str, payload: str) -> dict[str, Any]:
    return event(postback={"title": title, "payload": payload} | ({"mid": mid} if mid else {}))


def attached(mid: str, kind: str, sender: str = PSID, **payload: Any) -> dict[str, Any]:
    return event(sender, message={"mid": mid, "attachments": [{"type": kind, "payload": payload or {"url": "https://cdn.example/x"}}]})


def echo(mid: str, text: str, metadata: str | None = None, to: str = PSID) -> dict[str, Any]:
    message = {"is_echo": True, "app_id": 1517776481860111, "mid": mid, "text": text} | ({"metadata": metadata} if metadata else {})
    return {"sender": {"id": PAGE}, "recipient": {"id": to}, "timestamp": now_ms(), "message": message}


# WhatsApp


def account(*values: dict[str, Any], field: str = "messages") -> dict[str, Any]:
    """A body with a change for each value."""
    changes = [{"value": value, "field": field} for value in values]
    return {"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "changes": changes}]}


def value(*messages: dict[str, Any], number: str = NUMBER, **more: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": "33254000000", "phone_number_id": number}
    contacts = [{"profile": {"name": "Une habitante"}, "wa_id": WA_ID, "user_id": "FR.13491208655302741918"}]
    content = {"contacts": contacts, "messages": list(messages)} if messages else {}
    return {"messaging_product": "whatsapp", "metadata": metadata, **content, **more}


def wa(wamid: str, kind: str, sender: str = WA_ID, at: int | None = None, **content: Any) -> dict[str, Any]:
    return {"from": sender, "id": wamid, "timestamp": str(at or int(time.time())), "type": kind, **content}


def wa_text(wamid: str, text: str, sender: str = WA_ID, at: int | None = None) -> dict[str, Any]:
    return wa(wamid, "text", sender, at, text={"body": text})


def wa_tapped(wamid: str, kind: str, payload: str, sender: str = WA_ID) -> dict[str, Any]:
    """``kind``: ``button_reply`` or ``list_reply``."""
    return wa(wamid, "interactive", sender, interactive={"type": kind, kind: {"id": payload, "title": "…"}})


def status(wamid: str, state: str, key: str | None = None, code: int | None = None, to: str = WA_ID) -> dict[str, Any]:
    found: dict[str, Any] = {"id": wamid, "status": state, "timestamp": str(int(time.time())), "recipient_id": to}
    if key:
        found["biz_opaque_callback_data"] = key
    if code:
        found["errors"] = [{"code": code, "title": "Error", "message": "Error", "error_data": {"details": "…"}}]
    return found
