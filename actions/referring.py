"""Which action a message means: named, counted, pointed at, asked for before with the same words, or the one spoken of."""

from collections.abc import Sequence

from rasa_sdk import Tracker

from actions.base import DirectoryAction, entity, intent_chances, intent_of, said_of, text_of
from actions.staying import chance, signs
from knowledge.directory import Entry
from nlu.french.ellipsis import subject_words, telling_words, whose
from nlu.french.reference import (
    asks_who,
    begins_anew,
    goes_on_to,
    half_of_day,
    read_nth,
    refers_to_other,
    refers_to_previous,
    told_apart_by,
)
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
# Of what is said of dates, the words by which one is called (« celle de juillet »).
_DATES = frozenset(
    words(
        "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre printemps ete automne hiver "
        "lundi mardi mercredi jeudi vendredi samedi dimanche"
    )
)
# A word of fewer letters tells no title from another.
_TELLS_APART = 4
# A message nearly repeats what is taught of the outside (margin): « il va pleuvoir demain ? ».
TAUGHT_OUTSIDE = 1.0
# From this probability on a message is about the action that is spoken of, unless it counts, returns or points elsewhere.
STAYS = 0.7
# … and from this one on where it leads nowhere else, or speaks of « eux ».
MAY_STAY = 0.3
# From this one on, also where a need's words would surely name another (« on apprend l'ordinateur aussi ? »).
_SURELY_STAYS = 0.85
# A message whose words lead to one action with this probability names it, whatever is spoken of.
_SURELY_NAMED = 0.85
# Words that only the whole message puts in doubt name nothing (« ils sont basés où ? » is no « savoirs de base »).
_LIKELY_NAMED, _NAMES_NOTHING = 0.4, 0.95


