"""« Celui d'avant »: back to the action spoken of before, or to the one that is named."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.base import now_about, text_of, utter
from actions.need import AnswersNeeds

# Among the few that were spoken of, little likeness is enough to tell which one is meant.
_NAMED_MARGIN = -0.6


class ActionGoBack(AnswersNeeds):
    action_name = "action_go_back"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        history = [a for a in tracker.get_slot("history") or [] if self.entry(a)]
        current = tracker.get_slot("current_action")
        hits = self.services.search.find(text_of(tracker), among=history, limit=1).hits
        named = hits[0].entry.id if hits and hits[0].margin > _NAMED_MARGIN and hits[0].entry.id != current else None
        before = [a for a in history if a != current]
        target = named or (before[-1] if before else current)
        if not named and self.surely_a_need(tracker):  # « retour à l'emploi »
            return self.answer_need(dispatcher, tracker)
        if not target:
            utter(dispatcher, "say_ask_need")
            return []
        utter(dispatcher, "say_answer", [target])
        return now_about(tracker, [target])
