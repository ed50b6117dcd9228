"""« Comment ça marche ? », « aidez-moi »: what the assistant can do, unless a need was said in these words."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.base import confidence_of, text_of, utter
from actions.going_on import GoesOn
from nlu.french.ellipsis import subject_words

# « besoin d'aide sur internet » is a need: an action is likely, and the outside is not.
_LIKELY, _INSIDE, _SURELY_HELP = 0.6, 0.05, 0.9


class ActionTellHelp(GoesOn):
    action_name = "action_tell_help"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        result = self.find(tracker, text_of(tracker), limit=1)
        unsure = confidence_of(tracker) < _SURELY_HELP and bool(subject_words(text_of(tracker)))
        if self.surely_a_need(tracker) or (unsure and result.is_sure(_LIKELY) and result.outside < _INSIDE):
            return self.answer_need(dispatcher, tracker)
        if self.rather_goes_on(tracker):  # « quels supports utilisent-ils ? »
            return self.go_on(dispatcher, tracker, domain)
        utter(dispatcher, "say_help")
        return []
