"""From a ranked result to what should be said: answer, ask, admit, or decline."""

from dataclasses import dataclass
from enum import Enum

from knowledge.search.service import Hit, Result

# Probabilities at which each is right more often than not on the tuning set (docs/nlu.md).
ANSWER_AT = 0.45
CLARIFY_AT = 0.50
OUTSIDE_AT = 0.65
LIKELY_AT = 0.15
# From here on a message is outside, whatever a part of it resembles (« code E18, que faire ? ») or names (« le parking de la
# Halle ? »): of the 29 messages of all sets where one of them led to an action, 28 were outside.
SURELY_OUTSIDE = 0.9
# Others shown beside the best: likely enough to be worth a line, never more than two.
BESIDE_AT = 0.02
MOST = 3


class Kind(str, Enum):
    """What the search supports saying."""

    answer = "answer"  # one action is clearly the right one
    clarify = "clarify"  # it is one of the hits: show them and ask
    unclear = "unclear"  # nothing stands out: ask what it is about
    outside = "outside"  # no action covers it


@dataclass(frozen=True)
class Decision:
    kind: Kind
    hits: tuple[Hit, ...]


def decide(result: Result) -> Decision:
    """Return what to say for ``result``; ``hits`` are those to show, best first."""
    if result.outside >= OUTSIDE_AT or not result.hits:
        return Decision(Kind.outside, ())
    hits = tuple(hit for i, hit in enumerate(result.hits[:MOST]) if i == 0 or hit.confidence >= BESIDE_AT)
    if hits[0].confidence >= ANSWER_AT:
        return Decision(Kind.answer, hits)
    if sum(hit.confidence for hit in hits) >= CLARIFY_AT or _of_one_kind(result) >= CLARIFY_AT:
        return Decision(Kind.clarify, hits)
    # Rather a need than not, and nothing stands out: the likeliest doors beside the question.
    return Decision(Kind.clarify if hits[0].confidence >= LIKELY_AT else Kind.unclear, hits)


def _of_one_kind(result: Result) -> float:
    """Probability of the likeliest hits that share a theme with the best: six French courses are one need."""
    themes = set(result.hits[0].entry.action.themes)
    return sum(hit.confidence for hit in result.hits if themes & set(hit.entry.action.themes))
