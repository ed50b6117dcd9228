"""An answer as messages of the Send API. Limits: Meta's reference of quick replies, generic and button template."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.channels.meta.fit import shorten, size, split
from api.channels.meta.offers import Number, choices, chooses, page_of, telephone
from api.channels.meta.words import label, short_title, words
from api.channels.port import Body
from bot.engine import QuickReply, Reply

MOST_TEXT = 2000
MOST_QUICK_REPLIES, MOST_QUICK_TITLE, MOST_PAYLOAD = 13, 20, 1000
MOST_ELEMENTS, MOST_ELEMENT_TEXT = 10, 80
MOST_BUTTONS, MOST_BUTTON_TITLE, MOST_TEMPLATE_TEXT = 3, 20, 640

Card = Mapping[str, Any]


def texts(text: str) -> list[Body]:
    """Return ``text`` whole, in as many messages as it takes."""
    return [{"message": {"text": part}} for part in split(text, MOST_TEXT)]


def answer(reply: Reply, cards: Sequence[Card], numbers: Sequence[Number], public_url: str) -> list[Body]:
    """Return an answer: its text first and whole, then what can be tapped. Quick replies vanish with the next message,
    so they hang on the last."""
    parts = [part for said in reply.messages for part in texts(said.text)]
    template = _cards(cards[:MOST_ELEMENTS], choices(reply), public_url)
    bodies = [body for body in (*parts[:1], _calls(numbers, public_url), template, *parts[1:]) if body]
    # A card's own button does what a quick reply with its title, cut to 20 signs, would do.
    shown = cards[:MOST_ELEMENTS] if template else ()
    return with_choices(bodies, [quick for quick in choices(reply) if not chooses(quick, shown)])


def with_choices(bodies: list[Body], quick_replies: Sequence[QuickReply]) -> list[Body]:
    """Hang quick replies on the last message; those whose payload is too long are left out, the text is complete without."""
    buttons = [
        {"content_type": "text", "title": short_title(quick.title, MOST_QUICK_TITLE), "payload": quick.payload}
        for quick in quick_replies
        if size(quick.payload) <= MOST_PAYLOAD
    ]
    if bodies and buttons:
        bodies[-1]["message"]["quick_replies"] = buttons[:MOST_QUICK_REPLIES]
    return bodies


def _calls(numbers: Sequence[Number], public_url: str) -> Body | None:
    """Buttons to call. Their own kind takes only numbers with a country code, which 15 and 112 do not have:
    they lead to our page of these numbers, which dials."""
    buttons = [
        _page(label("write_number" if number.by_sms else "call_number", number=number.shown), page)
        for number in numbers
        if (page := page_of(public_url, f"/urgences/{number.dialled}"))
    ]
    return _template("button", text=words()["call_now"], buttons=buttons[:MOST_BUTTONS]) if buttons else None


def _cards(cards: Sequence[Card], quick_replies: Sequence[QuickReply], public_url: str) -> Body | None:
    payloads = {chosen: quick.payload for quick in quick_replies if (chosen := chooses(quick, cards))}
    elements = [_element(card, payloads.get(card["id"]), public_url) for card in cards]
    return _template("generic", elements=elements) if elements else None


def _element(card: Card, payload: str | None, public_url: str) -> dict[str, Any]:
    number, page = telephone(card), page_of(public_url, f"/annuaire/{card['id']}")
    buttons: list[dict[str, str]] = []
    if payload and size(payload) <= MOST_PAYLOAD:
        buttons.append({"type": "postback", "title": label("more"), "payload": payload})
    if number:
        buttons.append({"type": "phone_number", "title": label("call"), "payload": number})
    if page:
        buttons.append(_page(label("sheet"), page))
    element: dict[str, Any] = {"title": shorten(card["title"], MOST_ELEMENT_TEXT), "subtitle": _subtitle(card)}
    if page:
        element["default_action"] = {"type": "web_url", "url": page}
    return element | ({"buttons": buttons[:MOST_BUTTONS]} if buttons else {})


def _subtitle(card: Card) -> str:
    """Who, then what is true now, as far as it fits; the text above has all."""
    told = [card["organisation"], card["status_text"] if card["status"] == "finished" else card["now"]["text"]]
    lines = [line for line in told if line]
    whole = "\n".join(lines)
    return whole if size(whole) <= MOST_ELEMENT_TEXT else shorten(lines[0], MOST_ELEMENT_TEXT)


def _page(title: str, url: str) -> dict[str, str]:
    return {"type": "web_url", "title": shorten(title, MOST_BUTTON_TITLE), "url": url}


def _template(kind: str, **content: Any) -> Body:
    return {"message": {"attachment": {"type": "template", "payload": {"template_type": kind, **content}}}}
