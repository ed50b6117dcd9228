"""The tables of messages on their way: in, out, who wants none, and what was spent."""

from typing import Any

import sqlalchemy as sa

from knowledge.models import Base
from knowledge.moments import Moment, utc_now

# Inbox; `dead` in both
WAITING, DONE = "waiting", "done"
# Outbox; `sending` is set before the provider is called, so that after a crash it is known that it may have been.
SENDING, SENT, DELIVERED, DEAD = "sending", "sent", "delivered", "dead"


def _number() -> sa.Column:
    """Counts up in the order of arrival."""
    return sa.Column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True)


class IncomingMessage(Base):
    """What a provider handed over. The words and the sender are erased when it is done; the ids stay against repeats."""

    __tablename__ = "inbox"
    id = _number()
    channel = sa.Column(sa.String(20), nullable=False)
    provider_id = sa.Column(sa.String(200), nullable=False)
    conversation = sa.Column(sa.String(64), nullable=False)
    sender = sa.Column(sa.String(100))
    text = sa.Column(sa.Text)
    digest = sa.Column(sa.String(64), nullable=False)  # keyed hash of the words: sees repeats when they are gone
    kind = sa.Column(sa.String(10), nullable=False)  # as it came; of what is done, what it turned out to be (abuse.py)
    state = sa.Column(sa.String(10), nullable=False, default=WAITING)
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    due_at = sa.Column(Moment, nullable=False, default=utc_now)
    owner = sa.Column(sa.String(36))
    leased_until = sa.Column(Moment)
    arrived_at = sa.Column(Moment, nullable=False, default=utc_now, index=True)
    __table_args__: Any = (
        sa.UniqueConstraint("channel", "provider_id"),
        sa.Index("ix_inbox_state", "state", "due_at"),
        sa.Index("ix_inbox_conversation", "conversation", "id"),
        sa.CheckConstraint("state in ('waiting', 'done', 'dead')", name="state"),
    )


class OutgoingMessage(Base):
    """One body for one person. Recipient and body are erased when the provider has it; a dead letter keeps them."""

    __tablename__ = "outbox"
    id = _number()
    key = sa.Column(sa.String(36), nullable=False, unique=True)
    channel = sa.Column(sa.String(20), nullable=False)
    conversation = sa.Column(sa.String(64), nullable=False)
    answers = sa.Column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"))  # id of the inbox's row
    position = sa.Column(sa.Integer, nullable=False, default=0)
    recipient = sa.Column(sa.String(100))
    body = sa.Column(sa.JSON(none_as_null=True))
    cost = sa.Column(sa.Integer, nullable=False, default=0)
    urgent = sa.Column(sa.Boolean, nullable=False, default=False)
    state = sa.Column(sa.String(10), nullable=False, default=WAITING)
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    due_at = sa.Column(Moment, nullable=False, default=utc_now)
    expires_at = sa.Column(Moment)
    owner = sa.Column(sa.String(36))
    leased_until = sa.Column(Moment)
    begun_at = sa.Column(Moment)
    provider_id = sa.Column(sa.String(200))
    reason = sa.Column(sa.String(60))
    created_at = sa.Column(Moment, nullable=False, default=utc_now, index=True)
    updated_at = sa.Column(Moment, nullable=False, default=utc_now)
    __table_args__: Any = (
        sa.UniqueConstraint("answers", "position"),
        sa.Index("ix_outbox_state", "state", "due_at"),
        sa.Index("ix_outbox_conversation", "conversation", "id"),
        sa.Index("ix_outbox_channel", "channel", "provider_id"),
        sa.CheckConstraint("state in ('waiting', 'sending', 'sent', 'delivered', 'dead')", name="state"),
    )


class Kept(Base):
    """What the last answer in a conversation left open: the rest for « PLUS », the payloads behind « 1 », « 2 », « 3 »."""

    __tablename__ = "channel_conversations"
    conversation = sa.Column(sa.String(64), primary_key=True)
    rest = sa.Column(sa.JSON, nullable=False, default=list)
    choices = sa.Column(sa.JSON, nullable=False, default=list)
    updated_at = sa.Column(Moment, nullable=False, default=utc_now, index=True)


class OptOut(Base):
    """Somebody who wants no messages. Stays when conversations are erased: it is what protects them."""

    __tablename__ = "opt_outs"
    conversation = sa.Column(sa.String(64), primary_key=True)
    channel = sa.Column(sa.String(20), nullable=False)
    since = sa.Column(Moment, nullable=False, default=utc_now)


class Spent(Base):
    """What was sent on a day (Paris), in the channel's units (SMS segments)."""

    __tablename__ = "spent"
    day = sa.Column(sa.Date, primary_key=True)
    channel = sa.Column(sa.String(20), primary_key=True)
    units = sa.Column(sa.Integer, nullable=False, default=0)
    alarmed_at = sa.Column(Moment)
