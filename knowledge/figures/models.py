"""The one table of figures: sums by day. Nothing in it belongs to a conversation."""

import sqlalchemy as sa

from knowledge.models import Base


class Count(Base):
    """How often ``name`` was counted in ``series`` on one day (Paris) and channel.

    Each series stands alone: no row says which need came at which hour, or ended how.
    """

    __tablename__ = "counts"
    day = sa.Column(sa.Date, primary_key=True)
    channel = sa.Column(sa.String(20), primary_key=True)
    series = sa.Column(sa.String(20), primary_key=True)
    name = sa.Column(sa.String(80), primary_key=True)
    count = sa.Column(sa.Integer, nullable=False)