class Refers(DirectoryAction):
    """Can tell which action a message means."""

    def subject(self, tracker: Tracker) -> Entry | None:
        """Return the action that a follow-up is about: named, counted, or the current one."""
        named = self.entry(entity(tracker, "action_id"))
        if named:
            return named
        text, shown = text_of(tracker), tracker.get_slot("shown") or []
        surely = self.surely_named(text)
        nth = read_nth(text, len(shown)) if surely is None else None
        if nth is not None:
            spoken_of = self.ids(tracker, "history")  # where one alone is shown, « le premier » is none of a list
            return self.entry(spoken_of[0] if len(shown) == 1 and nth == 0 and spoken_of else shown[nth])
        current = self.entry(tracker.get_slot("current_action"))
        if such := self.such_a_one(tracker, text):
            return such
        if refers_to_other(text):
            return self.other_one(tracker) or current
        if refers_to_previous(text):
            before = [a for a in self.ids(tracker, "history") if current is None or a != current.id]
            return self.entry(before[-1]) if before else current
        if begins_anew(text) and (meant := self.meant_by_own_words(tracker)):
            return meant
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
        about_it = chance(text, signs(text, intent_chances(tracker), current.id, self.services.search, self.services.store.current()))
        sure = self.surely_named(text) if intent_of(tracker) == "need" and about_it < _SURELY_STAYS else None
        return 0.0 if sure and sure.id != current.id else about_it

    def _names_another(self, tracker: Tracker, current: Entry, text: str) -> bool:
        """True for the name of another organisation or action, or words that suit one spoken of before better than the current."""
        directory = self.services.store.current()
        called = directory.named_in(text)
        about = directory.about(subject_words(text))
        if (called and current not in called) or (about and about.id != current.id):
            return True
        others = [a for a in self.ids(tracker, "history", "shown", "seen") if a != current.id]
        if not others or not subject_words(text):
            return False
        best, own = (self.services.search.find(text, among=among, limit=1).hits[0].margin for among in (others, [current.id]))
        return best > max(own, _SPOKEN_OF_MARGIN)

    def surely_named(self, text: str) -> Entry | None:
        """Return the action that these words name whatever is spoken of, else None."""
        named = subject_words(text)
        if not named or (len(named) == 1 and self.services.store.current().is_in_a_quarter(text)):  # « il y en a à la Quinière ? »
            return None
        result = self.services.search.find(text, limit=1)
        return result.hits[0].entry if result.is_sure(_SURELY_NAMED) else None

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
        """Return the one of those spoken of whose title or date alone has a word of « ceux de jour », « celle de juillet », else None.

        « Celle de la Maison de Bégon » is theirs that is most like the need.
        """
        if counterpart := self._of_the_other_half(self.entry(tracker.get_slot("current_action")), text):
            return counterpart
        need = tracker.get_slot("need_text")
        theirs = [entry.id for entry in self.services.store.current().named_in(text)] if need and told_apart_by(text) else []
        if theirs:
            return self.services.search.find(need, among=theirs, limit=1).hits[0].entry
        said = [word for word in words(told_apart_by(text)) if len(word) >= _TELLS_APART]
        spoken_of = [self.services.store.current().by_id[a] for a in self.ids(tracker, "shown", "history")] if said else []
        meant = [entry for entry in spoken_of if any(_same(word, known) for word in said for known in _known_by(entry))]
        return meant[0] if len(meant) == 1 else None

    def _of_the_other_half(self, current: Entry | None, text: str) -> Entry | None:
        """Return who of the same organisation is there at the other time of day (« et la journée, c'est qui ? », of those of the night)."""
        asked = half_of_day(text) if current and (asks_who(text) or goes_on_to(text)) else None
        if current is None or asked is None or half_of_day(current.action.title) in (None, asked):
            return None
        theirs = [entry for entry in self.services.store.current().entries if entry.organisation.id == current.organisation.id]
        return next((entry for entry in theirs if half_of_day(entry.action.title) == asked), None)

    def meant_by_own_words(self, tracker: Tracker) -> Entry | None:
        """Return the action, not the current one, that was asked for with the words that come again, else None.

        « et l'épicerie, c'est où ? » after « je voudrais essayer une petite épicerie »; where no subject is named, whose matter it
        is: « et pour ma fille, jusqu'à quel âge ? » after « ma fille a 20 ans ». A need of which nobody is named is the writer's own.
        """
        said, current, text = said_of(tracker), tracker.get_slot("current_action"), text_of(tracker)
        read = telling_words if subject_words(text) else _whose_need
        again = (telling_words(text) if subject_words(text) else whose(text)) - read(said.get(current) or "")
        shared = {a: len(again & read(words_of_it)) for a, words_of_it in said.items() if a != current and self.entry(a)}
        return self.entry(max(reversed(shared), key=lambda a: shared[a])) if any(shared.values()) else None

    def named(self, text: str, current: Entry | None = None, spoken_of: Sequence[str] = ()) -> Entry | None:
        """Return the action that a follow-up names in its own words, else None.

        Little is enough to name one that was ``spoken_of`` before (« et pour le stage ? »).
        A bare organisation's name leaves the person on the current action when it is theirs.
        """
        named, directory = subject_words(text), self.services.store.current()
        called = directory.of_organisation(named)
        if current and called and called.organisation.id == current.organisation.id:
            return current
        theirs_before = [a for a in spoken_of if called and directory.by_id[a].organisation.id == called.organisation.id]
        if theirs_before:  # « contact Bégon »: what was spoken of is theirs
            return directory.by_id[theirs_before[-1]]
        if current and len(named) == 1 and directory.is_in_a_quarter(text):  # « il y en a à la Quinière ? »
            return current
        whole = self.services.search.find(text, limit=1)
        theirs = [entry.id for entry in directory.named_in(text)]
        if theirs:
            hits = self.services.search.find(text, among=theirs, limit=len(theirs)).hits
            mine = next((hit for hit in hits if current and hit.entry.id == current.id), None)
            # « le p'tit Bégon » is of the action spoken of, « les cours de Bégon » is another.
            if mine and (not named or mine.margin > hits[0].margin - _SPOKEN_OF_LEAD):
                return current
            among = [a for a in spoken_of if a in theirs]
            return directory.by_id[among[-1]] if among and hits[0].margin < _ACTION_MARGIN else hits[0].entry
        result = self.services.search.find(" ".join(named), limit=1)
        best = result.best
        weak = best is None or best.margin < _CLEARLY_ANOTHER or whole.sure_inside < _LIKELY_NAMED or whole.outside > _NAMES_NOTHING
        if current and best and weak and best.entry.id not in spoken_of and not begins_anew(text):
            return directory.about(named)
        if best is None or result.outside > _SUBJECT_OUTSIDE or best.margin < _SUBJECT_MARGIN:
            organisation = directory.about(named)
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


def _whose_need(text: str) -> frozenset[str]:
    """Whose matter a need is: the writer's own when nobody is named."""
    return whose(text) or whose("pour moi")


def _known_by(entry: Entry) -> list[str]:
    """The words of its title, and the months, seasons and days of its dates."""
    action = entry.action
    dates = " ".join([*(event.text for event in action.events), *(schedule.text for schedule in action.schedules)])
    return [*words(action.title), *(word for word in words(dates) if word in _DATES)]


def _same(said: str, titled: str) -> bool:
    """True for « jour » and « journée »."""
    return len(titled) >= _TELLS_APART and (titled.startswith(said) or said.startswith(titled))
