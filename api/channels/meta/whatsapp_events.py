"""From a webhook of the WhatsApp Cloud API to messages and receipts.

Shapes: Meta's "Webhooks reference: messages" of the WhatsApp Business Platform (messages of each type, statuses,
business-scoped user ids).
"""

from collections.abc import Iterator
from typing import Any

from api.channels.meta.graph import by_code
from api.channels.meta.reading import key, moment, obj, objects, person, text
from api.channels.port import Arrived, GiveUp, Unsubscribed
from knowledge.delivery.receipts import Receipt

NAME = "whatsapp"
_SECONDS = 1
# What a person sends that is no text; anything else (reactions, system notes, what is yet to come) is no message to answer.
_ATTACHMENTS = {"image", "audio", "video", "document", "sticker", "location", "contacts", "order", "unsupported"}
_ARRIVED = {"delivered", "read", "played"}


def messages(body: dict[str, Any], number: str) -> list[Arrived]:
    """Return every message of every entry, oldest first; ``number``: the id of our telephone number."""
    found = [arrived for value in _values(body, number) for message in objects(value, "messages") if (arrived := _message(message))]
    return sorted(found, key=lambda one: one.sent_at)


def receipts(body: dict[str, Any], number: str) -> list[Receipt]:
    """Return what statuses say of our messages; they bear the key that they were sent with."""
    statuses = [status for value in _values(body, number) for status in objects(value, "statuses")]
    return [receipt for status in statuses if (receipt := _receipt(status))]


def _values(body: dict[str, Any], number: str) -> Iterator[dict[str, Any]]:
    if body.get("object") != "whatsapp_business_account":
        return
    for entry in objects(body, "entry"):
        for change in objects(entry, "changes"):
            value = obj(change, "value")
            if change.get("field") == "messages" and text(obj(value, "metadata"), "phone_number_id") == number:
                yield value


def _message(message: dict[str, Any]) -> Arrived | None:
    # Who has a user name may write without a number: then there is only the id that the business knows them by.
    sender = person(message, "from") or person(message, "from_user_id")
    wamid, kind = text(message, "id"), text(message, "type")
    if not sender or not wamid:
        return None
    said = _said(message, kind)
    if not said.strip() and kind not in _ATTACHMENTS:
        return None
    read_as = "text" if said.strip() else "attachment"
    return Arrived(NAME, key(wamid), sender, said, read_as, moment(message.get("timestamp"), _SECONDS))  # type: ignore[arg-type]


def _said(message: dict[str, Any], kind: str) -> str:
    """Return the words, those under a picture, or the payload of what was tapped."""
    if kind == "text":
        return text(obj(message, "text"), "body")
    if kind == "interactive":
        tapped = obj(message, "interactive")
        return text(obj(tapped, "button_reply"), "id") or text(obj(tapped, "list_reply"), "id")
    if kind == "button":
        return text(obj(message, "button"), "payload") or text(obj(message, "button"), "text")
    return text(obj(message, kind), "caption") if kind in _ATTACHMENTS else ""


def _receipt(status: dict[str, Any]) -> Receipt | None:
    wamid, said = text(status, "id"), text(status, "status")
    if not wamid or said not in {"sent", "failed", *_ARRIVED}:
        return None
    own_key = text(status, "biz_opaque_callback_data") or None
    if said != "failed":
        return Receipt(NAME, key(wamid), own_key, arrived=said in _ARRIVED or None)
    error = next(objects(status, "errors"), {})
    code = error.get("code")
    meant = by_code(code) if isinstance(code, int) else GiveUp("failed")
    reason = meant.reason if isinstance(meant, GiveUp) else f"graph_{code}"
    return Receipt(NAME, key(wamid), own_key, arrived=False, reason=reason, unwanted=isinstance(meant, Unsubscribed))
