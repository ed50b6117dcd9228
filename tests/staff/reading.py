"""A page as a tree, and its forms as a browser would send them: enough to test pages without a browser."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

VOID = {"input", "meta", "link", "br", "img", "hr"}
Values = dict[str, list[str]]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tree = ET.TreeBuilder()
        self.open = ["page"]
        self.tree.start("page", {})

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tree.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.tree.end(tag)
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"
        self.tree.end(tag)

    def handle_data(self, data: str) -> None:
        self.tree.data(data)


def tree(page: str) -> ET.Element:
    """The page's elements; every tag must be closed where it was opened."""
    builder = _Builder()
    builder.feed(page)
    assert builder.open == ["page"], builder.open
    builder.tree.end("page")
    return builder.tree.close()


def text(element: ET.Element | None) -> str:
    """What is read in an element, on one line."""
    assert element is not None
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def with_attribute(root: ET.Element, name: str, value: str | None = None) -> list[ET.Element]:
    """The elements that have an attribute (with this value)."""
    return [e for e in root.iter() if name in e.attrib and value in (None, e.get(name))]


def values(form: ET.Element) -> Values:
    """What a browser sends of a form, buttons and the form token aside."""
    found: Values = {}
    for field in form.iter():
        name = field.get("name")
        if not name or name == "csrf_token" or field.tag == "button":
            continue
        if field.get("type") in ("checkbox", "radio") and "checked" not in field.attrib:
            continue
        if field.tag == "select":
            options = list(field.iter("option"))
            value = next((o for o in options if "selected" in o.attrib), options[0]).get("value", "")
        elif field.tag == "textarea":
            value = "".join(field.itertext()).removeprefix("\n")
        else:
            value = field.get("value", "")
        found.setdefault(name, []).append(value)
    return found
