"""« J'ai une autre question », « ma femme a besoin de quelque chose aussi »: a need is announced, and not said yet."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.base import utter
from actions.need import AnswersNeeds


class ActionAskNeed(AnswersNeeds):
    action_name = "action_ask_need"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        if self.surely_a_need(tracker):  # « une autre question : pour un médecin ? »
            return self.answer_need(dispatcher, tracker)
        utter(dispatcher, "say_ask_need")
        return []
