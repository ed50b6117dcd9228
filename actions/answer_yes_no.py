"""A bare yes or no: it answers what was just shown."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.base import now_about, utter
from actions.need import AnswersNeeds
from actions.propose_other import ActionProposeOther


class ActionAffirm(AnswersNeeds):
    action_name = "action_affirm"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        if self.surely_a_need(tracker):  # « oui, je veux aussi passer le permis »
            return self.answer_need(dispatcher, tracker)
        current = self.entry(tracker.get_slot("current_action"))
        if current is None:
            utter(dispatcher, "say_ask_need")
            return []
        utter(dispatcher, "say_more", [current.id])
        return now_about(tracker, [current.id])


class ActionDeny(AnswersNeeds):
    action_name = "action_deny"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        if self.surely_a_need(tracker):  # « non, je cherche un médecin »
            return self.answer_need(dispatcher, tracker)
        return ActionProposeOther(self._services).run(dispatcher, tracker, domain)
