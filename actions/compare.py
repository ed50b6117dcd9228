"""« C'est quoi la différence ? »: two actions side by side, those named or the first two shown."""

import re
from collections.abc import Sequence

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import now_about, text_of, utter
from actions.need import AnswersNeeds
from knowledge.search import Kind, decide
from nlu.french.ellipsis import subject_words
from nlu.french.reference import compares, refers_to_other
from nlu.french.sms import expand

# Two names share the message, so neither reaches the margin of one named alone.
_NAMED_MARGIN = -0.7
# From this margin on a side names an action, whether it was spoken of or not.
_CLEARLY_NAMED = 0.0
# What stands between the two sides (« entre l'équipe de jour et celle de nuit »).
_BETWEEN = re.compile(r"\b(?:et|ou|vs|versus|contre|par rapport a|plutot que)\b")
# … or what the current action is set against.
_AGAINST = re.compile(r"\b(?:avec|par rapport a|(?<!^)et) (.+)")


class ActionCompare(AnswersNeeds):
    action_name = "action_compare"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        text = text_of(tracker)
        if refers_to_other(text) and not compares(text) and (other := self.other_one(tracker)):  # « et l'autre ? »
            utter(dispatcher, "say_answer", [other.id])
            return now_about(tracker, [other.id])
        if not tracker.get_slot("current_action") and self._is_about_nothing_here(text):
            return self.answer_need(dispatcher, tracker)
        compared = self.named_sides(tracker) or self.ids(tracker, "shown")[:2]
        if len(compared) < 2:
            compared = self.ids(tracker, "history")[::-1][:2]
        if len(compared) < 2:
            compared += self._next_best(tracker, compared)
        if len(compared) < 2:
            utter(dispatcher, "say_nothing_to_compare")
            return []
        utter(dispatcher, "say_compare", compared)
        shown = tracker.get_slot("shown") or []
        if set(compared) <= set(shown):
            return []  # the list stays, and « le deuxième » counts in it
        return [*now_about(tracker, compared), SlotSet("shown", compared)]

    def _is_about_nothing_here(self, text: str) -> bool:
        """True for « la différence entre un sénateur et un député »: sides are named, and none is an action by its name."""
        if not subject_words(text) or decide(self.services.search.find(text)).kind is not Kind.outside:
            return False
        directory, sides = self.services.store.current(), _BETWEEN.split(" ".join(expand(text)))
        return not any(directory.named_in(side) or directory.about(subject_words(side)) for side in sides)

    def _next_best(self, tracker: Tracker, compared: list[str]) -> list[str]:
        """The action that comes next for the same need, when only one was shown."""
        need = tracker.get_slot("need_text")
        hits = self.find(tracker, need).hits if need and compared else ()
        return [hit.entry.id for hit in hits if hit.entry.id not in compared][:1]

    def named_sides(self, tracker: Tracker) -> list[str]:
        """The two actions that the message names; empty when it names fewer."""
        text = text_of(tracker)
        spoken_of = self.ids(tracker, "shown", "history")
        said = [side for side in _BETWEEN.split(" ".join(expand(text))) if subject_words(side)]
        sides = [found for side in said if (found := self._side(side, spoken_of))] if len(said) > 1 else []
        if len(sides) > 1:
            return self._pair(sides[0], sides[1])
        return self._both(text) or self._with_the_current(tracker, text)

    def _with_the_current(self, tracker: Tracker, text: str) -> list[str]:
        """The current action and the one that it is set against (« différence avec les cours de Bégon ? »), if one is named."""
        current, against = self.entry(tracker.get_slot("current_action")), _AGAINST.search(" ".join(expand(text)))
        if current is None or against is None or not subject_words(against[1]):
            return []
        return self._pair([current.id], self._side(against[1], self.ids(tracker, "shown", "history")))

    def _side(self, said: str, spoken_of: Sequence[str]) -> list[str]:
        """The actions that one side may name, likeliest first: by a name, one that was spoken of, or the likeliest of all."""
        theirs = [entry.id for entry in self.services.store.current().named_in(said)]
        if theirs:
            return [hit.entry.id for hit in self.services.search.find(said, among=theirs, limit=len(theirs)).hits]
        if named := self.services.store.current().about(subject_words(said)):
            return [named.id]
        of_all, of_these = (self.services.search.find(said, among=among, limit=1).best for among in (None, spoken_of))
        if of_these and (of_all is None or of_all.margin < _CLEARLY_NAMED) and of_these.margin > _NAMED_MARGIN:
            return [of_these.entry.id]
        return [of_all.entry.id] if of_all and of_all.margin > _NAMED_MARGIN else []

    def _pair(self, first: list[str], second: list[str]) -> list[str]:
        """The likeliest pair, of one theme where there is one: « les cours d'Alire et ceux de Bégon »."""
        themes = {a: set(entry.action.themes) for a in [*first, *second] if (entry := self.entry(a))}
        pairs = [(i + j, a, b) for i, a in enumerate(first) for j, b in enumerate(second) if a != b]
        best = min(pairs, key=lambda pair: (not themes[pair[1]] & themes[pair[2]], pair[0]), default=None)
        return list(best[1:]) if best else []

    def _both(self, text: str) -> list[str]:
        """The two likeliest actions of the whole; empty when it names fewer."""
        hits = self.services.search.find(" ".join(subject_words(text)), limit=2).hits
        found = [hit.entry.id for hit in hits if hit.margin > _NAMED_MARGIN]
        return found if len(found) == 2 else []
