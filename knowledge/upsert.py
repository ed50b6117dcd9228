"""``insert … on conflict`` for the two databases, which SQLAlchemy keeps in their dialects."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def insert(session: Session, table: Any) -> Any:
    """Return an insert into ``table`` that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table)
