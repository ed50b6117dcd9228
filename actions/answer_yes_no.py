"""A bare yes or no: it answers what was just shown."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.base import now_about, text_of, utter
from actions.need import AnswersNeeds
from actions.propose_other import ActionProposeOther
from actions.refine import ActionRefine
from knowledge.search import Kind, decide
from nlu.french.clauses import refuses, wanted
from nlu.french.ellipsis import subject_words
from nlu.french.person import Person, read_person


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
        if self.surely_a_need(tracker) or self._corrects(tracker):  # « non, je cherche un médecin »
            return self.answer_need(dispatcher, tracker)
        if read_person(text_of(tracker)) != Person():  # « non, c'est pour mon frère »
            return ActionRefine(self._services).run(dispatcher, tracker, domain)
        return ActionProposeOther(self._services).run(dispatcher, tracker, domain)

    def _corrects(self, tracker: Tracker) -> bool:
        """True for a refusal that says what is meant instead (« nan en vrai je veux monter mon food truck », « non, le sport »)."""
        text = text_of(tracker)
        if not subject_words(text) or refuses(text):
            return False
        return decide(self.find(tracker, wanted(text))).kind is Kind.answer
