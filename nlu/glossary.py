"""What a message in another language is about, in French words.

No translation model can be had here, and none is needed to find a door: a few stems a language, for
the things that people come for (``glossary.csv``), give the search French words to look for.
"""

import csv
import functools
from dataclasses import dataclass
from pathlib import Path

from nlu.french.text import words

_FILE = Path(__file__).with_suffix(".csv")
# Ends a stem of which only the whole word counts.
_WHOLE = "."
_SHORTEST, _LONGEST = 2, 12
_PREFIXES = ("وال", "بال", "ال", "لل", "و", "ب", "ل")
# Arabic in Latin letters shares the code of Arabic.
_ALSO = {"ar": ("arz",)}


@dataclass(frozen=True)
class Gloss:
    """French words for what was understood, in the message's order; ``urgent`` when one speaks of danger."""

    concepts: tuple[str, ...]
    urgent: bool

    @property
    def french(self) -> str:
        return " ".join(self.concepts)


def gloss(text: str, language: str) -> Gloss:
    """Return what ``text`` is about by the stems of ``language`` (ISO 639-1); empty for what has none."""
    found: dict[str, bool] = {}
    for word in words(text):
        for code in (language, *_ALSO.get(language, ())):
            concept = _concept(word, code)
            if concept:
                found[concept[0]] = concept[1]
    return Gloss(tuple(found), any(found.values()))


def _concept(word: str, language: str) -> tuple[str, bool] | None:
    """The concept of the longest stem that ``word`` begins with, in Arabic after its article or particle."""
    stems = _stems().get(language, {})
    for spelt in (word, *(word[len(prefix) :] for prefix in _PREFIXES if word.startswith(prefix))):
        found = stems.get(spelt + _WHOLE)
        found = found or next((stems[spelt[:n]] for n in range(min(_LONGEST, len(spelt)), _SHORTEST - 1, -1) if spelt[:n] in stems), None)
        if found:
            return found
    return None


@functools.cache
def _stems() -> dict[str, dict[str, tuple[str, bool]]]:
    """By language: a stem, folded as messages are (« doktör » is « doktor »), to its concept and its urgency."""
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    with _FILE.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            concept = row.pop("french"), row.pop("urgent") == "1"
            for language, stems in row.items():
                for stem in stems.split():
                    folded = "".join(words(stem.rstrip(_WHOLE))) + (_WHOLE if stem.endswith(_WHOLE) else "")
                    found.setdefault(language, {}).setdefault(folded, concept)
    return found
