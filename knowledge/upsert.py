"""``insert … on conflict`` for the two databases, which SQLAlchemy keeps in their dialects."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def insert(session: Session, table: Any) -> Any:
    """Return an insert into ``table`` that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return insert_for(session.get_bind().dialect.name, table)


def insert_for(dialect: str, table: Any) -> Any:
    """As ``insert``, for a statement that is made once."""
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)
