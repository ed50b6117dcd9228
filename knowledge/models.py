"""The directory's tables (SQLAlchemy, 2.0 style).

Each row of the directory has a UUID derived from its natural key, so that the same data loaded
anywhere gives the same ids (exports can be compared, links survive a reload). Lists that are only
ever read whole (steps, partners…) are JSON columns; what is filtered or joined is a table.
"""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeMeta, registry, relationship

# Stable names, so that migrations can drop what they did not create.
NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
NAMESPACE = uuid.UUID("8f7c2b52-6c0e-5b0e-9a51-5f1d3c0a4141")

_registry = registry(metadata=sa.MetaData(naming_convention=NAMING))


class Base(metaclass=DeclarativeMeta):
    """Declarative base that mypy can follow on SQLAlchemy 1.4."""

    __abstract__ = True
    registry = _registry
    metadata = _registry.metadata
    __init__ = _registry.constructor


def stable_id(*natural_key: Any) -> str:
    """UUID (36 characters) of a row from its natural key, e.g. ``("action", "pimms")``."""
    return str(uuid.uuid5(NAMESPACE, "\x1f".join(str(part) for part in natural_key)))


def _id() -> sa.Column:
    return sa.Column(sa.String(36), primary_key=True)


def _slug() -> sa.Column:
    return sa.Column(sa.String(80), nullable=False, unique=True)


def _source() -> sa.Column:
    return sa.Column(sa.String(36), sa.ForeignKey("sources.id"), nullable=False)


def _owner(table: str) -> sa.Column:
    return sa.Column(sa.String(36), sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), index=True)


def _json(**options: Any) -> sa.Column:
    return sa.Column(sa.JSON, nullable=False, default=list, **options)


class Source(Base):
    __tablename__ = "sources"
    id = _id()
    slug = _slug()
    kind = sa.Column(sa.String(10), nullable=False, server_default="page")
    title = sa.Column(sa.Text, nullable=False)
    told_by = sa.Column(sa.Text)
    url = sa.Column(sa.Text)
    published = sa.Column(sa.String(10))
    published_note = sa.Column(sa.Text)
    primary = sa.Column(sa.Boolean, nullable=False, default=False)


class Organisation(Base):
    __tablename__ = "organisations"
    id = _id()
    slug = _slug()
    name = sa.Column(sa.Text, nullable=False)
    full_name = sa.Column(sa.Text)
    aliases = _json()
    description = sa.Column(sa.Text)
    source_id = _source()
    further_sources = _json(server_default="[]")


class Action(Base):
    __tablename__ = "actions"
    id = _id()
    slug = _slug()
    position = sa.Column(sa.Integer, nullable=False)
    organisation_id = sa.Column(sa.String(36), sa.ForeignKey("organisations.id", ondelete="CASCADE"), nullable=False, index=True)
    kind = sa.Column(sa.String(10), nullable=False)
    title = sa.Column(sa.Text, nullable=False)
    official_title = sa.Column(sa.Text)
    summary = sa.Column(sa.Text, nullable=False)
    description = _json()
    steps = _json()
    content = _json()
    duration = sa.Column(sa.Text)
    frequency = sa.Column(sa.Text)
    group_size = sa.Column(sa.Text)
    levels = _json()
    level_text = sa.Column(sa.Text)
    diploma = sa.Column(sa.Text)
    languages = sa.Column(sa.Text)
    partners = _json()
    thematiques = _json()
    keywords = _json()
    status = sa.Column(sa.String(10), nullable=False)
    status_text = sa.Column(sa.Text)
    next_edition = sa.Column(sa.Text)
    volet = sa.Column(sa.Integer)
    section = sa.Column(sa.String(10))
    programme_year = sa.Column(sa.Integer)
    verified_on = sa.Column(sa.Date)
    verified_by = sa.Column(sa.Text)
    source_id = _source()
    further_sources = _json(server_default="[]")
    __table_args__ = (
        sa.CheckConstraint("kind in ('action', 'faq')", name="kind"),
        sa.CheckConstraint("status in ('active', 'finished', 'upcoming', 'unknown')", name="status"),
    )

    audience = relationship("Audience", uselist=False, cascade="all, delete-orphan")
    price = relationship("Price", uselist=False, cascade="all, delete-orphan")
    events = relationship("Event", cascade="all, delete-orphan", order_by="Event.position")
    themes = relationship("ActionTheme", cascade="all, delete-orphan", order_by="ActionTheme.position")
    questions = relationship("Question", cascade="all, delete-orphan", order_by="Question.position")


class Audience(Base):
    """Who an action is for; ages in years, inclusive."""

    __tablename__ = "audiences"
    action_id = sa.Column(sa.String(36), sa.ForeignKey("actions.id", ondelete="CASCADE"), primary_key=True)
    text = sa.Column(sa.Text, nullable=False)
    publics = _json()
    age_min = sa.Column(sa.Integer)
    age_max = sa.Column(sa.Integer)
    gender = sa.Column(sa.String(10))
    quarters = _json()
    conditions = sa.Column(sa.Text)
    referral = sa.Column(sa.Text)


