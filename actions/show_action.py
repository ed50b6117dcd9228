"""A tapped proposal, or « le deuxième »: show that action whole."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import confidence_of, entity, intent_chances, now_about, remember_words, said_of, text_of, utter
from actions.compare import ActionCompare
from actions.going_on import GoesOn
from actions.need import misunderstand
from actions.orient import ActionOrient
from nlu.french.reference import read_nth

# From this confidence of the intent on something is counted, and not merely called by a number (« le numéro, s'il vous plaît »).
_COUNTS = 0.8


class ActionShowAction(GoesOn):
    action_name = "action_show_action"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        answered = ActionOrient(self._services).typed_answer(dispatcher, tracker)
        if answered is not None:
            return answered
        shown = tracker.get_slot("shown") or []
        chosen = self.entry(entity(tracker, "action_id"))
        if chosen is None:
            nth = read_nth(text_of(tracker), len(shown))
            chosen = self.entry(shown[nth]) if nth is not None else None
        if chosen is None:
            return self._count_none(dispatcher, tracker, domain, shown)
        utter(dispatcher, "say_answer", [chosen.id])
        # The list stays, so that « et le troisième ? » still counts in it.
        kept = shown if chosen.id in shown else [chosen.id]
        need = said_of(tracker).get(chosen.id) or (tracker.get_slot("need_text") if chosen.id in shown else None)
        words_of = [remember_words(tracker, {chosen.id: need})] if need else []
        return [*now_about(tracker, [chosen.id]), SlotSet("shown", kept), *words_of]

    def _count_none(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict, shown: list[str]) -> list[EventType]:
        """Answer what was taken for a choice and names none of those shown."""
        if "compare" in list(intent_chances(tracker))[:2] and shown:  # « différence option 1 / option 2 »
            return ActionCompare(self._services).run(dispatcher, tracker, domain)
        if self.surely_a_need(tracker):  # « cours de français, 3 niveaux »
            return self.answer_need(dispatcher, tracker)
        if not shown:
            return misunderstand(dispatcher, tracker)
        counts = confidence_of(tracker) >= _COUNTS
        if not counts and (asked := self.asked(tracker)):
            return asked.run(dispatcher, tracker, domain)
        if not counts and len(shown) == 1:  # one of one is not counted
            return self.answer_need(dispatcher, tracker)
        utter(dispatcher, "say_which_one", shown)
        return []
