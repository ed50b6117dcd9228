"""The needs in one message: usually one, sometimes two, sometimes hidden in its last part."""

from knowledge.search.decision import Kind, decide
from knowledge.search.service import Result, Search
from nlu.french.clauses import clauses
from nlu.french.person import Person

# A part of a sentence stands alone only when it says clearly what it wants.
_CLEAR = 0.75
_MOST = 3


def find_needs(search: Search, text: str, person: Person) -> list[Result]:
    """Return one result for each need that ``text`` states, at least one.

    Two needs are told apart when two parts of the message clearly lead to doors of different kinds
    (« un cours de français et un médecin »). When the whole leads nowhere, a part that does counts.
    """
    whole = search.find(text, person=person)
    found: dict[str, Result] = {}
    for part in clauses(text):
        result = search.find(part, person=whole.person)
        if result.best and result.best.confidence >= _CLEAR:
            found.setdefault(result.best.entry.id, result)
    clear = list(found.values())[:_MOST]
    if decide(whole).kind in (Kind.answer, Kind.clarify):
        return clear if len(clear) > 1 and _of_different_kinds(clear) else [whole]
    return clear or [whole]


def _of_different_kinds(results: list[Result]) -> bool:
    """True when no theme is shared: « du sport, de la gym » is one need."""
    themes: set[str] = set()
    for result in results:
        assert result.best is not None
        own = set(result.best.entry.action.themes)
        if themes & own:
            return False
        themes |= own
    return True