class Price(Base):
    """What an action costs, only where a source says so."""

    __tablename__ = "prices"
    action_id = sa.Column(sa.String(36), sa.ForeignKey("actions.id", ondelete="CASCADE"), primary_key=True)
    frais = sa.Column(sa.String(10), nullable=False)
    text = sa.Column(sa.Text, nullable=False)
    source_id = _source()


class ActionTheme(Base):
    __tablename__ = "action_themes"
    action_id = sa.Column(sa.String(36), sa.ForeignKey("actions.id", ondelete="CASCADE"), primary_key=True)
    theme = sa.Column(sa.String(40), primary_key=True, index=True)
    position = sa.Column(sa.Integer, nullable=False)


class Event(Base):
    """A dated happening; ``start`` and ``end`` are inclusive days."""

    __tablename__ = "action_events"  # "events" is the table of Rasa's tracker store
    id = _id()
    action_id = _owner("actions")
    position = sa.Column(sa.Integer, nullable=False)
    title = sa.Column(sa.Text, nullable=False)
    start = sa.Column(sa.Date, nullable=False)
    end = sa.Column(sa.Date, nullable=False)
    text = sa.Column(sa.Text, nullable=False)
    source_id = _source()


class Question(Base):
    """A phrasing that teaches the ranker; never shown."""

    __tablename__ = "questions"
    id = _id()
    action_id = _owner("actions")
    position = sa.Column(sa.Integer, nullable=False)
    voice = sa.Column(sa.String(10), nullable=False)
    text = sa.Column(sa.Text, nullable=False)


def _one_owner() -> sa.CheckConstraint:
    return sa.CheckConstraint("(action_id is null) <> (organisation_id is null)", name="one_owner")


class Place(Base):
    __tablename__ = "places"
    id = _id()
    action_id = _owner("actions")
    organisation_id = _owner("organisations")
    position = sa.Column(sa.Integer, nullable=False)
    name = sa.Column(sa.Text)
    address = sa.Column(sa.Text)
    city = sa.Column(sa.Text)
    postal_code = sa.Column(sa.String(5))
    quarter = sa.Column(sa.String(30))
    latitude = sa.Column(sa.Float)
    longitude = sa.Column(sa.Float)
    note = sa.Column(sa.Text)
    source_id = _source()
    __table_args__ = (_one_owner(),)


class Contact(Base):
    __tablename__ = "contacts"
    id = _id()
    action_id = _owner("actions")
    organisation_id = _owner("organisations")
    position = sa.Column(sa.Integer, nullable=False)
    kind = sa.Column(sa.String(10), nullable=False)
    value = sa.Column(sa.Text, nullable=False)
    label = sa.Column(sa.Text)
    public = sa.Column(sa.Boolean, nullable=False, default=True)
    source_id = _source()
    __table_args__ = (_one_owner(),)


class Schedule(Base):
    __tablename__ = "schedules"
    id = _id()
    action_id = _owner("actions")
    organisation_id = _owner("organisations")
    position = sa.Column(sa.Integer, nullable=False)
    text = sa.Column(sa.Text, nullable=False)
    osm = sa.Column(sa.Text)
    confidence = sa.Column(sa.String(10), nullable=False)
    exceptions = sa.Column(sa.Text)
    valid_from = sa.Column(sa.Date)
    valid_to = sa.Column(sa.Date)
    source_id = _source()
    __table_args__ = (_one_owner(),)


class HelpNumber(Base):
    """A national help or emergency number."""

    __tablename__ = "help_numbers"
    id, slug = _id(), _slug()
    position = sa.Column(sa.Integer, nullable=False)
    number = sa.Column(sa.String(20), nullable=False)
    name = sa.Column(sa.Text, nullable=False)
    for_whom = sa.Column(sa.Text, nullable=False)
    how = sa.Column(sa.Text)
    kinds = _json()
    source_id = _source()


class OutsideTopic(Base):
    """A need that no action covers, and who to ask instead."""

    __tablename__ = "outside_topics"
    id, slug = _id(), _slug()
    position, title = sa.Column(sa.Integer, nullable=False), sa.Column(sa.Text)
    door = sa.Column(sa.String(10), nullable=False)
    questions = _json()


class BroadNeed(Base):
    """A need that several actions may answer; ``actions`` holds their slugs, the usual doors first."""

    __tablename__ = "broad_needs"
    id, slug = _id(), _slug()
    position = sa.Column(sa.Integer, nullable=False)
    actions = _json()
    questions = _json()


class OrientationQuestion(Base):
    """A question of the guided orientation; ``choices`` and ``unsure`` hold slugs of actions and questions."""

    __tablename__ = "orientation_questions"
    id, slug = _id(), _slug()
    position = sa.Column(sa.Integer, nullable=False)
    ask = sa.Column(sa.Text, nullable=False)
    choices = _json()
    unsure = _json()


class DirectoryVersion(Base):
    """One row. Readers compare ``version`` to know that they must reload; ``content_hash`` is of the files last loaded."""

    __tablename__ = "directory_version"
    id = sa.Column(sa.Integer, primary_key=True)
    version = sa.Column(sa.Integer, nullable=False)
    content_hash = sa.Column(sa.String(64), nullable=False)
    loaded_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=lambda: dt.datetime.now(dt.timezone.utc))
