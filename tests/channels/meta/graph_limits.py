"""The platforms' documented limits, checked as their servers do: what is wrong with a message, or nothing.

Written after Meta's references (Send API: message, quick replies, templates, buttons; Cloud API: text and interactive
messages), not after our code.
"""

import re
from collections.abc import Iterator
from typing import Any


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _text(value: Any, most: int, what: str) -> Iterator[str]:
    if not isinstance(value, str) or not value.strip():
        yield f"{what} is empty"
    elif units(value) > most:
        yield f"{what} is longer than {most}"


def messenger_problems(message: dict[str, Any]) -> list[str]:
    """What is wrong with ``message`` of a call of the Send API."""
    return list(_messenger(message))


def _messenger(message: dict[str, Any]) -> Iterator[str]:
    if extra := set(message) - {"text", "attachment", "quick_replies", "metadata"}:
        yield f"unknown fields {extra}"
    if ("text" in message) == ("attachment" in message):
        yield "either text or attachment"
    if "text" in message:
        yield from _text(message["text"], 2000, "text")
    if units(message.get("metadata", "")) > 1000:
        yield "metadata is longer than 1000"
    quick = message.get("quick_replies", [])
    if len(quick) > 13:
        yield "more than 13 quick replies"
    for reply in quick:
        if reply.get("content_type") != "text":
            yield "content_type"
        yield from _text(reply.get("title"), 20, "title of a quick reply")
        yield from _text(reply.get("payload"), 1000, "payload of a quick reply")
    if "attachment" in message:
        yield from _template(message["attachment"])


def _template(attachment: dict[str, Any]) -> Iterator[str]:
    payload = attachment["payload"]
    if attachment["type"] != "template":
        yield "unknown attachment"
    if payload["template_type"] == "button":
        yield from _text(payload.get("text"), 640, "text of a button template")
        if not 1 <= len(payload["buttons"]) <= 3:
            yield "a button template has one to three buttons"
        yield from (problem for button in payload["buttons"] for problem in _button(button))
    elif payload["template_type"] == "generic":
        if not 1 <= len(payload["elements"]) <= 10:
            yield "a generic template has one to ten elements"
        for element in payload["elements"]:
            yield from _element(element)
    else:
        yield "unknown template"


def _element(element: dict[str, Any]) -> Iterator[str]:
    yield from _text(element.get("title"), 80, "title of an element")
    if "subtitle" in element:
        yield from _text(element["subtitle"], 80, "subtitle of an element")
    if not set(element) & {"subtitle", "image_url", "buttons"}:
        yield "an element needs more than a title"
    if "default_action" in element:
        if "title" in element["default_action"]:
            yield "default_action takes no title"
        yield from _button(element["default_action"] | {"title": "x"})
    buttons = element.get("buttons", [])
    if "buttons" in element and not 1 <= len(buttons) <= 3:
        yield "an element has one to three buttons"
    yield from (problem for button in buttons for problem in _button(button))


def _button(button: dict[str, Any]) -> Iterator[str]:
    yield from _text(button.get("title"), 20, "title of a button")
    if button["type"] == "web_url":
        if not button["url"].startswith("https://"):
            yield "a page is opened by https"
    elif button["type"] == "phone_number":
        if not re.fullmatch(r"\+[1-9]\d{6,14}", button["payload"]):
            yield "a number to call begins with + and the country code"
    elif button["type"] == "postback":
        yield from _text(button.get("payload"), 1000, "payload of a button")
    else:
        yield "unknown button"


def whatsapp_problems(body: dict[str, Any]) -> list[str]:
    """What is wrong with a message of the Cloud API."""
    return list(_whatsapp(body))


def _whatsapp(body: dict[str, Any]) -> Iterator[str]:
    if body["type"] == "text":
        yield from _text(body["text"].get("body"), 4096, "text")
        return
    if body["type"] != "interactive":
        yield "unknown type"
        return
    interactive = body["interactive"]
    yield from _text(interactive["body"].get("text"), 1024, "text of an interactive message")
    action = interactive["action"]
    if interactive["type"] == "button":
        replies = [button["reply"] for button in action["buttons"]]
        if not 1 <= len(replies) <= 3 or any(button["type"] != "reply" for button in action["buttons"]):
            yield "one to three reply buttons"
        for reply in replies:
            yield from _text(reply.get("title"), 20, "title of a button")
            yield from _text(reply.get("id"), 256, "id of a button")
        if len({reply["id"] for reply in replies}) < len(replies) or len({reply["title"] for reply in replies}) < len(replies):
            yield "buttons repeat themselves"
    elif interactive["type"] == "list":
        yield from _text(action.get("button"), 20, "button of a list")
        rows = [row for section in action["sections"] for row in section["rows"]]
        if not 1 <= len(rows) <= 10:
            yield "a list has one to ten rows"
        if len({row["id"] for row in rows}) < len(rows):
            yield "rows repeat themselves"
        for row in rows:
            yield from _text(row.get("title"), 24, "title of a row")
            yield from _text(row.get("id"), 200, "id of a row")
            if "description" in row:
                yield from _text(row["description"], 72, "description of a row")
    elif interactive["type"] == "cta_url":
        yield from _text(action["parameters"].get("display_text"), 20, "text of the button")
        if action["name"] != "cta_url" or not action["parameters"]["url"].startswith("https://"):
            yield "a page is opened by https"
    else:
        yield "unknown interactive message"
