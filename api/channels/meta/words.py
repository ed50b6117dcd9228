"""What Messenger and WhatsApp show beside the bot's own answers: ``web/meta.yml``."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).parents[2] / "web/meta.yml"


@cache
def words() -> dict[str, Any]:
    """All of it, by name."""
    return yaml.safe_load(_FILE.read_text(encoding="utf-8"))


def label(name: str, **values: str) -> str:
    """Return the label of a button. Raises KeyError for an unknown name."""
    return str(words()["labels"][name]).format(**values)
