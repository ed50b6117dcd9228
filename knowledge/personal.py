"""All that is kept of one conversation, wherever it stands: forgotten at once, or shown to who asks for it (RGPD, art. 15 and 17).

A table belongs to conversations when it has a column ``conversation``; what a table keeps all the same is said where it is done.
Rasa's tracker store makes the table of events; only its names are needed here. All functions work inside the caller's transaction.
"""

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge import once
from knowledge.delivery import inbox
from knowledge.delivery.models import IncomingMessage, OptOut
from knowledge.learning import keeping
from knowledge.once import Answered
from knowledge.tables import Base

# Moments are seconds since the epoch.
EVENTS = sa.table("events", *map(sa.column, ("id", "sender_id", "type_name", "timestamp", "data")))
# Who wants no messages stays written down: it is what protects them. Of the others only an id stays, against repeats.
_KEEP_SOMETHING = {OptOut.__tablename__, IncomingMessage.__tablename__, Answered.__tablename__}


def erase(session: Session, conversation: str, said: Iterable[str] = (), up_to: int | None = None) -> None:
    """Forget a conversation: what was said, answered, asked of people, kept for later and set aside for learning.

    ``said``: words of it that the database may not hold yet. ``up_to``: the inbox's row that asks for it; what arrived after it is new.
    """
    keeping.forget_texts(session, {*said, *_said(session, conversation)})
    session.execute(sa.delete(EVENTS).where(EVENTS.c.sender_id == conversation))
    inbox.forget(session, conversation, up_to)
    once.erase(session, conversation)
    for table in _tables():
        if table.name not in _KEEP_SOMETHING:
            session.execute(sa.delete(table).where(table.c.conversation == conversation))


def export(session: Session, conversation: str) -> dict[str, list[dict[str, Any]]]:
    """Return what is kept of a conversation, by table; tables that hold nothing of it are left out."""
    found = {table.name: _rows(session, table, table.c.conversation == conversation) for table in _tables()}
    events = _rows(session, EVENTS, EVENTS.c.sender_id == conversation, EVENTS.c.id)
    spoken = [json.loads(event["data"]) for event in events if event["type_name"] in ("user", "bot")]
    found["events"] = [{"by": one["event"], "at": one["timestamp"], "text": one.get("text")} for one in spoken]
    return {name: rows for name, rows in found.items() if rows}


def conversations_of_phone(session: Session, phone: str) -> list[str]:
    """The conversations in which a number (E.164) asked to be called back."""
    requests = Base.metadata.tables["callback_requests"]
    asked = sa.select(requests.c.conversation).where(requests.c.phone == phone, requests.c.conversation.is_not(None))
    return list(session.execute(asked.distinct()).scalars())


def erase_calls(session: Session, phone: str) -> int:
    """Forget the call-back requests of a number (E.164), also those that belong to no conversation; returns how many."""
    requests = Base.metadata.tables["callback_requests"]
    return session.execute(sa.delete(requests).where(requests.c.phone == phone)).rowcount


def calls(session: Session, phone: str) -> list[dict[str, Any]]:
    """The call-back requests of a number (E.164)."""
    requests = Base.metadata.tables["callback_requests"]
    return _rows(session, requests, requests.c.phone == phone)


def _tables() -> list[sa.Table]:
    """Those of conversations; what refers to another comes first."""
    return [table for table in reversed(Base.metadata.sorted_tables) if "conversation" in table.c]


def _said(session: Session, conversation: str) -> set[str]:
    of_people = sa.select(EVENTS.c.data).where(EVENTS.c.sender_id == conversation, EVENTS.c.type_name == "user")
    return {text for data in session.execute(of_people).scalars() if (text := json.loads(data).get("text"))}


def _rows(session: Session, table: Any, *where: Any) -> list[dict[str, Any]]:
    condition, *order = where
    return [dict(row) for row in session.execute(sa.select(table).where(condition).order_by(*order)).mappings()]
