"""Going on about the action spoken of, whatever a message was taken for: the fact most likely asked for."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions import follow_up
from actions.base import DirectoryAction, confidence_of, intent_chances, text_of
from actions.need import AnswersNeeds
from actions.tell_audience import ActionTellAudience
from actions.tell_hours import ActionTellHours
from nlu.french.clauses import refuses
from nlu.french.ellipsis import subject_words
from nlu.french.reference import addresses_us

# A fact is asked for with at least this chance.
_MAY_BE_ASKED = 0.15
# Less certain than this, « autre chose ? » or « un conseiller ? » may be a question about what is spoken of; from so likely on it is.
_CERTAIN, _RATHER = 0.97, 0.93

FOLLOW_UPS: dict[str, type[DirectoryAction]] = {
    "ask_contact": follow_up.ActionTellContact,
    "ask_hours": ActionTellHours,
    "ask_place": follow_up.ActionTellPlace,
    "ask_price": follow_up.ActionTellPrice,
    "ask_audience": ActionTellAudience,
    "ask_how": follow_up.ActionTellHow,
    "ask_duration": follow_up.ActionTellDuration,
    "ask_organiser": follow_up.ActionTellOrganiser,
    "ask_status": follow_up.ActionTellStatus,
    "ask_source": follow_up.ActionTellSource,
    "tell_more": follow_up.ActionTellMore,
}


class GoesOn(AnswersNeeds):
    """Can go on about what is spoken of."""

    def asked(self, tracker: Tracker, least: float = _MAY_BE_ASKED) -> DirectoryAction | None:
        """What tells the fact that the message asks for with at least this chance (0 to 1), the likeliest; None: no fact is asked for."""
        likely = (intent for intent, chance in intent_chances(tracker).items() if chance >= least)
        found = next((FOLLOW_UPS[intent] for intent in likely if intent in FOLLOW_UPS), None)
        return found(self._services) if found else None

    def rather_goes_on(self, tracker: Tracker) -> bool:
        """True where something else was understood, and what is spoken of is asked after (« il y a quelqu'un pour les encadrer ? »)."""
        text = text_of(tracker)
        if confidence_of(tracker) >= _CERTAIN or not subject_words(text) or addresses_us(text) or refuses(text):
            return False  # « et toi, tu sais faire quoi ? », « non, pas le jardin »
        return self.staying(tracker) >= _RATHER

    def go_on(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        """Answer with the fact most likely asked for, else that it is not known and who to ask."""
        if asked := self.asked(tracker):
            return asked.run(dispatcher, tracker, domain)
        if current := self.entry(tracker.get_slot("current_action")):
            self.say_detail(dispatcher, current, text_of(tracker))
        return []
