"""The scripts of the chat page and of the widget: a few files of one source, put together without a build step.

Each file is plain JavaScript of one concern; a bundle is those that one page needs, in one function,
so that nothing of them is seen from outside.
"""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_HERE = Path(__file__).parent
_SHARED = ("cards.js", "speech.js", "talk.js", "conversation.js")
_FILES = {"chat.js": (*_SHARED, "page.js"), "widget.js": (*_SHARED, "widget.js")}


@dataclass(frozen=True)
class Bundle:
    """A script as it is served; ``digest`` changes with it."""

    text: bytes
    compressed: bytes
    digest: str


@cache
def bundle(name: str) -> Bundle:
    """Return ``chat.js`` or ``widget.js``. Raises KeyError for any other."""
    parts = [(_HERE / file).read_text(encoding="utf-8") for file in _FILES[name]]
    head = _constants() if name == "widget.js" else ""
    text = ('(() => {\n"use strict";\n' + head + "\n".join(parts) + "})();\n").encode()
    return Bundle(text, gzip.compress(text, 9, mtime=0), hashlib.sha256(text).hexdigest()[:16])


def _constants() -> str:
    """What the widget says and looks like, as constants: a page that refuses inline styles takes a sheet made by script."""
    said = yaml.safe_load((_HERE.parent / "widget.yml").read_text(encoding="utf-8"))
    style = (_HERE.parent / "static" / "style.css").read_text(encoding="utf-8") + (_HERE / "widget.css").read_text(encoding="utf-8")
    return f"const SAID = {json.dumps(said, ensure_ascii=False)};\nconst STYLE = {json.dumps(_shadowed(style), ensure_ascii=False)};\n"


def _shadowed(style: str) -> str:
    """The pages' style for a shadow root: its root is the host element; comments and indentation stay here."""
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.S)
    return re.sub(r"\s+", " ", style.replace(":root", ":host"))
