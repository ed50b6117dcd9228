"""Reading JSON that somebody else wrote: whatever its shape, nothing raises and nothing wrong gets through."""

import datetime as dt
import hashlib
import json
import unicodedata
from collections.abc import Iterator
from typing import Any

from knowledge.moments import utc_now

_LONGEST_ID = 200
_LONGEST_SENDER = 100
# What was sent "later" than this from now has a wrong clock, and is taken for new.
_SKEW = dt.timedelta(minutes=5)


class NotJson(ValueError):
    """A body that is no JSON object."""


def read(body: bytes) -> dict[str, Any]:
    """Return the JSON object in ``body``. Raises NotJson."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotJson from error
    if not isinstance(found, dict):
        raise NotJson
    return found


def obj(found: Any, *names: str) -> dict[str, Any]:
    """Return the object under ``names``, one inside the other; an empty one when there is none."""
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def objects(found: Any, name: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of the list under ``name``."""
    items = found.get(name) if isinstance(found, dict) else None
    yield from (item for item in items if isinstance(item, dict)) if isinstance(items, list) else ()


def text(found: dict[str, Any], name: str) -> str:
    """Return the text under ``name``, empty when there is none; without what no database keeps."""
    value = found.get(name)
    return "".join(c for c in value if c == "\n" or unicodedata.category(c) not in ("Cs", "Cc")) if isinstance(value, str) else ""


def person(found: dict[str, Any], name: str) -> str:
    """Return a person's id under ``name``; empty when it is none."""
    value = text(found, name)
    return value if len(value) <= _LONGEST_SENDER else ""


def key(value: str) -> str:
    """Return a provider's id of a message as it is stored: a digest where it is longer than ours may be."""
    return value if len(value) <= _LONGEST_ID else f"sha256:{hashlib.sha256(value.encode()).hexdigest()}"


def moment(value: Any, units: int) -> dt.datetime:
    """Return the moment of a timestamp in ``units`` a second; now when it is none, or in the future."""
    now = utc_now()
    try:
        found = dt.datetime.fromtimestamp(int(value) / units, dt.timezone.utc)
    except (TypeError, ValueError, OverflowError, OSError):
        return now
    return found if found <= now + _SKEW else now
