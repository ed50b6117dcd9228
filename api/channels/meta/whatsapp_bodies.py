"""An answer as messages of the WhatsApp Cloud API. Limits: Meta's reference of text and interactive messages."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.channels.meta.fit import shorten, size, split
from api.channels.meta.offers import Number, choices, page_of
from api.channels.meta.words import label, short_title, words
from api.channels.port import Body
from bot.engine import QuickReply, Reply

MOST_TEXT, MOST_INTERACTIVE_TEXT = 4096, 1024
MOST_BUTTONS, MOST_BUTTON_TITLE, MOST_BUTTON_ID = 3, 20, 256
MOST_ROWS, MOST_ROW_TITLE, MOST_ROW_DESCRIPTION, MOST_ROW_ID = 10, 24, 72, 200

Card = Mapping[str, Any]


def texts(text: str) -> list[Body]:
    """Return ``text`` whole, in as many messages as it takes."""
    return [_text(part) for part in split(text, MOST_TEXT)]


def answer(reply: Reply, cards: Sequence[Card], numbers: Sequence[Number], public_url: str) -> list[Body]:
    """Return an answer: its text whole, with the page of the first action under its first part and the choices under its last."""
    quick_replies = choices(reply)
    first, *others = [said.text for said in reply.messages] or [""]
    page = page_of(public_url, f"/annuaire/{cards[0]['id']}") if cards else None
    bodies = _under(first, lambda text: _link(text, label("sheet"), page)) if page and not numbers else texts(first)
    bodies += _calls(numbers, public_url)
    for text in others:
        bodies += texts(text)
    return with_choices(bodies, quick_replies)


def with_choices(bodies: list[Body], quick_replies: Sequence[QuickReply]) -> list[Body]:
    """Put choices under the last message where it is plain text, else in one of their own."""
    most = MOST_ROW_ID if len(quick_replies) > MOST_BUTTONS else MOST_BUTTON_ID
    fitting = [quick for quick in quick_replies if size(quick.payload) <= most]
    if not fitting:
        return bodies
    if bodies and bodies[-1]["type"] == "text":
        return bodies[:-1] + _under(bodies[-1]["text"]["body"], lambda text: _choice(text, fitting))
    return [*bodies, _choice(words()["and_now"], fitting)]


def _under(text: str, make: Any) -> list[Body]:
    """Make an interactive message of ``text``; where it is too long for one, of its last part."""
    parts = split(text, MOST_INTERACTIVE_TEXT)
    if not parts:
        return []
    last = parts[-1]
    before = text[: text.rindex(last)] if len(parts) > 1 else ""
    return [*texts(before), make(last)]


def _text(text: str) -> Body:
    return {"type": "text", "text": {"body": text, "preview_url": False}}


def _choice(text: str, quick_replies: Sequence[QuickReply]) -> Body:
    """Up to three short choices are buttons, more or longer ones are rows of a list."""
    titles = {quick.title for quick in quick_replies}
    if len(titles) == len(quick_replies) <= MOST_BUTTONS and all(size(title) <= MOST_BUTTON_TITLE for title in titles):
        buttons = [{"type": "reply", "reply": {"id": quick.payload, "title": quick.title}} for quick in quick_replies]
        return _interactive("button", text, {"buttons": buttons})
    rows = [_row(quick) for quick in quick_replies if size(quick.payload) <= MOST_ROW_ID][:MOST_ROWS]
    return _interactive("list", text, {"button": label("choose"), "sections": [{"rows": rows}]}) if rows else _text(text)


def _row(quick: QuickReply) -> dict[str, str]:
    row = {"id": quick.payload, "title": short_title(quick.title, MOST_ROW_TITLE)}
    return row if row["title"] == quick.title else row | {"description": shorten(quick.title, MOST_ROW_DESCRIPTION)}


def _calls(numbers: Sequence[Number], public_url: str) -> list[Body]:
    """One button to the page that dials: an interactive message opens one address only."""
    number = next(iter(numbers), None)
    page = page_of(public_url, f"/urgences/{number.dialled}") if number else None
    if not number or not page:
        return []
    return [_link(words()["call_now"], label("write_number" if number.by_sms else "call_number", number=number.shown), page)]


def _link(text: str, title: str, page: str) -> Body:
    return _interactive(
        "cta_url", text, {"name": "cta_url", "parameters": {"display_text": shorten(title, MOST_BUTTON_TITLE), "url": page}}
    )


def _interactive(kind: str, text: str, action: Mapping[str, Any]) -> Body:
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": text}, "action": action}}
