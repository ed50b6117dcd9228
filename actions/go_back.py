"""« Celui d'avant »: back to the action spoken of before, or to the one that is named."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.base import now_about, text_of, utter
from actions.need import AnswersNeeds


class ActionGoBack(AnswersNeeds):
    action_name = "action_go_back"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        history = self.ids(tracker, "history")
        current = tracker.get_slot("current_action")
        such = self.such_a_one(tracker, text_of(tracker))  # « celui de la Maison de Bégon »
        again = such.id if such else self.spoken_of_again(tracker)
        named = again if again != current else None
        before = [a for a in history if a != current]
        target = named or (before[-1] if before else current)
        if not named and self.surely_a_need(tracker):  # « retour à l'emploi »
            return self.answer_need(dispatcher, tracker)
        if not target:
            utter(dispatcher, "say_ask_need")
            return []
        utter(dispatcher, "say_answer", [target])
        return now_about(tracker, [target])
