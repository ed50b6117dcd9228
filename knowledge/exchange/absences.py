"""What a producer's file no longer names is written down and told, and never deleted."""

import datetime as dt
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.exchange.incoming import Note
from knowledge.exchange.models import Absence
from knowledge.moments import utc_now


def note_absences(session: Session, absent: Mapping[str, tuple[list[str], list[str]]]) -> list[Note]:
    """Write down, in the caller's transaction, for each producer the ids that its file names and those that it does not.

    Returns what to tell: each absence, how often in a row it was found, and since when.
    """
    today = utc_now().date()
    notes = []
    for producer, (named, missing) in absent.items():
        session.execute(sa.delete(Absence).where(Absence.producer == producer, Absence.record.in_(named)))
        for record in missing:
            absence = session.get(Absence, (producer, record)) or Absence(producer=producer, record=record, since=today, times=0)
            absence.times += 1
            session.add(absence)
            notes.append(_note(absence.since, absence.times, producer, record))
    return notes


def _note(since: dt.date, times: int, producer: str, record: str) -> Note:
    return Note("absent", {"producer": producer, "record": record, "times": times, "since": f"{since:%d/%m/%Y}"})
