"""An emergency: the right number, first, whatever was spoken of before."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.alarm import kind_before, say_help
from actions.base import confidence_of, entity, text_of, utter
from actions.need import AnswersNeeds
from nlu.french.distress import read_distress
from nlu.french.ellipsis import subject_words

# Below this confidence of the detector a number is said beside the answer, not instead of it.
_SURE_ALARM = 0.85
_KIND = "emergency_kind"


class ActionHelpNow(AnswersNeeds):
    action_name = "action_help_now"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        text = text_of(tracker)
        if self._may_be_calm(tracker):
            utter(dispatcher, "say_caution")
            return self.answer_need(dispatcher, tracker)
        # « vite ! » says nothing of what happens: it is still about what was said before.
        vague = not subject_words(text) and read_distress(text) is None
        say_help(dispatcher, (vague and kind_before(tracker)) or entity(tracker, _KIND))
        # Nothing of before may colour what is said next; it can be named again (« et pour le stage ? »).
        return [SlotSet(name, None) for name in ("current_action", "shown", "seen", "need_text")] + [SlotSet("misunderstood", 0)]

    def _may_be_calm(self, tracker: Tracker) -> bool:
        """True when the alarm is unsure and the search is not: « des jeunes crient dans l'escalier, qui peut leur parler ? »"""
        return confidence_of(tracker) < _SURE_ALARM and self.surely_a_need(tracker)
