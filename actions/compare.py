"""« C'est quoi la différence ? »: two actions side by side, those named or the first two shown."""

import re
from collections.abc import Sequence

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import DirectoryAction, now_about, text_of, utter
from nlu.french.ellipsis import subject_words
from nlu.french.sms import expand

# Two names share the message, so neither reaches the margin of one named alone.
_NAMED_MARGIN = -0.7
# From this margin on a side names an action, whether it was spoken of or not.
_CLEARLY_NAMED = 0.0
# What stands between the two sides (« entre l'équipe de jour et celle de nuit »).
_BETWEEN = re.compile(r"\b(?:et|ou|vs|versus|contre|par rapport a|plutot que)\b")


class ActionCompare(DirectoryAction):
    action_name = "action_compare"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
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

    def _next_best(self, tracker: Tracker, compared: list[str]) -> list[str]:
        """The action that comes next for the same need, when only one was shown."""
        need = tracker.get_slot("need_text")
        hits = self.find(tracker, need).hits if need and compared else ()
        return [hit.entry.id for hit in hits if hit.entry.id not in compared][:1]

    def named_sides(self, tracker: Tracker) -> list[str]:
        """The two actions that the message names; empty when it names fewer."""
        text = text_of(tracker)
        spoken_of = self.ids(tracker, "shown", "history")
        sides = [side for side in _BETWEEN.split(" ".join(expand(text))) if subject_words(side)]
        each = list(dict.fromkeys(found for side in sides if (found := self._side(side, spoken_of)))) if len(sides) > 1 else []
        return each[:2] if len(each) > 1 else self._both(text)

    def _side(self, said: str, spoken_of: Sequence[str]) -> str | None:
        """The action that one side names: by its name, one that was spoken of, or the likeliest of all."""
        named = self.services.store.current().about(subject_words(said))
        if named:
            return named.id
        of_all, of_these = (self.services.search.find(said, among=among, limit=1).best for among in (None, spoken_of))
        if of_these and (of_all is None or of_all.margin < _CLEARLY_NAMED) and of_these.margin > _NAMED_MARGIN:
            return of_these.entry.id
        return of_all.entry.id if of_all and of_all.margin > _NAMED_MARGIN else None

    def _both(self, text: str) -> list[str]:
        """The two likeliest actions of the whole; empty when it names fewer."""
        hits = self.services.search.find(" ".join(subject_words(text)), limit=2).hits
        found = [hit.entry.id for hit in hits if hit.margin > _NAMED_MARGIN]
        return found if len(found) == 2 else []
