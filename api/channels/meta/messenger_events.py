"""From a webhook of Messenger's to messages and receipts.

Shapes: Meta's "Webhook events reference" of the Messenger Platform (``messages``, ``messaging_postbacks``,
``message_echoes``, ``message_deliveries``, ``message_reads``).
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from api.channels.meta.reading import key, moment, obj, objects, person, text
from api.channels.port import Arrived
from knowledge.delivery.receipts import Receipt

NAME = "messenger"
_MILLISECONDS = 1000


def messages(body: dict[str, Any], page: str) -> list[Arrived]:
    """Return every message of every entry, oldest first; ``page``: the page's id, or ``me`` for any."""
    found = [arrived for event in _events(body, page) if (arrived := _message(event) or _postback(event))]
    return sorted(found, key=lambda one: one.sent_at)


def receipts(body: dict[str, Any], page: str) -> list[Receipt]:
    """Return what echoes of our own messages prove: they bear the key that they were sent with."""
    echoes = [message for event in _events(body, page) if (message := obj(event, "message")).get("is_echo") is True]
    return [
        Receipt(NAME, key(mid), text(echo, "metadata"), arrived=True)
        for echo in echoes
        if (mid := text(echo, "mid")) and text(echo, "metadata")
    ]


def _events(body: dict[str, Any], page: str) -> Iterator[dict[str, Any]]:
    """Yield the events of our page. Those of ``standby`` belong to another application that holds the conversation."""
    if body.get("object") != "page":
        return
    for entry in objects(body, "entry"):
        if page in ("me", text(entry, "id")):
            yield from objects(entry, "messaging")


def _message(event: dict[str, Any]) -> Arrived | None:
    message, sender = obj(event, "message"), person(obj(event, "sender"), "id")
    mid = text(message, "mid")
    # The echo of what the page wrote is no message of a person's; neither is one that they took back.
    if not sender or not mid or message.get("is_echo") or message.get("is_deleted"):
        return None
    said = text(obj(message, "quick_reply"), "payload") or text(message, "text")
    if not said.strip() and not any(objects(message, "attachments")):
        return None
    kind = "text" if said.strip() else "attachment"
    return Arrived(NAME, key(mid), sender, said, kind, moment(event.get("timestamp"), _MILLISECONDS))  # type: ignore[arg-type]


def _postback(event: dict[str, Any]) -> Arrived | None:
    postback, sender = obj(event, "postback"), person(obj(event, "sender"), "id")
    said = text(postback, "payload")
    if not sender or not said.strip():
        return None
    # Older versions of the webhook give a postback no id of its own.
    made = hashlib.sha256(f"{sender}\x1f{event.get('timestamp')!r}\x1f{said}".encode()).hexdigest()
    return Arrived(
        NAME, key(text(postback, "mid") or f"postback:{made}"), sender, said, "text", moment(event.get("timestamp"), _MILLISECONDS)
    )
