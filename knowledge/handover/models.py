"""The tables of what residents ask of a person, and of what an agent and a resident write to each other."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import relationship

from knowledge.accounts.models import Account
from knowledge.models import Base
from knowledge.moments import Moment, utc_now

WAITING, TAKEN, CLOSED = "waiting", "taken", "closed"
RESIDENT, AGENT = "resident", "agent"


def _account() -> sa.Column:
    return sa.Column(sa.String(36), sa.ForeignKey("accounts.id", ondelete="SET NULL"), index=True)


class CallbackRequest(Base):
    """A resident who wants to hear from a person, by telephone (E.164) or in the conversation."""

    __tablename__ = "callback_requests"
    id = sa.Column(sa.String(36), primary_key=True)
    conversation = sa.Column(sa.String(64), index=True)
    first_name = sa.Column(sa.String(60), nullable=False)
    phone = sa.Column(sa.String(20))
    # Who asked on another channel is written to there: under their number or the platform's id.
    channel = sa.Column(sa.String(20))
    address = sa.Column(sa.String(100))
    subject = sa.Column(sa.Text, nullable=False)
    consented_at = sa.Column(Moment, nullable=False, default=utc_now)
    created_at = sa.Column(Moment, nullable=False, default=utc_now, index=True)
    state = sa.Column(sa.String(10), nullable=False, default=WAITING)
    account_id = _account()
    taken_at = sa.Column(Moment)
    closed_at = sa.Column(Moment)
    note = sa.Column(sa.Text, nullable=False, default="")
    __table_args__: Any = (
        sa.CheckConstraint("state in ('waiting', 'taken', 'closed')", name="state"),
        sa.CheckConstraint("phone is not null or conversation is not null", name="reachable"),
    )

    account = relationship(Account, lazy="joined")


class Talk(Base):
    """A conversation that an agent writes in, or wrote in. Until ``open_until`` the bot leaves it alone."""

    __tablename__ = "talks"
    conversation = sa.Column(sa.String(64), primary_key=True)
    account_id = _account()
    open_until = sa.Column(Moment, nullable=False)
    last_number = sa.Column(sa.Integer, nullable=False, default=0)
    updated_at = sa.Column(Moment, nullable=False, default=utc_now, index=True)

    account = relationship(Account, lazy="joined")


class TalkMessage(Base):
    """What one of the two wrote; ``number`` counts from 1 in a conversation, in the order of arrival."""

    __tablename__ = "talk_messages"
    conversation = sa.Column(sa.String(64), sa.ForeignKey("talks.conversation", ondelete="CASCADE"), primary_key=True)
    number = sa.Column(sa.Integer, primary_key=True, autoincrement=False)
    author = sa.Column(sa.String(10), nullable=False)
    text = sa.Column(sa.Text, nullable=False)
    at = sa.Column(Moment, nullable=False, default=utc_now)
    __table_args__: Any = (sa.CheckConstraint("author in ('resident', 'agent')", name="author"),)
