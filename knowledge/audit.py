"""Who did what, when. Never what residents wrote, nor who they are."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.accounts.models import Account
from knowledge.models import Base
from knowledge.moments import Moment, utc_now


class AuditEntry(Base):
    """One thing done. The name stays readable after the account is gone."""

    __tablename__ = "audit_entries"
    id = sa.Column(sa.Integer, primary_key=True)
    at = sa.Column(Moment, nullable=False, default=utc_now, index=True)
    account_id = sa.Column(sa.String(36), sa.ForeignKey("accounts.id", ondelete="SET NULL"), index=True)
    name = sa.Column(sa.String(100))
    what = sa.Column(sa.String(40), nullable=False)
    subject = sa.Column(sa.String(200), nullable=False, default="")
    details = sa.Column(sa.JSON, nullable=False, default=dict)


def audit(session: Session, account: Account | None, what: str, subject: str = "", details: dict[str, Any] | None = None) -> None:
    """Note, in the caller's transaction, that ``account`` (None: the command line) did ``what`` to ``subject``.

    ``what`` is a code such as ``account.created``; its French words are in ``templates/staff/words.html``.
    ``details`` are plain values (an id, a role, a count): no word of a resident, no secret.
    """
    session.add(
        AuditEntry(account_id=account and account.id, name=account and account.name, what=what, subject=subject, details=details or {})
    )


def entries(session: Session, before: int | None = None, limit: int = 50) -> list[AuditEntry]:
    """The newest entries first, or those older than the entry ``before``."""
    chosen = sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    return list(session.execute(chosen.where(AuditEntry.id < before) if before else chosen).scalars())
