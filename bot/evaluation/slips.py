"""Slips of fingers on a phone: one or two in a message, the same ones at every run."""

import random
import unicodedata
from collections.abc import Sequence

from bot.engine import DialogueEngine
from bot.evaluation.probe import Seen, ask
from bot.evaluation.report import Section, Table
from bot.evaluation.shares import Share, share

_SEED = 41
_VOICE = "resident"
_ROWS = ("azertyuiop", "qsdfghjklm", "wxcvbn")
KINDS = ("swap", "drop", "double", "neighbour", "accent")


def _neighbours() -> dict[str, str]:
    """The keys that touch each letter's key on a French keyboard (AZERTY), its own row and the next."""
    at = {letter: (x + 0.25 * y, y) for y, row in enumerate(_ROWS) for x, letter in enumerate(row)}
    return {a: "".join(b for b in at if b != a and abs(at[a][0] - at[b][0]) <= 1 and abs(at[a][1] - at[b][1]) <= 1) for a in at}


_NEIGHBOURS = _neighbours()


def with_slips(text: str, seed: int = _SEED) -> str:
    """Return ``text`` with one or two slips; unchanged only when it holds no letter to slip on."""
    chance = random.Random(f"{seed}-{text}")  # noqa: S311  # typing slips, no secrets
    slipped = text
    for _ in range(chance.choice((1, 2))):
        slipped = _slip(slipped, text, chance)
    return slipped


def _slip(text: str, meant: str, chance: random.Random) -> str:
    """Return ``text`` with one more slip, which does not undo the one before (give back what was ``meant``)."""
    letters = [i for i, c in enumerate(text) if c.isalpha()]
    # A kind that the letter does not allow (no accent to lose…) gives way to another letter and kind.
    for _ in range(50 if letters else 0):
        changed = slip_at(text, chance.choice(letters), chance.choice(KINDS), chance)
        if changed not in (text, meant) and changed.strip():
            return changed
    return text


def slip_at(text: str, i: int, kind: str, chance: random.Random) -> str:
    """Return ``text`` with a slip of ``kind`` at letter ``i``, or unchanged where there can be none."""
    before, letter, after = text[:i], text[i], text[i + 1 :]
    if kind == "swap":
        return before + after[0] + letter + after[1:] if after[:1].isalpha() else text
    if kind == "drop":
        return before + after
    if kind == "double":
        return before + 2 * letter + after
    bare = _bare(letter)
    if kind == "accent":
        return before + bare + after
    near = _NEIGHBOURS.get(bare.lower())
    struck = chance.choice(near) if near else letter
    return before + (struck.upper() if letter.isupper() else struck) + after


def _bare(letter: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", letter) if not unicodedata.combining(c))


async def section(engine: DialogueEngine, seen: Sequence[Seen]) -> Section:
    """Send the residents' needs again, with slips, and measure what is lost."""
    clean = [s for s in seen if s.sample.expected.plain_need and s.sample.voice == _VOICE]
    if not clean:
        return Section()
    slipped = [(s, (await ask(engine, with_slips(s.sample.message)))[0]) for s in clean]
    rows, figures = [], {}
    for name, ranks in (("right first", 1), ("within three", 3)):
        before = share(s.right_within(ranks) for s in clean)
        after = share(bool(set(reply.actions[:ranks]) & set(s.sample.expected.ids)) for s, reply in slipped)
        rows.append((name, str(before.n), str(before), str(after), _points(before, after)))
        figures[f"slips.{'first' if ranks == 1 else 'three'}.loss"] = before.value - after.value
    note = f"Needs of the voice « {_VOICE} », one or two slips each: swap, drop, double, neighbour on AZERTY, lost accent (seed {_SEED})."
    table = Table("Typing slips", ("figure", "messages", "as written", "with slips", "loss in points"), tuple(rows), note)
    return Section((table,), figures)


def _points(before: Share, after: Share) -> str:
    return f"{100 * (before.value - after.value):.1f}"
