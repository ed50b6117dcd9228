"""Where the Rasa adapter keeps conversations: Rasa's own table, read by the piece."""

import contextlib
import itertools
import json
import logging
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
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Query, Session, sessionmaker

from bot.memory import ConversationMemory, Rows
from knowledge.outages import note

logger = logging.getLogger(__name__)

# What a rule or an action looks back on is at most a turn or two, some ten events each.
MAX_EVENTS = 50
# Where the events of a turn are held back instead of being written, in the task that asked for it.
_HELD_BACK: ContextVar[Rows | None] = ContextVar("held_back", default=None)
_SPOKEN = (UserUttered.type_name, BotUttered.type_name)


class TrackerStore(SQLTrackerStore):
    """Rasa's SQL tracker store on the application's own engine: one pool, the same SQLite tuning.

    A tracker is made of the last ``MAX_EVENTS`` of its session, after the last value of every slot
    set before them, so that turn 200 costs what turn 10 does (Rasa reads every event each time).

    While the database fails, conversations go on from ``memory`` and what is to be written waits there (``catch_up``).
    """

    def __init__(self, database: Engine, memory: ConversationMemory | None = None) -> None:
        self._memory = memory or ConversationMemory()
        # The table is made with the others (knowledge/migrations), once, whoever starts first.
        self.engine = database
        self.sessionmaker = sessionmaker(bind=database)
        # Past SQLTrackerStore's own constructor, which would open a second engine.
        super(SQLTrackerStore, self).__init__(Domain.empty(), None)

    def erase(self, conversation_id: str) -> None:
        """Delete every event of a conversation."""
        self._memory.forget(conversation_id)
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
    def held_back(self) -> Iterator[Rows]:
        """Collect what the turns inside this block would write, for ``write``."""
        rows: Rows = []
        token = _HELD_BACK.set(rows)
        try:
            yield rows
        finally:
            _HELD_BACK.reset(token)

    def write(self, session: Session, rows: Rows) -> None:
        """Write what was held back, in the caller's transaction on the same database."""
        if rows:
            session.execute(sa.insert(self.SQLEvent.__table__), rows)

    def catch_up(self) -> None:
        """Write what the database did not take before, each conversation in its order, as far as it takes it now."""
        for conversation_id in self._memory.waiting():
            if not self._keep(conversation_id, []):
                return

    async def _retrieve(self, sender_id: str, fetch_events_from_all_sessions: bool) -> DialogueStateTracker | None:
        try:
            events = self._read(sender_id, fetch_events_from_all_sessions)
        except SQLAlchemyError:
            # Whoever writes the turn by themselves (``held_back``) can wait, and then has all of the conversation.
            if _HELD_BACK.get() is not None:
                raise
            events = self._memory.recall(sender_id)
        if not events:
            return None
        tracker = DialogueStateTracker.from_events(sender_id, events, self.domain.slots)
        tracker.stored_events = len(tracker.events)
        return tracker

    def _read(self, sender_id: str, all_sessions: bool) -> list[Event]:
        if self._memory.rows_of(sender_id) and not self._keep(sender_id, []):
            return self._memory.recall(sender_id)
        with self.session_scope() as session:
            query = self._event_query(session, sender_id, all_sessions)
            rows = query.all() if all_sessions else self._recent(query)
            return [_event(json.loads(row.data)) for row in rows]

    def _event_query(self, session: Session, sender_id: str, fetch_events_from_all_sessions: bool) -> Query:
        """Rasa finds the last session by its time, and loses a conversation when the clock is set back."""
        event = self.SQLEvent
        query = session.query(event).filter(event.sender_id == sender_id)
        if not fetch_events_from_all_sessions:
            started = sa.select(sa.func.max(event.id)).where(event.sender_id == sender_id, event.type_name == SessionStarted.type_name)
            query = query.filter(event.id >= sa.func.coalesce(started.scalar_subquery(), 0))
        return query.order_by(event.id)

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
        rows = [_row(tracker.sender_id, event) for event in self._additional_events(None, tracker)]
        held_back = _HELD_BACK.get()
        if held_back is not None:
            held_back += rows
        elif rows:
            self._keep(tracker.sender_id, rows)
            self._memory.remember(tracker.sender_id, tracker.events)

    def _keep(self, sender_id: str, rows: Rows) -> bool:
        """Write ``rows`` after those of the conversation that still wait; False when the database fails, and they wait."""
        waiting = self._memory.rows_of(sender_id)
        try:
            with self.session_scope() as session:
                for turn in [*waiting, rows]:
                    # A commit whose answer was lost may have been one.
                    if turn and not (turn in waiting and self._is_there(session, turn)):
                        self.write(session, turn)
                session.commit()
        except (DataError, IntegrityError):
            self._memory.written(sender_id)  # they would be refused for ever
            raise
        except SQLAlchemyError as error:
            if rows:
                note(logger, "a turn is written later", error)
                self._memory.put_by(sender_id, rows)
            return False
        self._memory.written(sender_id)
        return True

    def _is_there(self, session: Session, turn: Rows) -> bool:
        event, first = self.SQLEvent, turn[0]
        same = event.sender_id == first["sender_id"], event.type_name == first["type_name"], event.timestamp == first["timestamp"]
        return session.query(sa.exists().where(*same)).scalar()

    def _additional_events(self, _session: Session | None, tracker: DialogueStateTracker) -> Iterable[Event]:
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


def recent(events: Iterable[Event]) -> list[Event]:
    """Of the events of a tracker the last ``MAX_EVENTS``, after the last value of every slot set before them."""
    every = list(events)
    slots = {event.key: event for event in every[:-MAX_EVENTS] if isinstance(event, SlotSet)}
    return [*slots.values(), *every[-MAX_EVENTS:]]
