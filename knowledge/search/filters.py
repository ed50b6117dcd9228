"""Structured conditions on the directory, and how well an action fits a person."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.directory import Entry
from knowledge.schedules import State, half_day, opening_of
from knowledge.schema import Status
from nlu.french.person import Person

# Places that lie in the northern quarters (the city's page calls Coty, Bégon, Mirabeau, Kennedy and
# Croix-Chevalier "quartiers Nord"; Quinière and Cornillettes are quarters on watch).
NORTH = {"coty", "kennedy", "begon", "mirabeau", "croix-chevalier", "quartiers-nord"}


@dataclass(frozen=True)
class Filters:
    """Hard conditions; None means no condition. ``age`` in years, ``open_at`` aware or Paris time; ``day``: open at some time of it."""

    theme: str | None = None
    public: str | None = None
    quarter: str | None = None
    age: int | None = None
    gender: str | None = None
    status: str | None = None
    free: bool | None = None
    organisation: str | None = None
    open_at: dt.datetime | None = None
    day: dt.date | None = None

    def accepts(self, entry: Entry) -> bool:
        """True when ``entry`` is not excluded. What is unknown of an action does not exclude it,
        except for ``open_at``, ``day`` and ``free``, which promise something to the person."""
        action, audience = entry.action, entry.action.audience
        if self.theme and self.theme not in action.themes:
            return False
        if self.status and action.status != Status(self.status):
            return False
        if self.organisation and entry.organisation.id != self.organisation:
            return False
        if self.free and not (action.price and action.price.frais == "gratuit"):
            return False
        if self.open_at and not is_open_then(entry, self.open_at):
            return False
        if self.day and not is_open_on(entry, self.day):
            return False
        if audience is None:
            return True
        return (
            _age_fits(audience, self.age)
            and not (self.gender and audience.gender and audience.gender != self.gender)
            and not (self.public and not {self.public, "tous-publics"} & set(audience.publics))
            and not (self.quarter and audience.quarters and not _near(self.quarter, audience.quarters))
        )


def _age_fits(audience, age: int | None) -> bool:  # type: ignore[no-untyped-def]
    if age is None:
        return True
    return not (audience.age_min is not None and age < audience.age_min) and not (audience.age_max is not None and age > audience.age_max)


def is_open_then(entry: Entry, at: dt.datetime) -> bool:
    """Is it known to be open at this moment?"""
    return opening_of(entry.schedules, at).state is State.open


def is_open_on(entry: Entry, day: dt.date) -> bool:
    """Is it known to be open at some time of this day?"""
    return any(state is State.open for _, state in half_day(entry.schedules, day, dt.time(0), dt.time(23, 59)))


def _near(quarter: str, quarters: Sequence[str]) -> bool:
    return quarter in quarters or (quarter in NORTH and bool(NORTH & set(quarters)))


@dataclass(frozen=True)
class Fit:
    """How a person bears on an action's rank: a shift in margin and the reason (a fact's name)."""

    reason: str
    shift: float


# Shifts in margin (the classifier's margins lie mostly between -1.5 and +1). Exclusions weigh more
# than agreements: a door that is closed to the person must not come first.
_EXCLUDED = -1.5
# A door that the person's age or gender closes is moved down by more than this.
CLOSED = -0.5
_AGREES = 0.2


def person_fit(entry: Entry, person: Person) -> list[Fit]:
    """Return what is known of ``person`` that speaks for or against ``entry``."""
    audience = entry.action.audience
    found: list[Fit] = []
    if audience is None:
        return found
    if person.age is not None and (audience.age_min is not None or audience.age_max is not None):
        found.append(Fit("age", _AGREES if _age_fits(audience, person.age) else _EXCLUDED))
    if person.gender and audience.gender:
        found.append(Fit("gender", _AGREES if audience.gender == person.gender else _EXCLUDED))
    if person.quarter and audience.quarters:
        found.append(Fit("quarter", _AGREES if _near(person.quarter, audience.quarters) else -0.15))
    shared = set(person.publics) & set(audience.publics)
    if shared:
        found.append(Fit("public", 0.06 * len(shared)))
    if person.free and entry.action.price:
        found.append(Fit("price", _AGREES if entry.action.price.frais == "gratuit" else -0.2))
    return found
