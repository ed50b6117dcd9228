"""What Messenger and WhatsApp show beside the bot's own answers: ``web/meta.yml``."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from api.channels.meta.fit import shorten, size

_FILE = Path(__file__).parents[2] / "web/meta.yml"


@cache
def words() -> dict[str, Any]:
    """All of it, by name."""
    return yaml.safe_load(_FILE.read_text(encoding="utf-8"))


def label(name: str, **values: str) -> str:
    """Return the label of a button. Raises KeyError for an unknown name."""
    return str(words()["labels"][name]).format(**values)


def short_title(whole: str, most: int) -> str:
    """Return the title of a choice in at most ``most``: its short wording, where there is one, is better than a cut one."""
    return whole if size(whole) <= most else shorten(words()["short"].get(whole, whole), most)
