"""The table of revisions: what every sheet was before and after each change."""

import sqlalchemy as sa

from knowledge.models import Base
from knowledge.moments import Moment, utc_now


class Revision(Base):
    """One change of one sheet, whole before and after; ``before`` is null for a new one, ``after`` for one archived.

    ``number`` counts the changes of a sheet from 1: a sheet that never changed since the first load has
    none. ``source`` is the id of the source that the change rests on, null when no fact changed.
    """

    __tablename__ = "revisions"
    id = sa.Column(sa.Integer, primary_key=True)
    kind = sa.Column(sa.String(20), nullable=False)
    slug = sa.Column(sa.String(80), nullable=False)
    number = sa.Column(sa.Integer, nullable=False)
    change = sa.Column(sa.String(10), nullable=False)
    before = sa.Column(sa.JSON(none_as_null=True))
    after = sa.Column(sa.JSON(none_as_null=True))
    source = sa.Column(sa.String(80))
    by = sa.Column(sa.Text, nullable=False)
    reason = sa.Column(sa.Text)
    at = sa.Column(Moment, nullable=False, default=utc_now)
    __table_args__ = (sa.UniqueConstraint("kind", "slug", "number"),)
