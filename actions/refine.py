"""A precision about the person (« j'ai 17 ans », « c'est pour ma mère »): the same need, ranked anew."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import now_about, person_of, remember_person, remember_words, text_of, utter
from actions.need import AnswersNeeds, misunderstand
from actions.orient import ActionOrient
from actions.tell_audience import ActionTellAudience
from knowledge.search import Kind, decide
from knowledge.search.filters import CLOSED, person_fit
from nlu.french.clauses import clauses
from nlu.french.ellipsis import subject_words, whose
from nlu.french.person import Person, read_person, without_tongue
from nlu.french.reference import puts_first, would_come
from nlu.french.text import words


class ActionRefine(AnswersNeeds):
    action_name = "action_refine"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        answered = ActionOrient(self._services).typed_answer(dispatcher, tracker)
        if answered is not None:
            return answered
        said = text_of(tracker)
        person = person_of(tracker).merged(read_person(said))
        whole = tracker.get_slot("need_text") or ""
        part = _of_the_same_person(whole, said)
        need = _need_of(part, person)
        names_a_need = puts_first(said) or self._is_a_need_of_its_own(said, person)
        if names_a_need and decide(self.find(tracker, said)).kind in (Kind.answer, Kind.clarify):
            return self.answer_need(dispatcher, tracker)
        if self._asks_whether_it_fits(tracker, person):
            return [remember_person(person), *ActionTellAudience(self._services).run(dispatcher, tracker, domain)]
        if not need and read_person(said) == Person():
            return misunderstand(dispatcher, tracker)
        if not need and decide(self.find(tracker, said)).kind is Kind.answer:  # « femme, 41 ans, sans travail depuis longtemps »
            return self.answer_need(dispatcher, tracker)
        events = self._answer_anew(dispatcher, tracker, need, person)
        return [*events, SlotSet("need_text", whole)] if part != whole else events  # the other person's part may still come

    def _is_a_need_of_its_own(self, said: str, person: Person) -> bool:
        """True when more is said than who and where: « pour ma mère » and « j'habite à Kennedy » only narrow the need."""
        return bool(set(subject_words(without_tongue(said))) - _where(person)) and self.named(said) is not None

    def _answer_anew(self, dispatcher: CollectingDispatcher, tracker: Tracker, need: str, person: Person) -> list[EventType]:
        """The newer words decide between doors; the need alone decides when they say nothing new."""
        # Who it is for is a fact that filters; as words it would lead to what is for such people.
        said = without_tongue(text_of(tracker))
        newer = " ".join(word for word in subject_words(said) if word not in _where(person))
        shown = self._doors(tracker, [f"{need} {newer}", need, f"{need} {said}"], person) if need else []
        if not need:
            utter(dispatcher, "say_ask_need")
            return [remember_person(person)]
        utter(dispatcher, "say_refined" if shown else "say_no_other", shown)
        words_of = remember_words(tracker, dict.fromkeys(shown[:1], f"{need} {text_of(tracker)}"))
        return [*now_about(tracker, shown), SlotSet("need_text", need), words_of, remember_person(person)]

    def _doors(self, tracker: Tracker, readings: list[str], person: Person) -> list[str]:
        """The doors of the first reading that leads to any; else those shown before."""
        for text in readings:
            decision = decide(self.services.search.find(text, person=person))
            if decision.kind in (Kind.answer, Kind.clarify):
                return [hit.entry.id for hit in decision.hits if all(fit.shift > CLOSED for fit in hit.fits)]
        shown = [entry for a in tracker.get_slot("shown") or [] if (entry := self.entry(a))]
        return [entry.id for entry in shown if all(fit.shift > CLOSED for fit in person_fit(entry, person))]

    def _asks_whether_it_fits(self, tracker: Tracker, person: Person) -> bool:
        """« mon fils de 12 ans ? », « mon frère de 32 ans peut venir », when the current action says who may come."""
        current = self.entry(tracker.get_slot("current_action"))
        if current is None or not ("?" in text_of(tracker) or would_come(text_of(tracker))):
            return False
        return bool({fit.reason for fit in person_fit(current, person)} & {"age", "gender"})


def _where(person: Person) -> set[str]:
    """The words of the quarter that was named: a fact that filters, and no need."""
    return set(words((person.quarter or "").replace("-", " ")))


def _of_the_same_person(need: str, said: str) -> str:
    """Of « ma mère veut apprendre le français et mon fils s'ennuie », the part that « d'abord ma mère » takes up; else all of it."""
    persons = {part: whose(part) for part in clauses(need) if whose(part)}
    taken_up = [part for part, named in persons.items() if named & whose(said)]
    return taken_up[0] if len(taken_up) == 1 and len(set(persons.values())) > 1 else need


def _need_of(need: str, person: Person) -> str:
    """The need without the person it was first said for, when that is another one now."""
    first = read_person(need)
    another = any(getattr(first, fact) not in (None, getattr(person, fact)) for fact in ("age", "gender", "relation"))
    return (" ".join(subject_words(need)) or need) if another else need
