"""Where the Rasa adapter keeps conversations: Rasa's own table, read by the piece."""

import contextlib
import itertools
import json
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

# What a rule or an action looks back on is at most a turn or two, some ten events each.
MAX_EVENTS = 30
# Where the events of a turn are held back instead of being written, in the task that asked for it.
_HELD_BACK: ContextVar[list[dict[str, Any]] | None] = ContextVar("held_back", default=None)
_SPOKEN = (UserUttered.type_name, BotUttered.type_name)

# The statements of every message, made once: put together anew they cost more than the database does.
_EVENTS = SQLTrackerStore.SQLEvent.__table__
_OF_SENDER = _EVENTS.c.sender_id == sa.bindparam("sender")
_BEGUN = sa.select(sa.func.max(_EVENTS.c.timestamp)).where(_OF_SENDER, _EVENTS.c.type_name == SessionStarted.type_name).scalar_subquery()
_OF_SESSION = sa.and_(_OF_SENDER, _EVENTS.c.timestamp >= sa.func.coalesce(_BEGUN, 0.0))
_RECENT = sa.select(_EVENTS.c.id, _EVENTS.c.data).where(_OF_SESSION).order_by(_EVENTS.c.id.desc()).limit(MAX_EVENTS)
_LAST_SET = (
    sa.select(sa.func.max(_EVENTS.c.id))
    .where(_OF_SESSION, _EVENTS.c.id < sa.bindparam("first"), _EVENTS.c.type_name == SlotSet.type_name)
    .group_by(_EVENTS.c.action_name)
)
_SLOTS_BEFORE = sa.select(_EVENTS.c.data).where(_EVENTS.c.id.in_(_LAST_SET)).order_by(_EVENTS.c.id)
_INSERT = sa.insert(_EVENTS)


class TrackerStore(SQLTrackerStore):
    """Rasa's SQL tracker store on the application's own engine: one pool, the same SQLite tuning.

    A tracker is made of the last ``MAX_EVENTS`` of its session, after the last value of every slot
    set before them, so that turn 200 costs what turn 10 does (Rasa reads every event each time).
    """

    def __init__(self, database: Engine) -> None:
        # The table is made with the others (knowledge/migrations), once, whoever starts first.
        self.engine = database
        self.sessionmaker = sessionmaker(bind=database)
        # Past SQLTrackerStore's own constructor, which would open a second engine.
        super(SQLTrackerStore, self).__init__(Domain.empty(), None)

    def erase(self, conversation_id: str) -> None:
        """Delete every event of a conversation."""
        with self.session_scope() as session:
            session.execute(sa.delete(self.SQLEvent).where(self.SQLEvent.sender_id == conversation_id))
            session.commit()

    def spoken(self, conversation_id: str) -> list[dict[str, Any]]:
        """Return what the person and the bot said in a conversation, as events of Rasa, oldest first."""
        event = self.SQLEvent
        with self.session_scope() as session:
            said = session.query(event.data).filter(event.sender_id == conversation_id, event.type_name.in_(_SPOKEN))
            return [json.loads(row.data) for row in said.order_by(event.id)]

    @contextlib.contextmanager
    def held_back(self) -> Iterator[list[dict[str, Any]]]:
        """Collect what the turns inside this block would write, for ``write``."""
        rows: list[dict[str, Any]] = []
        token = _HELD_BACK.set(rows)
        try:
            yield rows
        finally:
            _HELD_BACK.reset(token)

    def write(self, session: Session, rows: list[dict[str, Any]]) -> None:
        """Write what was held back, in the caller's transaction on the same database."""
        if rows:
            session.execute(_INSERT, rows)

    async def _retrieve(self, sender_id: str, fetch_events_from_all_sessions: bool) -> DialogueStateTracker | None:
        stored = self._all(sender_id) if fetch_events_from_all_sessions else self._recent(sender_id)
        if not stored:
            return None
        events = [_event(json.loads(data)) for data in stored]
        tracker = DialogueStateTracker.from_events(sender_id, events, self.domain.slots)
        tracker.stored_events = len(tracker.events)
        return tracker

    def _all(self, sender_id: str) -> list[str]:
        with self.session_scope() as session:
            return [row.data for row in self._event_query(session, sender_id, fetch_events_from_all_sessions=True)]

    def _recent(self, sender_id: str) -> list[str]:
        with self.engine.connect() as connection:
            recent = connection.execute(_RECENT, {"sender": sender_id}).all()[::-1]
            if len(recent) < MAX_EVENTS:
                return [row.data for row in recent]
            before = connection.execute(_SLOTS_BEFORE, {"sender": sender_id, "first": recent[0].id})
            return [row.data for row in (*before, *recent)]

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the events of this turn, in one statement; or hold them back (``held_back``)."""
        await self.stream_events(tracker)
        held_back = _HELD_BACK.get()
        rows = [_row(tracker.sender_id, event) for event in self._additional_events(None, tracker)]
        if held_back is not None:
            held_back += rows
        elif rows:
            with self.engine.begin() as connection:
                connection.execute(_INSERT, rows)

    def _additional_events(self, session: Session | None, tracker: DialogueStateTracker) -> Iterable[Event]:
        """The events that were not read from the table: those of this turn."""
        stored, tracker.stored_events = getattr(tracker, "stored_events", 0), len(tracker.events)
        return itertools.islice(tracker.events, stored, None)


# Rasa looks for the class of every event that it reads among all subclasses, anew each time.
_EVENT_CLASSES = {cls.type_name: cls for cls in all_subclasses(Event)}


def _event(stored: dict[str, Any]) -> Event:
    return _EVENT_CLASSES[stored["event"]]._from_parameters(stored)


def _row(sender_id: str, event: Event) -> dict[str, Any]:
    data = event.as_dict()
    return {
        "sender_id": sender_id,
        "type_name": event.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": ((data.get("parse_data") or {}).get("intent") or {}).get("name"),
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }
