"""The needs in one message: usually one, sometimes two, sometimes hidden in its last part."""

from knowledge.search.decision import SURELY_OUTSIDE, Kind, decide
from knowledge.search.service import Result, Search
from nlu.french.clauses import adds, announces_two, clauses
from nlu.french.person import Person

# A part of a sentence stands for the whole when it is hardly outside, and beside another part only
# when its action is beyond doubt.
_INSIDE, _BEYOND_DOUBT = 0.15, 0.9
# Two needs share the probability: a whole that is surer than this of one action is one need, the surer where small words may add another.
_ONE_NEED, _ONE_NEED_ADDED = 0.9, 0.995
_MOST = 3


def find_needs(search: Search, text: str, person: Person, outside_odds: float = 1.0) -> list[Result]:
    """Return one result for each need that ``text`` states, at least one; ``outside_odds`` as in ``Search.find``.

    Two needs are told apart when two parts of the message clearly lead to doors of different kinds
    (« un cours de français et un médecin »), or likely to two doors where two needs are announced
    (« deux choses : »). When the whole leads nowhere, but not surely, a part that does counts.
    """
    whole = search.find(text, person=person, outside_odds=outside_odds)
    announced, added = announces_two(text), adds(text)
    one = not announced and whole.is_sure(_ONE_NEED_ADDED if added else _ONE_NEED)
    if one or (whole.outside >= SURELY_OUTSIDE and not announced):
        return [whole]
    found: dict[str, Result] = {}
    for part in clauses(text):
        result = search.find(part, person=whole.person, outside_odds=outside_odds)
        if result.best and decide(result).kind in (Kind.answer, Kind.clarify):
            found.setdefault(result.best.entry.id, result)
    clear = list(found.values())[:_MOST]
    inside = [result for result in clear if result.outside <= _INSIDE]
    if decide(whole).kind in (Kind.answer, Kind.clarify):
        doors = inside if announced else [result for result in clear if _is_a_door(result)]
        return doors if len(doors) > 1 and (announced or added or _of_different_kinds(doors)) else [whole]
    if announced and inside:  # « deux choses : la météo, et du sport »
        return inside
    return [min(inside, key=lambda result: result.outside)] if inside else [whole]


def _is_a_door(result: Result) -> bool:
    """True for an action, or the doors of a broad need, found beyond doubt.

    A word of the FAQ (« contrat », « conseil ») is no second need.
    """
    clear = result.is_sure(_BEYOND_DOUBT) or (result.broad is not None and result.outside <= _INSIDE)
    return result.best is not None and clear and result.best.entry.action.kind == "action"


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
