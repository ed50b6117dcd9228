"""Files that were looked at and wait for a yes: kept with the directory's version, taken once, by who sent them."""

import datetime as dt
import hashlib

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.accounts.tokens import new_token
from knowledge.exchange.models import WaitingImport
from knowledge.models import DirectoryVersion
from knowledge.moments import utc_now

KEPT_FOR = dt.timedelta(hours=12)


def keep(session: Session, account_id: str, name: str, content: bytes, remove_absent: bool) -> str:
    """Keep a file until its import is confirmed, and return its id. It takes the place of the account's last one."""
    session.execute(sa.delete(WaitingImport).where((WaitingImport.account_id == account_id) | (WaitingImport.at < utc_now() - KEPT_FOR)))
    waiting = WaitingImport(
        id=new_token(),
        account_id=account_id,
        name=name[:200],
        content=content,
        remove_absent=remove_absent,
        version=current_version(session),
    )
    session.add(waiting)
    return waiting.id


def find(session: Session, waiting_id: str, account_id: str) -> WaitingImport | None:
    """The file of this account."""
    waiting = session.get(WaitingImport, waiting_id)
    return waiting if waiting is not None and waiting.account_id == account_id else None


def take(session: Session, waiting_id: str, account_id: str) -> bool:
    """Remove a file from those that wait; False when somebody did before: it is imported once."""
    chosen = sa.delete(WaitingImport).where(WaitingImport.id == waiting_id, WaitingImport.account_id == account_id)
    return bool(session.execute(chosen).rowcount)


def digest(content: bytes) -> str:
    """What the confirmation must name: the content that was looked at."""
    return hashlib.sha256(content).hexdigest()


def current_version(session: Session) -> int:
    """The directory's number; 0 when there is none."""
    return session.execute(sa.select(DirectoryVersion.version)).scalar_one_or_none() or 0
