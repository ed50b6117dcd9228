"""A need in the person's own words; or what is left of a follow-up that was taken for one."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.alarm import kind_before
from actions.base import DirectoryAction, confidence_of, intent_of, language_of, said_of, text_of, utter
from actions.compare import ActionCompare
from actions.going_on import GoesOn
from actions.orient import ActionOrient
from actions.referring import MAY_STAY, STAYS, TAUGHT_OUTSIDE
from actions.refine import ActionRefine
from actions.show_action import ActionShowAction
from actions.tell_audience import ActionTellAudience
from actions.tell_hours import ActionTellHours
from knowledge.search import Kind
from knowledge.search.sentences import clearly_closest
from nlu.french.ellipsis import subject_words
from nlu.french.person import Person, read_person
from nlu.french.reference import begins_anew, compares, read_nth, refers_to_other, returns, would_come
from nlu.french.text import words

_MOST = 3
_CLEAR = 0.9
# A message of so few words that a number in it can only count the list.
_SHORT = 5
# A question about what was shown: so many words at most, no action likelier than this.
_QUESTION, _LIKELY = 12, 0.6


class ActionAnswerNeed(GoesOn):
    action_name = "action_answer_need"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        answered = ActionOrient(self._services).typed_answer(dispatcher, tracker)
        if answered is not None:
            return answered
        if language := language_of(tracker):
            return self.answer_abroad(dispatcher, tracker, language)
        if kind_before(tracker) and intent_of(tracker) == "statement" and not self.spoken_of_again(tracker):
            utter(dispatcher, "say_relief")  # « c'est fini, les pompiers l'ont éteint »
            return []
        if rather := self._rather(tracker):
            return rather.run(dispatcher, tracker, domain)
        if self._says_precisely(dispatcher, tracker):
            return []
        staying = self.staying(tracker)
        if staying >= STAYS:
            return self.go_on(dispatcher, tracker, domain)
        if doors := self._named_doors(tracker):
            need = said_of(tracker).get(doors[0], "")  # what comes again keeps the words that it was asked for with
            return self.show(dispatcher, tracker, doors[:_MOST], Kind.answer if len(doors) == 1 else Kind.clarify, need)
        if staying >= MAY_STAY and self._goes_on(tracker):
            return self.go_on(dispatcher, tracker, domain)
        return self.answer_need(dispatcher, tracker)

    def _rather(self, tracker: Tracker) -> DirectoryAction | None:
        """What else the message asks for than a door: one of the list, two sides compared, a fact of what is spoken of."""
        text = text_of(tracker)
        if self._counts(tracker):
            return ActionShowAction(self._services)
        if compares(text) and len((compare := ActionCompare(self._services)).named_sides(tracker)) == 2:
            return compare
        return None if self._called_by_name(text) or self._clearly_a_need(tracker) else self._elliptic(tracker)

    def _named_doors(self, tracker: Tracker) -> list[str]:
        """The actions of an organisation that is named, or the one that was spoken of and is named again."""
        doors = self.of_the_one_named(tracker) or self._called_by_name(text_of(tracker)) or self.of_a_named_organisation(tracker)
        again = None if doors else self._taken_up_again(tracker)
        return [again] if again else doors

    def _clearly_a_need(self, tracker: Tracker) -> bool:
        """True when intent and search agree, whatever small words it is said in: « combien de projets payés en 2021 »."""
        text = text_of(tracker)
        if intent_of(tracker) != "need" or (confidence_of(tracker) < _CLEAR and not begins_anew(text)):
            return False
        return self.find(tracker, text, limit=1).is_sure(_CLEAR)

    def _taken_up_again(self, tracker: Tracker) -> str | None:
        """What was shown or spoken of before and is named again: « et pour la mer ? », « revenons au sport »."""
        text = text_of(tracker)
        if refers_to_other(text) and (other := self.other_one(tracker)):
            return other.id
        if not (returns(text) or begins_anew(text)):
            return None
        result, again = self.find(tracker, text, limit=1), self.spoken_of_again(tracker)
        another = result.best is not None and result.best.entry.id != again and not returns(text)
        return None if result.is_sure(_CLEAR) or (another and result.is_sure(_LIKELY)) else again

    def _goes_on(self, tracker: Tracker) -> bool:
        """True for a short question that leads nowhere else while an action is spoken of (« simulateur sur place ? »)."""
        text = text_of(tracker)
        if not self.entry(tracker.get_slot("current_action")) or "?" not in text or len(words(text)) > _QUESTION:
            return False
        result = self.find(tracker, text)
        if intent_of(tracker) == "out_of_scope" and result.outside_margin >= TAUGHT_OUTSIDE:  # « il va pleuvoir demain ? »
            return False
        return not result.is_sure(_LIKELY)

    def _says_precisely(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
        """Answer a short question that leads to what is spoken of anyway by the sentence that it is about (« il y a un simulateur ? »)."""
        current, text = self.entry(tracker.get_slot("current_action")), text_of(tracker)
        if current is None or "?" not in text or len(words(text)) > _QUESTION:
            return False
        best = self.find(tracker, text, limit=1).best
        return best is not None and best.entry.id == current.id and self.say_closest(dispatcher, current, text, clearly_closest)

    def _elliptic(self, tracker: Tracker) -> DirectoryAction | None:
        """What a message without a subject of its own asks of the current action, else None."""
        text = text_of(tracker)
        asked = self.asked(tracker, least=0.0)
        named = subject_words(text)
        if len(words(text)) > len(named) and self.services.store.current().of_organisation(named):  # « les horaires de la mairie »
            return asked
        if not words(text) or subject_words(text) or not self.entry(tracker.get_slot("current_action")):
            return None
        said = read_person(text)
        if said.relation and would_come(text):  # « mon mari voudrait venir aussi »
            return ActionTellAudience(self._services)
        if said.days or said.part or said.relative:
            return ActionTellHours(self._services)
        if said != Person():
            return ActionRefine(self._services)
        return asked

    def _called_by_name(self, text: str) -> list[str]:
        """The actions of an organisation of which only the name was said, likeliest first."""
        ids = [entry.id for entry in self.services.store.current().called(text) if entry.action.kind == "action"]
        return [hit.entry.id for hit in self.services.search.find(text, among=ids, limit=len(ids)).hits] if ids else []

    @staticmethod
    def _counts(tracker: Tracker) -> bool:
        """True for « le 2em c koi »: short, and one of the list shown."""
        shown = tracker.get_slot("shown") or []
        return len(words(text_of(tracker))) <= _SHORT and read_nth(text_of(tracker), len(shown)) is not None
