"""« J'ai une autre question », « ma femme a besoin de quelque chose aussi »: a need is announced, and not said yet."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.base import confidence_of, language_of, person_of, remember_person, text_of, utter
from actions.need import AnswersNeeds
from knowledge.search import SURELY_OUTSIDE
from nlu.french.ellipsis import subject_words
from nlu.french.person import read_person

# With this probability the announcement already says what it is about.
_SAID = 0.6
# … and from this confidence on it only announces (« j'ai un souci »).
_SURELY_ANNOUNCED = 0.9


class ActionAskNeed(AnswersNeeds):
    action_name = "action_ask_need"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        text = text_of(tracker)
        said = self.find(tracker, text, limit=1)
        outside = said.outside >= SURELY_OUTSIDE and confidence_of(tracker) < _SURELY_ANNOUNCED
        if language_of(tracker) or (subject_words(text) and (said.is_sure(_SAID) or outside)):
            return self.answer_need(dispatcher, tracker)  # « une autre question, pour le permis »
        utter(dispatcher, "say_ask_need")
        return [remember_person(person_of(tracker).merged(read_person(text)))]
