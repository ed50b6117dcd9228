"""Erasing what is no longer needed. ``docs/privacy.md`` says the same in words; a test holds the two together."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from knowledge.accounts.models import StaffSession
from knowledge.audit import AuditEntry
from knowledge.database import wipe_journal
from knowledge.delivery.inbox import FORGOTTEN
from knowledge.delivery.models import IncomingMessage, Kept, OutgoingMessage, Spent
from knowledge.exchange import waiting
from knowledge.exchange.models import WaitingImport
from knowledge.feedback import Feedback
from knowledge.handover.models import CallbackRequest, Talk, TalkMessage
from knowledge.learning.models import MissedQuestion, SetAside
from knowledge.moments import utc_now
from knowledge.once import KEPT, Answered
from knowledge.personal import EVENTS
from knowledge.reports import SheetReport

_YEAR = dt.timedelta(days=365)
# Longer than any limit of messages looks back, and than providers repeat one.
_AFTER_ERASURE = dt.timedelta(days=2)
# So many rows a transaction: nobody who writes meanwhile waits for long.
_AT_ONCE = 2000


# What was written up to now is older than tomorrow, in every zone.
_TOMORROW = 2


@dataclass(frozen=True)
class Rule:
    """Rows whose ``moment`` is ``older_than`` this are erased; None: than the retention time of the settings."""

    moment: Any
    older_than: dt.timedelta | None = None
    only: Any = sa.true()

    @property
    def table(self) -> Any:
        """The table that the rule empties."""
        return EVENTS if self.moment is EVENTS.c.timestamp else self.moment.class_.__table__


RULES = (
    # By the row and not by the conversation: one that never ends, by SMS, has no older words than others.
    Rule(EVENTS.c.timestamp),
    Rule(Feedback.created_at),
    Rule(CallbackRequest.created_at),
    Rule(TalkMessage.at),
    Rule(Talk.updated_at),
    Rule(SheetReport.created_at),
    Rule(MissedQuestion.day),
    # Still a resident's words, which somebody read and decided on.
    Rule(SetAside.at, _YEAR),
    Rule(IncomingMessage.arrived_at),
    Rule(IncomingMessage.arrived_at, _AFTER_ERASURE, IncomingMessage.digest == FORGOTTEN),
    Rule(OutgoingMessage.created_at),
    Rule(Kept.updated_at),
    Rule(Spent.day),
    Rule(Answered.at, KEPT),
    Rule(StaffSession.seen_at),
    Rule(WaitingImport.at, waiting.KEPT_FOR),
    Rule(AuditEntry.at, _YEAR),
)


def erase_older_than(session_factory: sessionmaker, days: int) -> dict[str, int]:
    """Erase what is past its time, ``days`` where no other is fixed; returns how many rows of each table.

    Each table in transactions of its own: a failure (SQLAlchemyError) leaves nothing half done, and what was erased stays so.
    """
    erased: dict[str, int] = {}
    for rule in RULES:
        limit = utc_now() - (rule.older_than or dt.timedelta(days=days))
        erased[rule.table.name] = erased.get(rule.table.name, 0) + sum(_bites(session_factory, rule, limit))
    with session_factory() as session:
        database = session.get_bind()
    wipe_journal(database)
    return erased


def erase_all(session_factory: sessionmaker, days: int | None) -> dict[str, int]:
    """Erase what is older than ``days`` (None: everything that people wrote, however new) after a restore.

    Without days the answers kept for who sends twice go too, and what waits to be sent: it answers nobody any more.
    """
    if days is not None:
        return erase_older_than(session_factory, days)
    with session_factory.begin() as session:
        session.execute(sa.delete(Answered))
    return erase_older_than(session_factory, -_TOMORROW)


def _bites(session_factory: sessionmaker, rule: Rule, limit: dt.datetime) -> Iterator[int]:
    found = _AT_ONCE
    while found == _AT_ONCE:
        with session_factory.begin() as session:
            found = _erase(session, rule, limit)
        yield found


def _erase(session: Session, rule: Rule, limit: dt.datetime) -> int:
    keys = [rule.table.c.id] if rule.table is EVENTS else list(rule.table.primary_key)
    old = sa.select(*keys).where(rule.moment < _as_kept(rule, limit), rule.only).order_by(*keys).limit(_AT_ONCE)
    chosen = (keys[0] if len(keys) == 1 else sa.tuple_(*keys)).in_(old)
    return session.execute(sa.delete(rule.table).where(chosen)).rowcount


def _as_kept(rule: Rule, limit: dt.datetime) -> Any:
    """``limit`` as the column keeps moments: seconds since the epoch, a day, or the moment."""
    if rule.table is EVENTS:
        return limit.timestamp()
    return limit.date() if isinstance(rule.moment.type, sa.Date) else limit
