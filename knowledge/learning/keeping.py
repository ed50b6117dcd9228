"""Keeping what was missed: masked, without its conversation, never an emergency."""

import datetime as dt
from collections.abc import Iterable
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.learning.masking import mask, without_masks
from knowledge.learning.models import MissedQuestion, SetAside
from knowledge.models import stable_id
from knowledge.upsert import insert
from nlu.french.distress import read_distress
from nlu.french.text import words

_LONGEST = 300


class Reason(str, Enum):
    """Why a question is worth a look."""

    misunderstood = "misunderstood"  # asked back: nothing stood out
    refused = "refused"  # taken for one that no action covers
    unsure = "unsure"  # answered, but hardly likelier than others
    unhelpful = "unhelpful"  # the person said that the answer did not help


def keep(session: Session, text: str, reason: Reason, day: dt.date) -> bool:
    """Keep a question for the staff to look at; False when nothing of it may or need be kept."""
    masked = _kept_as(text)
    if read_distress(text) or not words(without_masks(masked)):
        return False
    key = stable_id("missed", masked, reason.value, day.isoformat())
    added = insert(session, MissedQuestion).values(id=key, text=masked, reason=reason.value, day=day, times=1)
    session.execute(added.on_conflict_do_update(index_elements=["id"], set_={"times": MissedQuestion.times + 1}))
    return True


def forget_texts(session: Session, texts: Iterable[str]) -> None:
    """Erase what was kept of messages: in the queue and set aside, whoever else wrote the same words.

    Nothing says whose a question is, so it is found again by what ``keep`` made of its words.
    """
    masked = {_kept_as(text) for text in texts}
    for table in (MissedQuestion, SetAside):
        session.execute(sa.delete(table).where(table.text.in_(masked)).execution_options(synchronize_session=False))


def _kept_as(text: str) -> str:
    return mask(text)[:_LONGEST]
