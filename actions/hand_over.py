"""A person, please: the counter where people help, which is then what is spoken of."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.base import DirectoryAction, now_about, utter

_COUNTER = "pimms"


class ActionHandOver(DirectoryAction):
    action_name = "action_hand_over"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        shown = [_COUNTER] if self.entry(_COUNTER) else []
        utter(dispatcher, "say_human", shown)
        return now_about(tracker, shown)
