"""The column ``expected``: what a right answer to a message is."""

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from knowledge.directory import Directory

_DOMAIN = Path(__file__).resolve().parent.parent / "domain"
# A call for help of no kind in particular: the domain words it, no help number is of that kind.
_GENERAL = "general"


@dataclass(frozen=True)
class Vocabulary:
    """The names that a file may use: ids of actions, kinds of emergencies, intents."""

    actions: frozenset[str]
    emergencies: frozenset[str]
    intents: frozenset[str]


@dataclass(frozen=True)
class Expected:
    """A right answer. ``ids`` are those of a need, any of which is right; ``name`` is a kind or an intent.

    ``also`` are further kinds of emergency that are as right as ``name``.
    ``near_emergency`` marks a need that sounds like an emergency and is none. ``calm`` is any answer but an emergency's.
    """

    kind: Literal["need", "outside", "calm", "emergency", "intent"]
    ids: tuple[str, ...] = ()
    name: str = ""
    near_emergency: bool = False
    also: tuple[str, ...] = ()

    @property
    def plain_need(self) -> bool:
        """True for a need that nothing makes look like an emergency."""
        return self.kind == "need" and not self.near_emergency

    def __str__(self) -> str:
        return "|".join(self.ids) or (f"{self.kind}:{self.name}" if self.name else self.kind)


def vocabulary_of(directory: Directory) -> Vocabulary:
    """Return the names known to ``directory`` and to the domain."""
    kinds = {kind for number in directory.help_numbers for kind in number.kinds}
    return Vocabulary(frozenset(directory.by_id), frozenset(kinds | {_GENERAL}), frozenset(_intents()))


def read_expected(text: str, known: Vocabulary) -> Expected:
    """Return what ``text`` asks for. Raises ValueError with a reason fit for the file's writer."""
    head, colon, rest = text.strip().partition(":")
    if text.strip() == "outside":
        return Expected("outside")
    if text.strip() == "calm":
        return Expected("calm")
    if not colon:
        return Expected("need", _ids(text, known))
    if head == "need":
        return Expected("need", _ids(rest, known), near_emergency=True)
    if head == "emergency":
        first, *others = (known_name(kind.strip(), known.emergencies, "kind of emergency") for kind in rest.split("|"))
        return Expected("emergency", name=first, also=tuple(others))
    if head == "intent":
        return Expected("intent", name=known_name(rest.strip(), known.intents, "intent"))
    raise ValueError(f"« {text} » is none of: ids joined by |, need:<ids>, outside, calm, emergency:<kinds joined by |>, intent:<name>")


def known_name(name: str, known: Collection[str], what: str) -> str:
    """Return ``name`` when it is ``known``. Raises ValueError naming the nearest one."""
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=1)
    raise ValueError(f"unknown {what} « {name} »" + (f"; did you mean « {near[0]} »?" if near else ""))


def _ids(text: str, known: Vocabulary) -> tuple[str, ...]:
    ids = [part.strip() for part in text.split("|")]
    if not all(ids):
        raise ValueError("expected is empty" if not text.strip() else f"« {text} » has an empty id")
    return tuple(known_name(action_id, known.actions, "action") for action_id in ids)


def _intents() -> Iterable[str]:
    for path in sorted(_DOMAIN.glob("*.yml")):
        for intent in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("intents") or []:
            yield intent if isinstance(intent, str) else next(iter(intent))
