"""What becomes of missed questions. Every function works in the caller's transaction; twice does no more than once."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.editing.changes import add_phrasing, save
from knowledge.editing.history import content, current
from knowledge.learning.models import MissedQuestion, SetAside
from knowledge.models import stable_id
from knowledge.moments import utc_now
from knowledge.upsert import insert
from knowledge.version import take_turn

IGNORED, NEEDED = "ignored", "needed"
_VOICE = "resident"


def teach_action(session: Session, ids: Sequence[str], text: str, action_id: str, by: str) -> None:
    """Make ``text`` a phrasing of the action, and forget the questions. Raises UnknownSheet, InvalidSheet."""
    add_phrasing(session, action_id, _VOICE, text, by)
    forget(session, ids)


def teach_outside(session: Session, ids: Sequence[str], text: str, topic_id: str, by: str) -> None:
    """Make ``text`` a phrasing of the outside topic, and forget the questions. Raises UnknownSheet, InvalidSheet."""
    take_turn(session)
    record, seen = current(session, "outside_topic", topic_id)
    topic = content(record)
    if text not in topic["questions"]:
        save(session, "outside_topic", topic_id, {**topic, "questions": [*topic["questions"], text]}, seen, by)
    forget(session, ids)


def set_aside(session: Session, ids: Sequence[str], kind: str, by: str) -> None:
    """Put the questions aside under the wording of the first one: ``ignored``, or ``needed``: a new action is."""
    questions = session.execute(sa.select(MissedQuestion).where(MissedQuestion.id.in_(ids))).scalars().all()
    found = {question.id: question for question in questions}
    first = next((found[one] for one in ids if one in found), None)
    if first is None:
        return
    times = sum(question.times for question in found.values())
    put = insert(session, SetAside).values(id=stable_id("aside", first.text), text=first.text, kind=kind, times=times, by=by, at=utc_now())
    session.execute(put.on_conflict_do_update(index_elements=["id"], set_={"kind": kind, "by": by, "times": SetAside.times + times}))
    forget(session, ids)


def take_back(session: Session, aside_id: str) -> None:
    """Undo ``set_aside``: questions like it are shown again."""
    session.execute(sa.delete(SetAside).where(SetAside.id == aside_id))


def forget(session: Session, ids: Sequence[str]) -> None:
    """Delete questions that were decided on."""
    session.execute(sa.delete(MissedQuestion).where(MissedQuestion.id.in_(ids)).execution_options(synchronize_session=False))
