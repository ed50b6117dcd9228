"""Databases of their own on the local PostgreSQL."""

import contextlib
import uuid
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Engine

POSTGRES = "postgresql://postgres@127.0.0.1:5432"


@contextlib.contextmanager
def a_database(server: Engine) -> Iterator[str]:
    """The name of a new, empty database, dropped afterwards."""
    name = f"passerelle_test_{uuid.uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.execute(sa.text(f"create database {name}"))
    yield name
    with server.connect() as connection:
        connection.execute(sa.text(f"drop database if exists {name} with (force)"))
