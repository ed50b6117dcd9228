"""What all actions share: reading slots, remembering what was shown, resolving what is meant.

An action says nothing itself: it emits the name of a response and ids; the wording and the facts
come in where the response is rendered (``bot/domain/responses``).
"""

from collections.abc import Callable, Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.services import Services, services_from_environment
from actions.staying import OUTSIDE_UNDER_WAY, chance, signs
from knowledge.directory import Entry
from knowledge.search import Result
from knowledge.search.sentences import closest_sentence
from nlu.french.ellipsis import subject_words
from nlu.french.person import Person
from nlu.french.reference import begins_anew, read_nth, refers_to_other, refers_to_previous, told_apart_by
from nlu.french.text import words

# What remains of a follow-up names another action when the search finds one in it: little chance of
# the outside, and a margin that more than one weak word gives (looked at on the training follow-ups).
_SUBJECT_OUTSIDE = 0.3
_SUBJECT_MARGIN = -0.5
# Above this the words are about one action; below they may only name an organisation.
_ACTION_MARGIN = 0.0
_SPOKEN_OF_MARGIN = -0.7
# A question about what was just shown shares words with many actions; only this much names another.
_CLEARLY_ANOTHER = 0.1
# By so much another action may be likelier than one that was spoken of.
_SPOKEN_OF_LEAD = 0.4
_HISTORY = 10

# Of an action's record and a question, the sentence that answers it, or None (knowledge.search.sentences).
Find = Callable[[Entry, str], str | None]
# A word of fewer letters tells no title from another.
_TELLS_APART = 4
# A message nearly repeats what is taught of the outside (margin): « il va pleuvoir demain ? ».
TAUGHT_OUTSIDE = 1.0
# In a first message it is likelier than the phrasings make it (tuning sets: needs lose 0.3 points, the outside gains 2).
_OUTSIDE_AT_FIRST = 2.0
# From this probability on a message is about the action that is spoken of, unless it counts, returns or points elsewhere.
STAYS = 0.7
# A message whose words lead to one action with this probability names it, whatever is spoken of.
_SURELY_NAMED = 0.85
# Words that only the whole message puts in doubt name nothing (« ils sont basés où ? » is no « savoirs de base »).
_LIKELY_NAMED, _NAMES_NOTHING = 0.4, 0.95


