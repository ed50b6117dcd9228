"""What all actions share: reading slots, remembering what was shown.

An action says nothing itself: it emits the name of a response and ids; the wording and the facts
come in where the response is rendered (``bot/domain/responses``).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.services import Services, services_from_environment
from actions.staying import OUTSIDE_UNDER_WAY
from knowledge.directory import Entry
from knowledge.search import Result
from knowledge.search.sentences import closest_sentence
from nlu.french.person import Person

_HISTORY = 10

# Of an action's record and a question, the sentence that answers it, or None (knowledge.search.sentences).
Find = Callable[[Entry, str], str | None]
# In a first message the outside is likelier than the phrasings make it (tuning sets: needs lose 0.3 points, the outside gains 2).
_OUTSIDE_AT_FIRST = 2.0


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

    def ids(self, tracker: Tracker, *slots: str) -> list[str]:
        """The ids in these slots, each once, that the directory still has."""
        return list(dict.fromkeys(a for slot in slots for a in tracker.get_slot(slot) or [] if self.entry(a)))


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


def asked_together(tracker: Tracker) -> list[str]:
    """The intents of a message that asks for several facts, in the order in which to answer them; empty for one."""
    return tracker.latest_message.get("asked_together") or []


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


def said_of(tracker: Tracker) -> dict[str, str]:
    """The words by which each of the last actions was asked for."""
    return tracker.get_slot("said") or {}


def remember_words(tracker: Tracker, words_of: Mapping[str, str]) -> EventType:
    """Remember by which words these actions (by id) were asked for."""
    before = {a: text for a, text in said_of(tracker).items() if a not in words_of}
    return SlotSet("said", dict([*before.items(), *words_of.items()][-_HISTORY:]))


def now_about(tracker: Tracker, shown: Sequence[str]) -> list[EventType]:
    """Slots after ``shown`` was shown: the first is current, can be gone back to, and brings back the words that it was asked for with."""
    if not shown:
        return []
    need = said_of(tracker).get(shown[0]) if shown[0] != tracker.get_slot("current_action") else None
    history = [a for a in tracker.get_slot("history") or [] if a != shown[0]] + [shown[0]]
    seen = list(dict.fromkeys([*(tracker.get_slot("seen") or []), *shown]))
    return [
        SlotSet("current_action", shown[0]),
        SlotSet("shown", list(shown)),
        SlotSet("history", history[-_HISTORY:]),
        SlotSet("seen", seen),
        SlotSet("misunderstood", 0),
        SlotSet("orientation", None),
        *([SlotSet("need_text", need)] if need else []),
    ]
