"""The tables of what was missed. Texts are masked before they come here, and belong to no conversation."""

from typing import Any

import sqlalchemy as sa

from knowledge.models import Base
from knowledge.moments import Moment, utc_now


class MissedQuestion(Base):
    """A question, why it is here, and how often it was asked so on one day. The id is made of these three."""

    __tablename__ = "missed_questions"
    id = sa.Column(sa.String(36), primary_key=True)
    text = sa.Column(sa.Text, nullable=False)
    reason = sa.Column(sa.String(15), nullable=False)
    day = sa.Column(sa.Date, nullable=False, index=True)
    times = sa.Column(sa.Integer, nullable=False)
    __table_args__: Any = (sa.CheckConstraint("reason in ('misunderstood', 'refused', 'unsure', 'unhelpful')", name="reason"),)


class SetAside(Base):
    """A question that somebody of the staff read and decided on: ignored, or one that a new action is needed for."""

    __tablename__ = "set_aside_questions"
    id = sa.Column(sa.String(36), primary_key=True)
    text = sa.Column(sa.Text, nullable=False)
    kind = sa.Column(sa.String(10), nullable=False)
    times = sa.Column(sa.Integer, nullable=False)
    by = sa.Column(sa.String(100), nullable=False)
    at = sa.Column(Moment, nullable=False, default=utc_now)
    __table_args__: Any = (sa.CheckConstraint("kind in ('ignored', 'needed')", name="kind"),)
