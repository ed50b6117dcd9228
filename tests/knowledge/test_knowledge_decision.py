"""From a search's result to what is said."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from knowledge.schema import OutsideTopic
from knowledge.search import Hit, Kind, Result, Search, decide
from nlu.french.person import Person

Edit = Callable[[str, str], str]
ALL = 1000  # as a limit: every action


def ids(result: Result) -> list[str]:
    return [hit.entry.id for hit in result.hits]


def best(search: Search, text: str, **more: object) -> str:
    return ids(search.find(text, **more))[0]


def result_of(*confidences: float, outside: float = 0.0, themes: str = "abcdef") -> Result:
    """``themes``: one letter a hit."""
    entries = (SimpleNamespace(action=SimpleNamespace(themes=[theme])) for theme in themes)
    hits = tuple(Hit(entry=entry, confidence=confidence, margin=0.0) for entry, confidence in zip(entries, confidences, strict=False))
    topic = OutsideTopic(id="t", title=None, door="none", questions=["q"])
    return Result(hits, outside, topic, Person())


@pytest.mark.parametrize(
    ("result", "kind", "shown"),
    [
        (result_of(0.9), Kind.answer, 1),
        (result_of(0.6, 0.3, 0.05, 0.05), Kind.answer, 3),
        (result_of(0.97, 0.01, 0.01), Kind.answer, 1),
        (result_of(0.4, 0.3, 0.1), Kind.clarify, 3),
        (result_of(0.1, 0.1, 0.1, outside=0.3), Kind.unclear, 3),
        (result_of(0.2, 0.1, 0.1, outside=0.6), Kind.clarify, 3),
        (result_of(0.12, 0.12, 0.1, 0.1, 0.1, outside=0.3), Kind.unclear, 3),
        (result_of(0.15, 0.15, 0.1, 0.1, 0.1, outside=0.3, themes="aaaaa"), Kind.clarify, 3),
        (result_of(0.01), Kind.unclear, 1),
        (result_of(0.3, 0.05, outside=0.65), Kind.outside, 0),
        (result_of(outside=0.0), Kind.outside, 0),
    ],
    ids=[
        "sure",
        "sure, others beside",
        "sure, alone",
        "between two",
        "nothing stands out",
        "rather inside",
        "five kinds",
        "five of one kind",
        "hardly anything",
        "outside",
        "no hit",
    ],
)
def test_what_a_result_supports_saying(result: Result, kind: Kind, shown: int) -> None:
    decision = decide(result)
    assert (decision.kind, len(decision.hits)) == (kind, shown)
