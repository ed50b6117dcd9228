"""Claiming rows for a while, among several processes of which any may be killed at any moment."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.moments import utc_now

# Nothing is put off for longer: what is due later was stamped before the clock was set back.
LONGEST_PAUSE = dt.timedelta(minutes=20)


def claim_due(session: Session, table: Any, wanted: Iterable[Any], owner: str, lease: dt.timedelta, most: int, **values: Any) -> list[Any]:
    """Lease up to ``most`` due rows of ``table`` that fit ``wanted`` to ``owner``, count the attempt and set ``values``.

    PostgreSQL skips what another transaction is claiming. SQLite knows no row locks: there the conditional update
    alone decides, one writer after another. Either way a row goes to one owner until its lease runs out.
    """
    now = utc_now()
    free = sa.or_(table.leased_until.is_(None), table.leased_until <= now, table.leased_until > now + 2 * lease)
    due = sa.or_(table.due_at <= now, table.due_at > now + LONGEST_PAUSE)
    found = sa.select(table.id).where(due, free, *wanted).order_by(table.id).limit(most)
    claimed = []
    for row_id in session.execute(found.with_for_update(skip_locked=True)).scalars().all():
        update = sa.update(table).where(table.id == row_id, free, *wanted)
        update = update.values(owner=owner, leased_until=now + lease, attempts=table.attempts + 1, **values)
        if session.execute(update.execution_options(synchronize_session=False)).rowcount == 1:
            claimed.append(row_id)
    if not claimed:
        return []
    return list(session.execute(sa.select(table).where(table.id.in_(claimed)).order_by(table.id)).scalars())


def give_back(session: Session, table: Any, row_id: int, owner: str, seconds: float) -> None:
    """Let go of a row that ``owner`` could not finish; it is due again after ``seconds``, whoever claims it."""
    mine = sa.update(table).where(table.id == row_id, table.owner == owner)
    mine = mine.values(owner=None, leased_until=None, due_at=utc_now() + dt.timedelta(seconds=seconds))
    session.execute(mine.execution_options(synchronize_session=False))
