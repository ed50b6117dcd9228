"""An emergency: the right number, first, whatever was spoken of before."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.alarm import kind_before, say_help
from actions.base import confidence_of, entity, language_of, text_of, utter
from actions.going_on import GoesOn
from nlu.french.distress import read_distress
from nlu.french.ellipsis import subject_words
from nlu.french.reference import returns
from nlu.french.text import words
from nlu.glossary import gloss

# Below this confidence of the detector a number is said beside the answer, not instead of it.
_SURE_ALARM, _SURE_ALARM_ABROAD = 0.8, 0.95
# … when the search finds an action of this probability. Of the 540 emergencies in all sets looked at these are
# two, of 38 needs that alarmed 17.
_LIKELY, _INSIDE = 0.45, 0.3
# … or when it is hardly outside, whichever action it is: a cry for help resembles none.
_HARDLY_OUTSIDE = 0.06
_KIND = "emergency_kind"
# Words of a question that leans on what was said before.
_FEW = 9


class ActionHelpNow(GoesOn):
    action_name = "action_help_now"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        text, language = text_of(tracker), language_of(tracker)
        if language and self._is_calm_abroad(tracker, language):
            return self.answer_abroad(dispatcher, tracker, language)
        if self._goes_on(tracker):  # « et ils aident à trouver une voiture après », of the driving lessons
            utter(dispatcher, "say_caution", kind=entity(tracker, _KIND))
            return self.go_on(dispatcher, tracker, domain)
        if self._may_be_calm(tracker):
            utter(dispatcher, "say_caution", kind=entity(tracker, _KIND))
            return self.answer_need(dispatcher, tracker)
        # « vite ! » says nothing of what happens: it is still about what was said before.
        vague = not subject_words(text) and read_distress(text) is None
        say_help(dispatcher, (vague and kind_before(tracker)) or entity(tracker, _KIND))
        if language:
            utter(dispatcher, "say_urgent", language=language)
        # Nothing of before may colour what is said next; it can be named again (« et pour le stage ? »).
        return [SlotSet(name, None) for name in ("current_action", "shown", "seen", "need_text")] + [SlotSet("misunderstood", 0)]

    @staticmethod
    def _is_calm_abroad(tracker: Tracker, language: str) -> bool:
        """True when what is understood of another language is calm: the detector fears words that it does not know."""
        understood = gloss(text_of(tracker), language)
        return bool(understood.concepts) and not understood.urgent and confidence_of(tracker) < _SURE_ALARM_ABROAD

    def _goes_on(self, tracker: Tracker) -> bool:
        """True when the alarm is unsure and the message is likely about what is spoken of."""
        return self._is_unsure(tracker) and self.stays(tracker)

    @staticmethod
    def _is_unsure(tracker: Tracker) -> bool:
        return confidence_of(tracker) < _SURE_ALARM and read_distress(text_of(tracker)) is None

    def _may_be_calm(self, tracker: Tracker) -> bool:
        """True when the alarm is unsure and something calm is likelier.

        The search finds an action (« des jeunes crient dans l'escalier, qui peut leur parler ? »), or a few words go on
        about what was just shown (« et ceux de la nuit ? »).
        """
        text = text_of(tracker)
        if not self._is_unsure(tracker):
            return False
        if self.entry(tracker.get_slot("current_action")) and "?" in text and len(words(text)) <= _FEW:
            return True
        if returns(text) and self.spoken_of_again(tracker):  # « les secours l'ont emmené. On en était au sport »
            return True
        result = self.services.search.find(text, limit=1)
        return (result.is_sure(_LIKELY) and result.outside < _INSIDE) or result.outside < _HARDLY_OUTSIDE
