"""What may be sent a day, in the channel's units (SMS segments). Inside the caller's transaction."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.delivery.models import Spent
from knowledge.moments import utc_now
from knowledge.upsert import insert

# At this part of the day's allowance somebody should look.
ALARM_AT = 0.8


def spend(session: Session, day: dt.date, channel: str, units: int, most: int, urgent: bool = False) -> bool:
    """Take ``units`` of the day's allowance ``most`` (0: no limit); False when it is used up. ``urgent`` passes, and counts.

    One conditional update: processes that send at once cannot together pass the limit.
    """
    if not units:
        return True
    session.execute(insert(session, Spent).values(day=day, channel=channel, units=0).on_conflict_do_nothing())
    today = sa.update(Spent).where(Spent.day == day, Spent.channel == channel)
    if most and not urgent:
        today = today.where(Spent.units + units <= most)
    return session.execute(today.values(units=Spent.units + units).execution_options(synchronize_session=False)).rowcount == 1


def alarm(session: Session, day: dt.date, channel: str, most: int) -> bool:
    """True once a day, as soon as most of the allowance is spent."""
    if not most:
        return False
    near = sa.update(Spent).where(Spent.day == day, Spent.channel == channel, Spent.alarmed_at.is_(None), Spent.units >= ALARM_AT * most)
    return session.execute(near.values(alarmed_at=utc_now()).execution_options(synchronize_session=False)).rowcount == 1


def alarmed(session: Session, day: dt.date) -> dict[str, int]:
    """Units by channel of those that gave the alarm on ``day``."""
    rows = session.execute(sa.select(Spent.channel, Spent.units).where(Spent.day == day, Spent.alarmed_at.is_not(None)))
    return {row.channel: row.units for row in rows}


def spent(session: Session, day: dt.date) -> dict[str, int]:
    """Units by channel on ``day``."""
    rows = session.execute(sa.select(Spent.channel, Spent.units).where(Spent.day == day))
    return {row.channel: row.units for row in rows}
