"""Sessions of signed-in browsers: begun, found while they last, ended."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.accounts.models import Account, StaffSession
from knowledge.accounts.tokens import digest, new_token
from knowledge.moments import utc_now

# A session is marked as seen at most so often: typing must not write to the database at each key.
_SEEN_EVERY = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Lifetime:
    """How long a session lasts without use, and at most."""

    idle: dt.timedelta
    longest: dt.timedelta


def begin(session: Session, account: Account, awaits_code: bool = False) -> str:
    """Open a session and return its token. ``awaits_code``: the second factor is still to come."""
    token, now = new_token(), utc_now()
    session.add(StaffSession(id=digest(token), account_id=account.id, created_at=now, seen_at=now, awaits_code=awaits_code))
    return token


def find(session: Session, token: str, lifetime: Lifetime) -> StaffSession | None:
    """The session of ``token`` with its account, unless it is over or the account is disabled."""
    now = utc_now()
    alive = sa.and_(StaffSession.seen_at > now - lifetime.idle, StaffSession.created_at > now - lifetime.longest)
    found = session.execute(
        sa.select(StaffSession).join(StaffSession.account).where(StaffSession.id == digest(token), alive, ~Account.disabled)
    ).scalar_one_or_none()
    if found and found.seen_at < now - _SEEN_EVERY:
        found.seen_at = now
    return found


def end(session: Session, token: str) -> None:
    """Close the session of ``token``, if there is one."""
    session.execute(sa.delete(StaffSession).where(StaffSession.id == digest(token)))


def end_all(session: Session, account_id: str, but: str | None = None) -> None:
    """Close every session of an account, but the one with the id ``but``."""
    session.execute(sa.delete(StaffSession).where(StaffSession.account_id == account_id, StaffSession.id != (but or "")))


def of_account(session: Session, account_id: str) -> list[StaffSession]:
    """The account's sessions, last used first."""
    chosen = sa.select(StaffSession).where(StaffSession.account_id == account_id).order_by(StaffSession.seen_at.desc())
    return list(session.execute(chosen).scalars())


def erase_old(session: Session, lifetime: Lifetime) -> int:
    """Delete what no cookie opens any more; returns how many."""
    now = utc_now()
    over = sa.or_(StaffSession.seen_at <= now - lifetime.idle, StaffSession.created_at <= now - lifetime.longest)
    return session.execute(sa.delete(StaffSession).where(over)).rowcount
