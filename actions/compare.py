"""« C'est quoi la différence ? »: two actions side by side, those named or the first two shown."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import DirectoryAction, now_about, text_of, utter
from nlu.french.ellipsis import subject_words

# Two names share the message, so neither reaches the margin of one named alone.
_NAMED_MARGIN = -0.7


class ActionCompare(DirectoryAction):
    action_name = "action_compare"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        compared = self._named(text_of(tracker)) or [a for a in tracker.get_slot("shown") or [] if self.entry(a)][:2]
        if len(compared) < 2:
            compared = [a for a in reversed(tracker.get_slot("history") or []) if self.entry(a)][:2]
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

    def _named(self, text: str) -> list[str]:
        """The two actions that the message names, best first; empty when it names fewer."""
        hits = self.services.search.find(" ".join(subject_words(text)), limit=2).hits
        found = [hit.entry.id for hit in hits if hit.margin > _NAMED_MARGIN]
        return found if len(found) == 2 else []
