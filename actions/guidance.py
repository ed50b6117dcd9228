"""The questions of the guided orientation (``knowledge/data/orientation.yml``): asking one, and reading a typed answer."""

from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import utter
from knowledge.schema import Choice, OrientationQuestion
from nlu.french.ellipsis import subject_words
from nlu.french.reference import read_nth
from nlu.french.text import words

# A longer message says more than which button was meant.
_SHORT = 6
_UNSURE = "?"


def ask(dispatcher: CollectingDispatcher, question: OrientationQuestion, response: str = "say_orient") -> list[EventType]:
    """Ask a question alone: « le 2 » is then its second answer, and not of a list shown before."""
    utter(dispatcher, response, question=described(question))
    return [SlotSet("orientation", question.id), SlotSet("shown", None)]


def described(question: OrientationQuestion) -> dict[str, Any]:
    """A question for the wording: its sentence, and (words, payload) of each answer."""
    answers = [{"say": choice.say, "choice": f"{question.id}:{i}"} for i, choice in enumerate(question.choices)]
    return {"ask": question.ask, "answers": answers, "unsure": f"{question.id}:{_UNSURE}"}


def typed_choice(question: OrientationQuestion, text: str, alone: bool) -> Choice | None:
    """The answer that was typed instead of tapped: in words that only it has, or counted (« le 2 »).

    Counting needs a question asked ``alone``: beside a list of actions it counts these.
    """
    said = words(text)
    if not said or len(said) > _SHORT:
        return None
    nth = read_nth(text, len(question.choices)) if alone else None
    if nth is not None:
        return question.choices[nth]
    meant = set(subject_words(text)) or set(said)
    shared = [len(meant & set(words(choice.say))) for choice in question.choices]
    best = max(shared)
    return question.choices[shared.index(best)] if best == len(meant) and shared.count(best) == 1 else None
