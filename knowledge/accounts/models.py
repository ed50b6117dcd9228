"""The tables of accounts and of their sessions. Secrets are only kept hashed or encrypted."""

from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import relationship

from knowledge.models import Base
from knowledge.moments import Moment, utc_now


class Role(str, Enum):
    """What an account may do; each role may also do what those before it may."""

    agent = "agent"
    editor = "editor"
    administrator = "administrator"

    def includes(self, other: "Role") -> bool:
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


class Account(Base):
    """A person of the PIMMS. Without ``password_hash`` they were invited, or only come through OpenID Connect."""

    __tablename__ = "accounts"
    id = sa.Column(sa.String(36), primary_key=True)
    email = sa.Column(sa.String(254), nullable=False, unique=True)
    name = sa.Column(sa.String(100), nullable=False)
    role = sa.Column(sa.String(20), nullable=False)
    password_hash = sa.Column(sa.Text)
    disabled = sa.Column(sa.Boolean, nullable=False, default=False)
    invitation_hash = sa.Column(sa.String(64), index=True)
    invited_until = sa.Column(Moment)
    totp_secret = sa.Column(sa.Text)
    totp_last_step = sa.Column(sa.Integer)
    recovery_hashes = sa.Column(sa.JSON, nullable=False, default=list)
    created_at = sa.Column(Moment, nullable=False, default=utc_now)
    __table_args__ = (sa.CheckConstraint("role in ('agent', 'editor', 'administrator')", name="role"),)

    def may(self, role: str) -> bool:
        """True when the account's role is ``role`` or a higher one."""
        return Role(self.role).includes(Role(role))


class StaffSession(Base):
    """One signed-in browser. ``id`` is the hash of the cookie's token, which is kept nowhere.

    ``kept`` holds the ids of the actions set aside for the person at the counter, and nothing about them.
    """

    __tablename__ = "staff_sessions"
    id = sa.Column(sa.String(64), primary_key=True)
    account_id = sa.Column(sa.String(36), sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True)
    created_at = sa.Column(Moment, nullable=False)
    seen_at = sa.Column(Moment, nullable=False)
    awaits_code = sa.Column(sa.Boolean, nullable=False, default=False)
    kept = sa.Column(sa.JSON, nullable=False, default=list)

    account = relationship(Account, lazy="joined", innerjoin=True)
