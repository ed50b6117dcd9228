"""« C'est pour les femmes ? », « mon fils de 12 ans peut venir ? »: who it is for, and this person."""

from typing import Any

from rasa_sdk import Tracker

from actions.base import person_of, text_of
from actions.follow_up import NamesOrAsks
from knowledge.directory import Entry
from knowledge.search.filters import person_fit
from nlu.french.person import Person, read_person


class ActionTellAudience(NamesOrAsks):
    action_name, response = "action_tell_audience", "say_audience"

    def sentence(self, entry: Entry, question: str) -> str | None:
        plain = read_person(question) == Person()  # « et les Cornillettes ? », not « ma fille de 12 ans »
        return super().sentence(entry, question) if plain else None

    def details(self, entry: Entry, tracker: Tracker) -> dict[str, Any]:
        asked = read_person(text_of(tracker))
        known = person_of(tracker).merged(asked)
        fits = {fit.reason: fit.shift > 0 for fit in person_fit(entry, known)}
        return {"asked_age": known.age, "asked_gender": asked.gender, "fits": fits}