class DirectoryAction(Action):
    """An action over the directory. ``services`` are injected; a stock action server finds its own."""

    action_name = ""

    def __init__(self, services: Services | None = None) -> None:
        self._services = services

    def name(self) -> str:
        return self.action_name

    @property
    def services(self) -> Services:
        return self._services or services_from_environment()

    def entry(self, action_id: str | None) -> Entry | None:
        """Return the action with this id, or None when it is unknown or was removed meanwhile."""
        return self.services.store.current().by_id.get(action_id or "")

    def find(self, tracker: Tracker, text: str, person: Person | None = None, limit: int = 8) -> Result:
        """Search with what is known of the person and of the conversation."""
        return self.services.search.find(text, person=person or person_of(tracker), limit=limit, outside_odds=outside_odds(tracker))

    @staticmethod
    def say_closest(dispatcher: CollectingDispatcher, entry: Entry, question: str, find: Find = closest_sentence) -> bool:
        """Say the sentence of the record that speaks of what was asked; False when ``find`` finds none."""
        sentence = find(entry, question)
        if sentence:
            utter(dispatcher, "say_closest", [entry.id], sentence=sentence)
        return sentence is not None

    def say_detail(self, dispatcher: CollectingDispatcher, entry: Entry, question: str) -> None:
        """Answer a question that no intent has a name for: what the record says of it, else that it is not known and who to ask."""
        if not self.say_closest(dispatcher, entry, question):
            utter(dispatcher, "say_unknown_detail", [entry.id])

    def subject(self, tracker: Tracker) -> Entry | None:
        """Return the action that a follow-up is about: named, counted, or the current one."""
        named = self.entry(entity(tracker, "action_id"))
        if named:
            return named
        text, shown = text_of(tracker), tracker.get_slot("shown") or []
        surely = self.surely_named(text)
        nth = read_nth(text, len(shown)) if surely is None else None
        if nth is not None:
            return self.entry(shown[nth])
        current = self.entry(tracker.get_slot("current_action"))
        if such := self.such_a_one(tracker, text):
            return such
        if refers_to_other(text):
            return self.other_one(tracker) or current
        if refers_to_previous(text):
            before = [a for a in self.ids(tracker, "history") if current is None or a != current.id]
            return self.entry(before[-1]) if before else current
        if current and self.stays(tracker):
            return current
        return surely or self.named(text, current, self.ids(tracker, "history", "shown", "seen")) or current

    def stays(self, tracker: Tracker) -> bool:
        """True when the message is about the action that is spoken of, whatever its words resemble."""
        return self.staying(tracker) >= STAYS

    def staying(self, tracker: Tracker) -> float:
        """Probability that it is; 0 when it names another, or nothing is spoken of."""
        current, text = self.entry(tracker.get_slot("current_action")), text_of(tracker)
        if current is None or not words(text) or self._names_another(tracker, current, text):
            return 0.0
        return chance(signs(text, intent_chances(tracker), current.id, self.services.search, self.services.store.current()))

    def _names_another(self, tracker: Tracker, current: Entry, text: str) -> bool:
        """True for the name of another organisation or action, or words that suit one spoken of before better than the current."""
        directory = self.services.store.current()
        called = directory.named_in(text)
        about = directory.about(subject_words(text))
        sure = self.surely_named(text) if intent_of(tracker) == "need" else None
        if (called and current not in called) or any(named and named.id != current.id for named in (about, sure)):
            return True
        others = [a for a in self.ids(tracker, "history", "shown", "seen") if a != current.id]
        if not others or not subject_words(text):
            return False
        best, own = (self.services.search.find(text, among=among, limit=1).hits[0].margin for among in (others, [current.id]))
        return best > max(own, _SPOKEN_OF_MARGIN)

    def surely_named(self, text: str) -> Entry | None:
        """Return the action that these words name whatever is spoken of, else None."""
        result = self.services.search.find(text, limit=1)
        return result.hits[0].entry if subject_words(text) and result.is_sure(_SURELY_NAMED) else None

    def other_one(self, tracker: Tracker) -> Entry | None:
        """Return « l'autre »: the one that is named and not current, else one of those shown, else one spoken of before."""
        current, text = tracker.get_slot("current_action"), text_of(tracker)
        if subject_words(text):  # « l'autre jardin, celui avec les familles »
            for hit in self.services.search.find(text).hits:
                if hit.entry.id != current and hit.margin > _SUBJECT_MARGIN:
                    return hit.entry
        others = [a for a in [*self.ids(tracker, "shown", "seen"), *self.ids(tracker, "history")[::-1]] if a != current]
        return self.entry(others[0]) if others else None

    def such_a_one(self, tracker: Tracker, text: str) -> Entry | None:
        """Return the one of those spoken of whose title alone has a word of « ceux de jour », else None.

        « Celle de la Maison de Bégon » is theirs that is most like the need.
        """
        need = tracker.get_slot("need_text")
        theirs = [entry.id for entry in self.services.store.current().named_in(text)] if need and told_apart_by(text) else []
        if theirs:
            return self.services.search.find(need, among=theirs, limit=1).hits[0].entry
        said = [word for word in words(told_apart_by(text)) if len(word) >= _TELLS_APART]
        spoken_of = [self.services.store.current().by_id[a] for a in self.ids(tracker, "shown", "history")] if said else []
        meant = [entry for entry in spoken_of if any(_same(word, titled) for word in said for titled in words(entry.action.title))]
        return meant[0] if len(meant) == 1 else None

    def ids(self, tracker: Tracker, *slots: str) -> list[str]:
        """The ids in these slots, each once, that the directory still has."""
        return list(dict.fromkeys(a for slot in slots for a in tracker.get_slot(slot) or [] if self.entry(a)))

    def named(self, text: str, current: Entry | None = None, spoken_of: Sequence[str] = ()) -> Entry | None:
        """Return the action that a follow-up names in its own words, else None.

        Little is enough to name one that was ``spoken_of`` before (« et pour le stage ? »).
        A bare organisation's name leaves the person on the current action when it is theirs.
        """
        named = subject_words(text)
        called = self.services.store.current().of_organisation(named)
        if current and called and called.organisation.id == current.organisation.id:
            return current
        whole = self.services.search.find(text, limit=1)
        theirs = [entry.id for entry in self.services.store.current().named_in(text)]
        if theirs:
            hits = self.services.search.find(text, among=theirs, limit=len(theirs)).hits
            mine = next((hit for hit in hits if current and hit.entry.id == current.id), None)
            # « le p'tit Bégon » is of the action spoken of, « les cours de Bégon » is another.
            if mine and (not named or mine.margin > hits[0].margin - _SPOKEN_OF_LEAD):
                return current
            return hits[0].entry
        result = self.services.search.find(" ".join(named), limit=1)
        best = result.best
        weak = best is None or best.margin < _CLEARLY_ANOTHER or whole.sure_inside < _LIKELY_NAMED or whole.outside > _NAMES_NOTHING
        if current and best and weak and best.entry.id not in spoken_of and not begins_anew(text):
            return self.services.store.current().about(named)
        if best is None or result.outside > _SUBJECT_OUTSIDE or best.margin < _SUBJECT_MARGIN:
            organisation = self.services.store.current().about(named)
            said = " ".join(named) or text
            before = self.services.search.find(said, among=spoken_of, limit=1).best if spoken_of and (named or not current) else None
            return organisation or (before.entry if before and before.margin > _SPOKEN_OF_MARGIN else None)
        if spoken_of and best.entry.id not in spoken_of:  # « la fête » is the one spoken of, when it may be
            before = self.services.search.find(text, among=spoken_of, limit=1).best
            if before and before.margin > max(_SPOKEN_OF_MARGIN, best.margin - _SPOKEN_OF_LEAD):
                return before.entry
        if current and best.margin < _ACTION_MARGIN and best.entry.organisation.id == current.organisation.id:
            return current
        return best.entry


