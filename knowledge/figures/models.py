"""The one table of figures: sums by day, and which events of the broker are in them. Nothing belongs to a conversation."""

import sqlalchemy as sa

from knowledge.models import Base
from knowledge.moments import Moment, utc_now


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


class CountedEvent(Base):
    """An event that is in the figures, by its random id, so that it is not counted again. Forgotten after a week."""

    __tablename__ = "counted_events"
    id = sa.Column(sa.String(32), primary_key=True)
    at = sa.Column(Moment, nullable=False, default=utc_now, index=True)
