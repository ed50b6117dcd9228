"""Texts made to fit the platforms' limits. Nothing of an answer is lost: long ones are split, only labels are shortened."""

import re

_ELLIPSIS = "…"
# Where a text may be split, best first: between lines, between sentences, between words.
_BREAKS = (re.compile(r"\n+"), re.compile(r"(?<=[.!?…;])\s+"), re.compile(r"\s+"))


def size(text: str) -> int:
    """How long the platforms take a text to be: in UTF-16 units, the strictest way to count characters."""
    return len(text) + sum(character > "\uffff" for character in text)


def split(text: str, most: int) -> list[str]:
    """Return ``text`` in parts of at most ``most``, broken where it hurts least."""
    parts, rest = [], text.strip()
    while size(rest) > most:
        end, start = _break(rest, most)
        parts.append(rest[:end].rstrip())
        rest = rest[start:].lstrip()
    return [part for part in (*parts, rest) if part]


def shorten(text: str, most: int) -> str:
    """Return ``text`` in at most ``most``: whole words and an ellipsis where it does not fit."""
    text = text.strip()
    if size(text) <= most:
        return text
    end, _ = _break(text, most - len(_ELLIPSIS), breaks=_BREAKS[2:])
    return text[:end].rstrip(" ,.;:('’-") + _ELLIPSIS


def _break(text: str, most: int, breaks: tuple[re.Pattern[str], ...] = _BREAKS) -> tuple[int, int]:
    """Return where the part ends and where the rest starts."""
    longest = _longest(text, most)
    for pattern in breaks:
        found = [match for match in pattern.finditer(text, 0, longest + 1) if 0 < match.start() <= longest]
        # Half of the room unused is worse than a break of the next kind.
        if found and found[-1].start() * 2 >= longest:
            return found[-1].start(), found[-1].end()
    return longest, longest


def _longest(text: str, most: int) -> int:
    """How many characters of ``text`` fit into ``most`` UTF-16 units, at least one."""
    used = 0
    for at, character in enumerate(text):
        used += size(character)
        if used > most:
            return max(at, 1)
    return len(text)
