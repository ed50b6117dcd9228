"""The tables of the exchange: imports that wait for a yes, and what producers stopped naming."""

import sqlalchemy as sa

from knowledge.models import Base
from knowledge.moments import Moment, utc_now


class WaitingImport(Base):
    """A file that was looked at and not yet imported. ``version``: the directory's number at that moment."""

    __tablename__ = "waiting_imports"
    id = sa.Column(sa.String(64), primary_key=True)
    account_id = sa.Column(sa.String(36), sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True)
    name = sa.Column(sa.String(200), nullable=False)
    content = sa.Column(sa.LargeBinary, nullable=False)
    remove_absent = sa.Column(sa.Boolean, nullable=False)
    version = sa.Column(sa.Integer, nullable=False)
    at = sa.Column(Moment, nullable=False, default=utc_now, index=True)


class Absence(Base):
    """A record with facts of a producer whose newest file does not name it; how often in a row, and since when."""

    __tablename__ = "absences"
    producer = sa.Column(sa.String(200), primary_key=True)
    record = sa.Column(sa.String(80), primary_key=True)
    since = sa.Column(sa.Date, nullable=False)
    times = sa.Column(sa.Integer, nullable=False)
