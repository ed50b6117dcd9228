"""The guided orientation: short questions with buttons, for who cannot name a need."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.base import entity, text_of, utter
from actions.guidance import ask, typed_choice
from actions.need import AnswersNeeds, about_a_need
from knowledge.schema import Choice


class ActionOrient(AnswersNeeds):
    """« Je ne sais pas », or a tapped answer to a question of the orientation."""

    action_name = "action_orient"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        if self.surely_a_need(tracker):  # « j'ai une idée d'entreprise, je sais pas par où commencer »
            return self.answer_need(dispatcher, tracker)
        questions = self.services.store.current().questions
        tapped, _, number = (entity(tracker, "choice") or "").partition(":")
        asked = questions.get(tapped or tracker.get_slot("orientation") or "")
        if asked is None:
            if not questions:
                utter(dispatcher, "say_ask_need")
                return []
            return ask(dispatcher, next(iter(questions.values())), "say_orient_first")
        if number.isdigit() and int(number) < len(asked.choices):
            return self.choose(dispatcher, tracker, asked.choices[int(number)])
        return self._lead_to(dispatcher, tracker, asked.ask, asked.unsure)

    def typed_answer(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType] | None:
        """The turn, when the message answers in its own words the question that was just asked; else None."""
        asked = self.services.store.current().questions.get(tracker.get_slot("orientation") or "")
        choice = typed_choice(asked, text_of(tracker), alone=not tracker.get_slot("shown")) if asked else None
        return self.choose(dispatcher, tracker, choice) if choice else None

    def choose(self, dispatcher: CollectingDispatcher, tracker: Tracker, choice: Choice) -> list[EventType]:
        """Go on from one answer: to the next question, or to its doors."""
        following = self.services.store.current().questions.get(choice.next or "")
        if following:
            return ask(dispatcher, following)
        return self._lead_to(dispatcher, tracker, choice.say, choice.actions)

    def _lead_to(self, dispatcher: CollectingDispatcher, tracker: Tracker, said: str, actions: list[str]) -> list[EventType]:
        shown = [action_id for action_id in actions if self.entry(action_id)]
        utter(dispatcher, "say_answer" if shown else "say_no_other", shown)
        return about_a_need(tracker, shown, said)
