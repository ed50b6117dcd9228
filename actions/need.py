"""A need in the person's own words, searched: for every action that may have to answer one."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.alarm import help_again, kind_before
from actions.base import (
    confidence_of,
    intent_of,
    now_about,
    outside_odds,
    person_of,
    remember_person,
    remember_words,
    text_of,
    utter,
)
from actions.guidance import described
from actions.referring import MAY_STAY, Refers
from knowledge.directory import Entry
from knowledge.doors import COUNTER
from knowledge.search import SURELY_OUTSIDE, Kind, Result, decide, find_needs
from knowledge.search.sentences import which_ones
from nlu.french.clauses import clauses, wanted
from nlu.french.ellipsis import subject_words
from nlu.french.reference import prefers, refers_back
from nlu.french.text import words
from nlu.glossary import gloss

_MOST = 3
# What every refusal names last.
_LAST_DOOR = COUNTER
# After so many misunderstandings in a row, a human is offered.
_PATIENCE = 2
_LITTLE = 2
# From this confidence of the search on, a need is not talked away by an intent.
_SURE_OF_ACTION = 0.9
# Margin from which a message names one of the actions spoken of before.
_AGAIN_MARGIN = -0.7
# A need so unclear that it is rather not understood than outside (« j'ai un souci »).
_VAGUE_NEED = 0.45


class AnswersNeeds(Refers):
    """Can find the door for what was said, or say honestly that there is none."""

    def answer_need(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        text = text_of(tracker)
        if not words(text):  # « ??? », emoji: nothing was asked yet
            return misunderstand(dispatcher, tracker)
        if chosen := self._preferred(tracker):
            return self.show(dispatcher, tracker, chosen, Kind.answer)
        needs = find_needs(self.services.search, wanted(text), person_of(tracker), outside_odds(tracker))
        if len(needs) > 1:
            return self._show_several(dispatcher, tracker, needs)
        return self._answer(dispatcher, tracker, self._with_what_was_asked(tracker, self._respelt(tracker, needs[0])))

    def _respelt(self, tracker: Tracker, result: Result) -> Result:
        """Where the message leads nowhere, the result for its words put right when that surely leads somewhere."""
        if decide(result).kind in (Kind.answer, Kind.clarify):
            return result
        text = self.services.search.respelt(text_of(tracker))
        respelt = result if text == text_of(tracker) else self.find(tracker, text)
        kind = decide(respelt).kind
        return respelt if kind is Kind.answer or (kind is Kind.clarify and respelt.broad) else result

    def _with_what_was_asked(self, tracker: Tracker, result: Result) -> Result:
        """The result for the need and the answer to our question about it, when the answer alone says little."""
        need = tracker.get_slot("need_text")
        if not (need and tracker.get_slot("orientation")) or result.is_sure(_SURE_OF_ACTION) or decide(result).kind is Kind.outside:
            return result
        together = self.find(tracker, f"{need} {text_of(tracker)}")
        return together if decide(together).kind in (Kind.answer, Kind.clarify) else result

    def answer_abroad(self, dispatcher: CollectingDispatcher, tracker: Tracker, language: str) -> list[EventType]:
        """Two lines in the person's language with the one door most likely, or that there is none."""
        result = self._find_abroad(tracker, language)
        decision = decide(result)
        if decision.kind not in (Kind.answer, Kind.clarify):
            utter(dispatcher, "say_foreign_outside", [_LAST_DOOR] if self.entry(_LAST_DOOR) else [], language=language)
            return [SlotSet("misunderstood", 0)]
        shown = [hit.entry.id for hit in decision.hits]
        utter(dispatcher, "say_foreign", shown, language=language)
        return [remember_person(result.person), *about_a_need(tracker, shown)]

    def _find_abroad(self, tracker: Tracker, language: str) -> Result:
        """What the message's own words lead to (learners' phrasings mix languages), or what they mean in French."""
        said = self.find(tracker, text_of(tracker))
        meant = gloss(text_of(tracker), language).french
        return self.find(tracker, meant) if meant and not said.is_sure(_SURE_OF_ACTION) else said

    def of_a_named_organisation(self, tracker: Tracker) -> list[str]:
        """The actions of the organisation named in passing, likeliest first, unless the search is sure of one, or of none."""
        text = text_of(tracker)
        if chosen := self._preferred(tracker):
            return chosen
        theirs = [entry.id for entry in self.services.store.current().named_in(text)]
        if not theirs or (result := self.find(tracker, text, limit=1)).is_sure(_SURE_OF_ACTION) or result.outside >= SURELY_OUTSIDE:
            return []
        return [hit.entry.id for hit in self.services.search.find(text, among=theirs, limit=_MOST).hits]

    def _preferred(self, tracker: Tracker) -> list[str]:
        """What « la Maison de Bégon plutôt » chooses of those shown or spoken of."""
        return self.of_the_one_named(tracker) if prefers(text_of(tracker)) else []

    def of_the_one_named(self, tracker: Tracker) -> list[str]:
        """What was shown or spoken of and is of the organisation of which only the name is said (« Maison de Bégon ? »)."""
        directory = self.services.store.current()
        named = directory.of_organisation(subject_words(text_of(tracker)))
        before = self.ids(tracker, "shown", "history") if named else []
        return [a for a in before if directory.by_id[a].organisation.id == named.organisation.id][:1] if named else []

    def surely_a_need(self, tracker: Tracker) -> bool:
        """True when the search is surer of an action than a reading of a few words can be of an intent."""
        text = text_of(tracker)
        if not subject_words(text):
            return False
        return self.find(tracker, text, limit=1).is_sure(_SURE_OF_ACTION)

    def spoken_of_again(self, tracker: Tracker) -> str | None:
        """The action spoken of before that the message, or a part of it, names: among those few, little likeness is enough."""
        spoken_of, text = self.ids(tracker, "history", "shown", "seen"), text_of(tracker)
        if not spoken_of:
            return None
        if meant := self.meant_by_own_words(tracker):
            return meant.id
        theirs = {entry.id for entry in self.services.store.current().named_in(text)}
        if before := next((a for a in reversed(self.ids(tracker, "history")) if a in theirs), None):  # « revenons à la Maison de Bégon »
            return before
        best = max(
            (self.services.search.find(part, among=spoken_of, limit=1).hits[0] for part in (text, *clauses(text))),
            key=lambda hit: hit.margin,
        )
        return best.entry.id if best.margin > _AGAIN_MARGIN else None

    def _answer(self, dispatcher: CollectingDispatcher, tracker: Tracker, result: Result) -> list[EventType]:
        decision = decide(result)
        current = self.entry(tracker.get_slot("current_action"))
        refers = current is not None and result.topic is None and refers_back(text_of(tracker)) and self.staying(tracker) >= MAY_STAY
        sure = decision.kind is Kind.answer and (not refers or decision.hits[0].confidence >= _SURE_OF_ACTION)
        question = self.services.store.current().questions.get(result.broad or "")
        if question and decision.kind is Kind.clarify and not refers:  # the usual doors, and what would tell them apart
            shown = [hit.entry.id for hit in decision.hits]
            utter(dispatcher, "say_clarify_guided", shown, question=described(question))
            return [remember_person(result.person), *about_a_need(tracker, shown), SlotSet("orientation", question.id)]
        if sure or (decision.kind is Kind.clarify and not refers):
            shown = self.show(dispatcher, tracker, [hit.entry.id for hit in decision.hits], decision.kind)
            if sure:
                self._say_precisely(dispatcher, decision.hits[0].entry, text_of(tracker))
            return [remember_person(result.person), *shown]
        again = self.spoken_of_again(tracker) if kind_before(tracker) else None
        if again:  # « les secours sont là. On en était au sport »
            utter(dispatcher, "say_caution")
            return self.show(dispatcher, tracker, [again], Kind.answer)
        if (result.topic is None or result.topic.title is None) and help_again(dispatcher, tracker):
            return []
        if current and refers:  # « ils viennent chez les gens ? »
            self.say_detail(dispatcher, current, text_of(tracker))
            return []
        named = result.topic is not None and result.topic.title is not None
        if decision.kind is Kind.outside and not named and _says_little(text_of(tracker)):
            return misunderstand(dispatcher, tracker)
        clear = intent_of(tracker) != "nlu_fallback" and not (intent_of(tracker) == "need" and confidence_of(tracker) < _VAGUE_NEED)
        if decision.kind is Kind.outside and (clear or result.outside >= SURELY_OUTSIDE):
            return self._decline(dispatcher, result, tracker)
        return misunderstand(dispatcher, tracker)

    def _say_precisely(self, dispatcher: CollectingDispatcher, entry: Entry, question: str) -> None:
        """Of a subject of the FAQ, beside what it is, the sentence that was asked for (« quels bailleurs paient ? »)."""
        if entry.action.kind != "faq":
            return
        sentence = which_ones(entry, question)
        if sentence and sentence not in entry.action.summary:
            utter(dispatcher, "say_precisely", [entry.id], sentence=sentence)

    def _show_several(self, dispatcher: CollectingDispatcher, tracker: Tracker, needs: list[Result]) -> list[EventType]:
        """One answer after the other; the first is current, and the list counts them."""
        shown = [need.best.entry.id for need in needs if need.best]
        utter(dispatcher, "say_several", shown)
        for action_id in shown:
            utter(dispatcher, "say_answer", [action_id])
        each = {a: self._part_about(a, text_of(tracker)) for a in shown}
        return [remember_person(needs[0].person), *about_a_need(tracker, shown), remember_words(tracker, each)]

    def _part_about(self, action_id: str, text: str) -> str:
        """The part of a message with several needs that led to this action."""
        return max(clauses(text) or [text], key=lambda part: self.services.search.find(part, among=[action_id], limit=1).hits[0].margin)

    @staticmethod
    def show(dispatcher: CollectingDispatcher, tracker: Tracker, shown: list[str], kind: Kind, need: str = "") -> list[EventType]:
        """Answer a need (the message, or ``need``) with these actions."""
        utter(dispatcher, f"say_{kind.value}", shown)
        return about_a_need(tracker, shown, need)

    def _door(self, name: str | None, tracker: Tracker) -> Entry | None:
        """The door that a refusal names; one that it only adds takes nobody away from what they spoke of."""
        door = self.entry(name) or self.services.store.current().about([name or ""])
        return door or (None if tracker.get_slot("current_action") else self.entry(_LAST_DOOR))

    def _decline(self, dispatcher: CollectingDispatcher, result: Result, tracker: Tracker) -> list[EventType]:
        topic = result.topic
        door = self._door(topic.door if topic else None, tracker)
        # The PIMMS helps with whatever is administrative: its card comes with the refusal.
        card = [_LAST_DOOR] if topic and topic.door == _LAST_DOOR and self.entry(_LAST_DOOR) else []
        utter(dispatcher, f"say_outside_{topic.door if topic else 'unknown'}", card, topic=topic.title if topic else None)
        # « c'est où ? » is then about the door that was shown; « je suis une femme » may still make the need clear.
        need = [] if topic else [SlotSet("need_text", text_of(tracker))]
        return [SlotSet("misunderstood", 0), *need, *(now_about(tracker, [door.id]) if door else [])]


def about_a_need(tracker: Tracker, shown: list[str], need: str = "") -> list[EventType]:
    """Slots after a need (the message, or ``need``) was answered: its list of what was seen begins anew."""
    need = need or text_of(tracker)
    words_of = remember_words(tracker, dict.fromkeys(shown[:1], need))
    return [*now_about(tracker, shown), SlotSet("need_text", need), words_of, SlotSet("seen", shown)]


def _says_little(text: str) -> bool:
    """« le machin », « blabli zorgl »: too little said to call it outside."""
    return not subject_words(text) or len(words(text)) <= _LITTLE


def misunderstand(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """Ask instead of guessing; offer a human after the second time. Right after an emergency, its number again."""
    if help_again(dispatcher, tracker):
        return []
    times = int(tracker.get_slot("misunderstood") or 0) + 1
    utter(dispatcher, "say_unclear_again" if times >= _PATIENCE else "say_unclear")
    return [SlotSet("misunderstood", times)]
