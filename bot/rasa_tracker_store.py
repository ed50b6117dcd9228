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
from rasa.shared.core.events import BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Query, Session, sessionmaker

# What a rule or an action looks back on is at most a turn or two, some ten events each.
MAX_EVENTS = 50
# Where the events of a turn are held back instead of being written, in the task that asked for it.
_HELD_BACK: ContextVar[list[dict[str, Any]] | None] = ContextVar("held_back", default=None)
_SPOKEN = (UserUttered.type_name, BotUttered.type_name)


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
            session.execute(sa.insert(self.SQLEvent.__table__), rows)

    async def _retrieve(self, sender_id: str, fetch_events_from_all_sessions: bool) -> DialogueStateTracker | None:
        with self.session_scope() as session:
            query = self._event_query(session, sender_id, fetch_events_from_all_sessions)
            rows = query.all() if fetch_events_from_all_sessions else self._recent(query)
            events = [_event(json.loads(row.data)) for row in rows]
        if not events:
            return None
        tracker = DialogueStateTracker.from_events(sender_id, events, self.domain.slots)
        tracker.stored_events = len(tracker.events)
        return tracker

    def _recent(self, query: Query) -> list[SQLTrackerStore.SQLEvent]:
        event = self.SQLEvent
        recent = query.order_by(None).order_by(event.id.desc()).limit(MAX_EVENTS).all()[::-1]
        if len(recent) < MAX_EVENTS:
            return recent
        before = query.order_by(None).filter(event.id < recent[0].id, event.type_name == SlotSet.type_name)
        last = before.with_entities(sa.func.max(event.id)).group_by(event.action_name)
        return [*query.filter(event.id.in_([row[0] for row in last])).all(), *recent]

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the events of this turn, in one statement; or hold them back (``held_back``)."""
        await self.stream_events(tracker)
        held_back = _HELD_BACK.get()
        with self.session_scope() as session:
            rows = [_row(tracker.sender_id, event) for event in self._additional_events(session, tracker)]
            if held_back is not None:
                held_back += rows
            elif rows:
                session.execute(sa.insert(self.SQLEvent.__table__), rows)
                session.commit()

    def _additional_events(self, session: Session, tracker: DialogueStateTracker) -> Iterable[Event]:
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
