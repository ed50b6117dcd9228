"""Is a message about the action that is spoken of, whatever its words resemble?

« combien argent billet », said of a concert, is a question about the concert, and to the search alone it is outside.
Fourteen signs and how the message is said are weighed by a logistic regression; ``python -m tests.bench.staying`` fits it on
the tuning conversations, writes ``staying.json`` and says what it is worth (docs/nlu.md).
"""

import json
import math
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path

from knowledge.directory import Directory
from knowledge.search import Search
from nlu.french.ellipsis import form, subject_words
from nlu.french.reference import begins_anew, refers_back

WEIGHTS = Path(__file__).with_name("staying.json")
SIGNS = (
    "asks a fact", "states a need", "is outside",  # probabilities of the intents
    "another is likelier", "another is likely", "the outside is likely", "like the current", "like another",  # what the search says
    "surely outside", "surely a need",  # where the intents and the search agree
    "words of a subject", "begins anew", "refers back", "names an organisation",  # how it is said
)  # fmt: skip
# While an action is spoken of, the outside is so much rarer (looked at on the tuning conversations).
OUTSIDE_UNDER_WAY = 0.3
_MOST_WORDS = 8


def signs(text: str, intents: Mapping[str, float], current: str, search: Search, directory: Directory) -> tuple[float, ...]:
    """Return the value of each of ``SIGNS`` for a message (``intents``: probability by name) while ``current`` (an id) is spoken of."""
    found = search.find(text, limit=1, outside_odds=OUTSIDE_UNDER_WAY)
    best, named = found.best, subject_words(text)
    own = search.find(text, limit=1, among=[current]).best
    asks = sum(chance for name, chance in intents.items() if name.startswith("ask_") or name == "tell_more")
    return (
        asks - intents.get("ask_human", 0.0) - intents.get("ask_language", 0.0),
        intents.get("need", 0.0),
        intents.get("out_of_scope", 0.0),
        best.margin - own.margin if best and own else 0.0,
        best.confidence if best else 0.0,
        found.outside_margin if named else 0.0,  # small words alone are like nothing here
        search.likeness(text, current),
        search.likeness(text, best.entry.id) if best else 0.0,
        min(intents.get("out_of_scope", 0.0), found.outside),
        min(intents.get("need", 0.0), best.confidence if best else 0.0),
        float(min(len(named), _MOST_WORDS)),
        float(begins_anew(text)),
        float(refers_back(text)),
        float(bool(directory.named_in(text))),
    )


def turns_of_phrase(text: str) -> frozenset[str]:
    """Return the words and pairs of words of how ``text`` is said (« on X », « X aussi »), its beginning among them."""
    said = ["^", *form(text)]
    return frozenset([*said[1:], *map(" ".join, pairwise(said))])


def chance(text: str, values: tuple[float, ...]) -> float:
    """Probability (0 to 1) that ``text``, with these signs, is about the action that is spoken of."""
    bias, weights, phrases = _fitted()
    said = turns_of_phrase(text)
    phrased = sum(phrases.get(phrase, 0.0) for phrase in said) / math.sqrt(len(said))
    return 1.0 / (1.0 + math.exp(-bias - phrased - sum(weight * value for weight, value in zip(weights, values, strict=True))))


@cache
def _fitted() -> tuple[float, tuple[float, ...], dict[str, float]]:
    kept = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return kept["bias"], tuple(kept["weights"].get(sign, 0.0) for sign in SIGNS), kept["phrases"]  # one not fitted yet weighs nothing
