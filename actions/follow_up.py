"""A question about the current action: one fact, from its record.

Each plain fact is one line below; hours and audience, which take the question's details into
account, have a file of their own. What they share is finding out which action is meant.
"""

from collections.abc import Iterator
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.alarm import help_again, kind_before
from actions.base import asked_together, confidence_of, entity, now_about, remember_person, remember_words, text_of, utter
from actions.need import AnswersNeeds, misunderstand
from actions.referring import TAUGHT_OUTSIDE
from knowledge.directory import Entry
from knowledge.search import Kind, Result, decide
from knowledge.search.sentences import clearly_closest, closest_by_words, named_in_closest
from nlu.french.ellipsis import subject_words
from nlu.french.reference import asks_diploma, asks_how_long, returns

_SURE, _LIKELY = 0.9, 0.6
# A question so clearly asked is about the action, whatever else has its words (« ça dure combien de temps ? »).
_CLEARLY_ASKED = 0.8


class FollowUp(AnswersNeeds):
    """Answers with ``response`` about the subject; without any subject it is a need."""

    response = ""
    without_subject = "say_ask_need"
    # Right after an emergency such a question is about its number (« quel numéro ? »).
    of_an_emergency = False

    def details(self, entry: Entry, tracker: Tracker) -> dict[str, Any]:
        """Return what the question asks in particular, as JSON data for the response."""
        return {}

    def knows(self, entry: Entry) -> bool:
        """False when no field of the record answers such a question; then a sentence of it may."""
        return True

    def sentence(self, entry: Entry, question: str) -> str | None:
        """Return the sentence of the record that says it better than the field does; None: the field is what was asked for."""
        return None

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        if kind_before(tracker) and self._asks_its_number(tracker) and help_again(dispatcher, tracker):
            return []
        if not tracker.get_slot("current_action"):
            result = self.find(tracker, text_of(tracker))
            if result.is_sure(_SURE) or (  # « c'est quoi le PERR ? »
                subject_words(text_of(tracker)) and decide(result).kind is Kind.answer
            ):
                return self._first_words(dispatcher, tracker, result)
            if decide(result).kind is Kind.outside and self._names_none_of_ours(text_of(tracker)) and kind_before(tracker) is None:
                return self.answer_need(dispatcher, tracker)  # « un kebab ouvert après minuit ? »
        elif self._leaves_the_subject(tracker) and not self.stays(tracker):
            return self.answer_need(dispatcher, tracker)
        again = self.spoken_of_again(tracker) if returns(text_of(tracker)) else None
        entry = self.entry(again) or self.subject(tracker) or self._before_the_emergency(dispatcher, tracker)
        if entry is None:
            return self._without_subject(dispatcher, tracker)
        said = self.say_closest(dispatcher, entry, text_of(tracker), self.sentence)
        if not said and (self.knows(entry) or not self.say_closest(dispatcher, entry, text_of(tracker), closest_by_words)):
            utter(dispatcher, self.response, [entry.id], **self.details(entry, tracker))
        for other in self._asked_beside(tracker):
            utter(dispatcher, other.response, [entry.id], **other.details(entry, tracker))
        shown = tracker.get_slot("shown") or []
        kept = shown if entry.id in shown else [entry.id]
        return [*now_about(tracker, [entry.id]), SlotSet("shown", kept)]

    def _asks_its_number(self, tracker: Tracker) -> bool:
        """True for « le numéro de quelqu'un qui peut l'écouter », right after an emergency: nothing of ours is named."""
        text = text_of(tracker)
        if not self.of_an_emergency or entity(tracker, "asked") or self.services.store.current().named_in(text):
            return False
        return not (subject_words(text) and self.find(tracker, text, limit=1).is_sure(_LIKELY))

    def _asked_beside(self, tracker: Tracker) -> list["FollowUp"]:
        """« Adresse et téléphone ? »: what tells the facts that are asked for after this one."""
        names = [intent.replace("ask_", "action_tell_", 1) for intent in asked_together(tracker)]  # as in bot/rules
        kinds = {kind.action_name: kind for kind in _kinds(FollowUp)}
        return [kinds[name](self._services) for name in names if name != self.action_name]

    def _leaves_the_subject(self, tracker: Tracker) -> bool:
        """True for « quel temps fera-t-il demain ? »: it sounds a little like a question about the action, and is about nothing here."""
        text = text_of(tracker)
        if confidence_of(tracker) > _CLEARLY_ASKED or not self._names_none_of_ours(text):
            return False
        return self.services.search.find(text, limit=1).outside_margin >= TAUGHT_OUTSIDE

    def _names_none_of_ours(self, text: str) -> bool:
        """True when a question has a subject of its own, and it is no action or organisation by its name."""
        directory, named = self.services.store.current(), subject_words(text)
        return bool(named) and not directory.about(named) and not directory.named_in(text)

    def _first_words(self, dispatcher: CollectingDispatcher, tracker: Tracker, result: Result) -> list[EventType]:
        """Nothing was spoken of yet: the question is a need too, and its next best doors stay in sight."""
        hits = decide(result).hits
        shown = [hit.entry.id for hit in hits]
        utter(dispatcher, self.response, shown, **self.details(hits[0].entry, tracker))
        words_of = remember_words(tracker, dict.fromkeys(shown[:1], text_of(tracker)))
        return [*now_about(tracker, shown), SlotSet("need_text", text_of(tracker)), words_of, remember_person(result.person)]

    def _before_the_emergency(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Entry | None:
        """What was spoken of before an emergency took its place; the number stays in sight right after it."""
        before = [entry for a in tracker.get_slot("history") or [] if (entry := self.entry(a))]
        if not before:
            return None
        if kind_before(tracker) is not None:
            utter(dispatcher, "say_caution")
        return before[-1]

    def _without_subject(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        if help_again(dispatcher, tracker):
            return []
        if tracker.get_slot("misunderstood"):  # « bah le machin quoi »: still not understood
            return misunderstand(dispatcher, tracker)
        if not subject_words(text_of(tracker)):  # « c'est combien ? », and nothing was spoken of yet
            utter(dispatcher, self.without_subject)
            return []
        return self.answer_need(dispatcher, tracker)


def _kinds(base: type[FollowUp]) -> Iterator[type[FollowUp]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


class AsksPrecisely(FollowUp):
    """« Ils préparent quel certificat ? » sounds like « comment ça se passe ? »."""

    def sentence(self, entry: Entry, question: str) -> str | None:
        return clearly_closest(entry, question)


class NamesOrAsks(FollowUp):
    """« Et l'oral ? » sounds like any fact; without a name in it, « combien de temps ? » asks for the field."""

    def sentence(self, entry: Entry, question: str) -> str | None:
        return named_in_closest(entry, question)


class ActionTellContact(FollowUp):
    action_name, response = "action_tell_contact", "say_contact"
    of_an_emergency = True


class ActionTellPlace(FollowUp):
    action_name, response = "action_tell_place", "say_place"

    def knows(self, entry: Entry) -> bool:
        return entry.action.kind == "action" and bool(entry.places)  # a subject of the FAQ has the town hall's, and is nowhere


class ActionTellPrice(FollowUp):
    action_name, response = "action_tell_price", "say_price"

    def knows(self, entry: Entry) -> bool:
        return entry.action.price is not None


class ActionTellHow(AsksPrecisely):
    action_name, response = "action_tell_how", "say_how"
    without_subject = "say_help"  # « comment ça marche ? » is then about the assistant

    def knows(self, entry: Entry) -> bool:
        action = entry.action
        return bool(action.steps or action.content or (action.audience and action.audience.referral))


class ActionTellDuration(NamesOrAsks):
    action_name, response = "action_tell_duration", "say_duration"

    def sentence(self, entry: Entry, question: str) -> str | None:
        found = super().sentence(entry, question)
        # « durée du suivi ? », « un diplôme à la fin ? »: known, and a sentence with the word says neither how long nor which.
        known = (asks_how_long(question) and entry.action.duration) or (asks_diploma(question) and entry.action.diploma)
        return None if found and known and not (asks_how_long(question) and any(char.isdigit() for char in found)) else found

    def knows(self, entry: Entry) -> bool:
        action = entry.action
        return action.kind == "action" and any((action.duration, action.frequency, action.group_size, action.level_text, action.diploma))


class ActionTellOrganiser(NamesOrAsks):
    action_name, response = "action_tell_organiser", "say_organiser"


class ActionTellStatus(AsksPrecisely):
    action_name, response = "action_tell_status", "say_status"

    def knows(self, entry: Entry) -> bool:
        return entry.action.kind == "action"  # « depuis quelle année ? » of a subject of the FAQ


class ActionTellSource(NamesOrAsks):
    action_name, response = "action_tell_source", "say_source"


class ActionTellMore(NamesOrAsks):
    action_name, response = "action_tell_more", "say_more"
    without_subject = "say_help"  # « c'est quoi ? »

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        theirs = self.of_a_named_organisation(tracker)
        if len(theirs) > 1 and tracker.get_slot("current_action") not in theirs:  # « Alire, ils proposent quoi ? »
            return self.show(dispatcher, tracker, theirs, Kind.clarify)
        return super().run(dispatcher, tracker, domain)
