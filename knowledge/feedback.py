"""What residents say of an answer."""

import sqlalchemy as sa

from knowledge.models import Base


class Feedback(Base):
    """Was an answer helpful? Kept without the conversation's text."""

    __tablename__ = "feedback"
    id = sa.Column(sa.String(36), primary_key=True)
    conversation = sa.Column(sa.String(64), nullable=False, index=True)
    helpful = sa.Column(sa.Boolean, nullable=False)
    comment = sa.Column(sa.Text)
    created_at = sa.Column(sa.DateTime(timezone=True), nullable=False, index=True)
