"""« Ça ne va pas », said of an answer; right after an emergency it is about the emergency."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.alarm import help_again
from actions.base import DirectoryAction, utter


class ActionRegret(DirectoryAction):
    action_name = "action_regret"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        if not help_again(dispatcher, tracker):
            utter(dispatcher, "say_regret")
        return []
