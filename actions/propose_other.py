"""« Autre chose ? »: the next best actions for the same need, never the same ones again."""

from collections.abc import Sequence

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.base import now_about, text_of, utter
from actions.going_on import GoesOn
from knowledge.search import Hit, Kind, Result, decide
from knowledge.search.filters import CLOSED
from nlu.french.ellipsis import subject_words
from nlu.french.reference import refers_to_other

# The need is known to be of this kind, so weaker matches are worth a look; noise is not.
_LEAST_MARGIN = -0.75
_MOST = 3
_NAMED, _SURELY_NAMED = 0.6, 0.85


class ActionProposeOther(GoesOn):
    action_name = "action_propose_other"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        theirs = self.of_a_named_organisation(tracker)
        if theirs:  # « le CIDFF, ils font autre chose ? »
            return self.show(dispatcher, tracker, theirs, Kind.clarify if len(theirs) > 1 else Kind.answer)
        if refers_to_other(text_of(tracker)) and (other := self.other_one(tracker)):  # « et pour mon autre demande ? »
            utter(dispatcher, "say_answer", [other.id])
            return now_about(tracker, [other.id])
        new = self._new_one(tracker)
        if not (new and new.is_sure(_SURELY_NAMED)) and self.rather_goes_on(tracker):
            return self.go_on(dispatcher, tracker, domain)
        if new and new.is_sure(_NAMED):  # « un autre jardin pour ma petite »
            return self.answer_need(dispatcher, tracker)
        need = tracker.get_slot("need_text")
        if not need:
            if decide(self.find(tracker, text_of(tracker))).kind is Kind.answer:  # « sinon, pour mon dossier de retraite ? »
                return self.answer_need(dispatcher, tracker)
            utter(dispatcher, "say_ask_need")
            return []
        shown = self._next(tracker, need)
        utter(dispatcher, "say_other" if shown else "say_no_other", shown)
        return now_about(tracker, shown)

    def _new_one(self, tracker: Tracker) -> Result | None:
        """What the words of the message lead to, when it was not seen yet; None without words of a subject."""
        text = text_of(tracker)
        result = self.find(tracker, text, limit=1) if subject_words(text) else None
        return result if result and result.best and result.best.entry.id not in self.ids(tracker, "seen") else None

    def _next(self, tracker: Tracker, need: str) -> list[str]:
        """The next actions for ``need`` that were not seen yet: those of the most themes in common with the first answer come first."""
        seen = tracker.get_slot("seen") or []
        themes = entry.action.themes if seen and (entry := self.entry(seen[0])) else ()
        everything = self.find(tracker, need, limit=len(self.services.store.current().entries)).hits
        others = [hit for hit in everything if hit.entry.id not in seen]
        near = [hit for hit in others if hit.margin > _LEAST_MARGIN or self._is_kin(hit, themes)]
        near.sort(key=lambda hit: -len(set(themes) & set(hit.entry.action.themes)))
        return [hit.entry.id for hit in near[:_MOST]]

    @staticmethod
    def _is_kin(hit: Hit, themes: Sequence[str]) -> bool:
        """True for what shares the main theme of the first answer, and is open to the person."""
        return bool(set(themes[:1]) & set(hit.entry.action.themes)) and all(fit.shift > CLOSED for fit in hit.fits)
