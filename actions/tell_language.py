"""Which language is spoken: by those of the current action, or by the assistant (in the person's own, when we know it)."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.base import language_of, text_of, utter
from actions.need import AnswersNeeds
from knowledge.doors import COUNTER
from nlu.french.reference import addresses_us
from nlu.glossary import gloss

# It has an interpreting service.
_INTERPRETER = COUNTER


class ActionTellLanguage(AnswersNeeds):
    action_name = "action_tell_language"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        current = self.entry(tracker.get_slot("current_action"))
        text = text_of(tracker)
        if current and not language_of(tracker) and not addresses_us(text):  # « quelqu'un parle turc ? », « mon ami parle arabe »
            utter(dispatcher, "say_languages", [current.id])
            return []
        language, shown = language_of(tracker), [_INTERPRETER] if self.entry(_INTERPRETER) else []
        if language and len(gloss(text_of(tracker), language).concepts) > 1:  # « I want to learn French »
            return self.answer_abroad(dispatcher, tracker, language)
        utter(dispatcher, "say_language" if language else "say_only_french", shown, **({"language": language} if language else {}))
        return []
