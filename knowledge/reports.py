"""« Signaler une erreur »: what readers of the directory found wrong, for the editors to look at.

Nobody is asked who they are. All functions work inside the caller's transaction.
"""

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.errors import KnowledgeError
from knowledge.models import Base
from knowledge.moments import Moment, utc_now
from knowledge.upsert import insert
from nlu.french.text import clean

LONGEST = 500
# What may be wrong; the words are in templates/words.html.
SUBJECTS = ("contact", "schedule", "place", "over", "other")
OPEN, DONE, IGNORED = "open", "done", "ignored"
_MOST_OPEN, _DECIDED_SHOWN = 200, 20


class ReportRefused(KnowledgeError, ValueError):
    """``problem``: the code of what is missing."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class SheetReport(Base):
    """One thing that a reader says is wrong on the page of an action."""

    __tablename__ = "sheet_reports"
    id = sa.Column(sa.String(36), primary_key=True)
    action = sa.Column(sa.String(80), nullable=False)
    subject = sa.Column(sa.String(10), nullable=False)
    text = sa.Column(sa.Text, nullable=False)
    created_at = sa.Column(Moment, nullable=False, default=utc_now, index=True)
    state = sa.Column(sa.String(10), nullable=False, default=OPEN, index=True)
    decided_by = sa.Column(sa.String(100))
    decided_at = sa.Column(Moment)
    __table_args__ = (
        sa.CheckConstraint("subject in ('contact', 'schedule', 'place', 'over', 'other')", name="subject"),
        sa.CheckConstraint("state in ('open', 'done', 'ignored')", name="state"),
    )


def leave(session: Session, action: str, subject: str, text: str, report_id: str | None = None) -> None:
    """Keep a report about ``action`` (the id of one that exists). The same ``report_id`` twice leaves one.

    Raises ReportRefused: ``subject`` (none was chosen), ``text_empty`` (nothing said where words are needed), ``text_long``.
    """
    said = clean(text)
    if subject not in SUBJECTS:
        raise ReportRefused("subject")
    # « It is over » says all by itself; a wrong number needs a word.
    if not said and subject != "over":
        raise ReportRefused("text_empty")
    if len(said) > LONGEST:
        raise ReportRefused("text_long")
    kept = {"id": report_id or str(uuid.uuid4()), "action": action, "subject": subject, "text": said}
    session.execute(insert(session, SheetReport).values(**kept, created_at=utc_now(), state=OPEN).on_conflict_do_nothing())


def waiting(session: Session) -> list[SheetReport]:
    """What nobody decided on, oldest first."""
    chosen = sa.select(SheetReport).where(SheetReport.state == OPEN).order_by(SheetReport.created_at).limit(_MOST_OPEN)
    return list(session.execute(chosen).scalars())


def decided(session: Session) -> list[SheetReport]:
    """The last that were decided on, newest first."""
    chosen = sa.select(SheetReport).where(SheetReport.state != OPEN).order_by(SheetReport.decided_at.desc())
    return list(session.execute(chosen.limit(_DECIDED_SHOWN)).scalars())


def decide(session: Session, report_id: str, state: str, name: str) -> bool:
    """Note that ``name`` corrected the sheet (``DONE``) or saw nothing to correct (``IGNORED``); False when a colleague was faster."""
    change = sa.update(SheetReport).where(SheetReport.id == report_id, SheetReport.state == OPEN)
    return session.execute(change.values(state=state, decided_by=name, decided_at=utc_now())).rowcount == 1


def reopen(session: Session, report_id: str) -> bool:
    """Put a report back among those to look at; False when it is there already."""
    change = sa.update(SheetReport).where(SheetReport.id == report_id, SheetReport.state != OPEN)
    return session.execute(change.values(state=OPEN, decided_by=None, decided_at=None)).rowcount == 1
