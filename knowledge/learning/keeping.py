"""Keeping what was missed: masked, without its conversation, never an emergency."""

import datetime as dt
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.learning.masking import mask, without_masks
from knowledge.learning.models import MissedQuestion, SetAside
from knowledge.models import stable_id
from knowledge.moments import utc_now
from knowledge.upsert import insert
from nlu.french.distress import read_distress
from nlu.french.text import words

_LONGEST = 300
# What was set aside is still a resident's words: it goes after a year, the notice for residents says so.
_SET_ASIDE = dt.timedelta(days=365)


class Reason(str, Enum):
    """Why a question is worth a look."""

    misunderstood = "misunderstood"  # asked back: nothing stood out
    refused = "refused"  # taken for one that no action covers
    unsure = "unsure"  # answered, but hardly likelier than others
    unhelpful = "unhelpful"  # the person said that the answer did not help


def keep(session: Session, text: str, reason: Reason, day: dt.date) -> bool:
    """Keep a question for the staff to look at; False when nothing of it may or need be kept."""
    masked = mask(text)[:_LONGEST]
    if read_distress(text) or not words(without_masks(masked)):
        return False
    key = stable_id("missed", masked, reason.value, day.isoformat())
    added = insert(session, MissedQuestion).values(id=key, text=masked, reason=reason.value, day=day, times=1)
    session.execute(added.on_conflict_do_update(index_elements=["id"], set_={"times": MissedQuestion.times + 1}))
    return True


def erase_before(session: Session, day: dt.date) -> int:
    """Erase what was asked before ``day`` and nobody decided on; returns how many."""
    return session.execute(sa.delete(MissedQuestion).where(MissedQuestion.day < day)).rowcount


def erase_set_aside(session: Session) -> int:
    """Erase what was set aside more than a year ago; returns how many."""
    return session.execute(sa.delete(SetAside).where(SetAside.at < utc_now() - _SET_ASIDE)).rowcount
