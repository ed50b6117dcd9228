"""A person, please: the counter where people help, which is then what is spoken of."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.base import confidence_of, now_about, utter
from actions.going_on import GoesOn
from knowledge.doors import COUNTER

# From this confidence on, « un conseiller » is a person, whatever action has one.
_SURELY_A_PERSON = 0.9


class ActionHandOver(GoesOn):
    action_name = "action_hand_over"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        if confidence_of(tracker) < _SURELY_A_PERSON and self.surely_a_need(tracker):  # « quelqu'un peut venir avec moi chez le médecin ? »
            return self.answer_need(dispatcher, tracker)
        if confidence_of(tracker) < _SURELY_A_PERSON and self.rather_goes_on(tracker):  # « je préfère ne pas donner mon nom »
            return self.go_on(dispatcher, tracker, domain)
        shown = [COUNTER] if self.entry(COUNTER) else []
        utter(dispatcher, "say_human", shown)
        return now_about(tracker, shown)