def _same(said: str, titled: str) -> bool:
    """True for « jour » and « journée »."""
    return len(titled) >= _TELLS_APART and (titled.startswith(said) or said.startswith(titled))


def text_of(tracker: Tracker) -> str:
    """The person's last message; empty when a button was tapped (its payload is no language).

    Of « le samu est là. Et pour la lettre ? », what is asked.
    """
    text = entity(tracker, "asked") or tracker.latest_message.get("text") or ""
    return "" if text.startswith("/") else text


def intent_of(tracker: Tracker) -> str:
    return (tracker.latest_message.get("intent") or {}).get("name") or ""


def confidence_of(tracker: Tracker) -> float:
    """Confidence (0 to 1) of the last message's intent."""
    return float((tracker.latest_message.get("intent") or {}).get("confidence") or 0.0)


def intent_chances(tracker: Tracker) -> dict[str, float]:
    """The intents that the last message may have had with their probability, likeliest first; of an alarm, those if it is mistaken."""
    said = tracker.latest_message
    return {ranked["name"]: ranked["confidence"] for ranked in said.get("intent_ranking") or said.get("calm_ranking") or []}


def entity(tracker: Tracker, name: str) -> Any:
    """The first value of an entity in the last message, or None."""
    return next(tracker.get_latest_entity_values(name), None)


def language_of(tracker: Tracker) -> str | None:
    """The language (ISO 639-1) of the last message when it is clearly not French, else None."""
    return entity(tracker, "language")


def person_of(tracker: Tracker) -> Person:
    """What the conversation knows of the person concerned."""
    known = tracker.get_slot("person") or {}
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
    return Person(**values)


def outside_odds(tracker: Tracker) -> float:
    """How much likelier the outside is than in a first message: people rarely leave the subject that they came for."""
    return OUTSIDE_UNDER_WAY if tracker.get_slot("current_action") else _OUTSIDE_AT_FIRST


def remember_person(person: Person) -> EventType:
    return SlotSet("person", {name: value for name, value in vars(person).items() if value not in (None, ())})


def utter(dispatcher: CollectingDispatcher, response: str, shown: Sequence[str] = (), **data: Any) -> None:
    """Emit a response by name, with the ids of the actions that it speaks of."""
    dispatcher.utter_message(response=response, shown=list(shown), **data)


def now_about(tracker: Tracker, shown: Sequence[str]) -> list[EventType]:
    """Slots after ``shown`` was shown: the first is current, and can be gone back to."""
    if not shown:
        return []
    history = [a for a in tracker.get_slot("history") or [] if a != shown[0]] + [shown[0]]
    seen = list(dict.fromkeys([*(tracker.get_slot("seen") or []), *shown]))
    return [
        SlotSet("current_action", shown[0]),
        SlotSet("shown", list(shown)),
        SlotSet("history", history[-_HISTORY:]),
        SlotSet("seen", seen),
        SlotSet("misunderstood", 0),
        SlotSet("orientation", None),
    ]
