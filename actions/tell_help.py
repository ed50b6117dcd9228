"""« Comment ça marche ? », « aidez-moi »: what the assistant can do, unless a need was said in these words."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.base import utter
from actions.need import AnswersNeeds


class ActionTellHelp(AnswersNeeds):
    action_name = "action_tell_help"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        if self.surely_a_need(tracker):
            return self.answer_need(dispatcher, tracker)
        utter(dispatcher, "say_help")
        return []
