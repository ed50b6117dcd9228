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
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from bot.memory import ConversationMemory, Rows
from knowledge.outages import note

logger = logging.getLogger(__name__)

# What a rule or an action looks back on is at most a turn or two, some ten events each.
MAX_EVENTS = 30
# The id of the message that is answered in this task, where its sender gave one.
ANSWERED: ContextVar[str | None] = ContextVar("answered", default=None)
# Where the events of a turn are held back instead of being written, in the task that asked for it.
_HELD_BACK: ContextVar[Rows | None] = ContextVar("held_back", default=None)
# What the database will never take, however often it is tried.
_REFUSED = (DataError, IntegrityError)
_SPOKEN = (UserUttered.type_name, BotUttered.type_name)

# The statements of every message, made once: put together anew they cost more than the database does.
_EVENTS = SQLTrackerStore.SQLEvent.__table__
_OF_SENDER = _EVENTS.c.sender_id == sa.bindparam("sender")
# The last session, by the order of its rows: by its time, as Rasa has it, a conversation is lost when the clock is set back.
_BEGUN = sa.select(sa.func.max(_EVENTS.c.id)).where(_OF_SENDER, _EVENTS.c.type_name == SessionStarted.type_name).scalar_subquery()
_OF_SESSION = sa.and_(_OF_SENDER, _EVENTS.c.id >= sa.func.coalesce(_BEGUN, 0))
_RECENT = sa.select(_EVENTS.c.id, _EVENTS.c.data).where(_OF_SESSION).order_by(_EVENTS.c.id.desc()).limit(MAX_EVENTS)
_LAST_SET = (
    sa.select(sa.func.max(_EVENTS.c.id))
    .where(_OF_SESSION, _EVENTS.c.id < sa.bindparam("first"), _EVENTS.c.type_name == SlotSet.type_name)
    .group_by(_EVENTS.c.action_name)
)
_SLOTS_BEFORE = sa.select(_EVENTS.c.data).where(_EVENTS.c.id.in_(_LAST_SET)).order_by(_EVENTS.c.id)
_INSERT = sa.insert(_EVENTS)
# A turn is written as a whole: where its message is, all of it is.
_IS_THERE = sa.select(
    sa.exists().where(_OF_SENDER, _EVENTS.c.type_name == UserUttered.type_name, _EVENTS.c.data.contains(sa.bindparam("message")))
)
_DROP = sa.delete(_EVENTS).where(_OF_SENDER, _EVENTS.c.id >= sa.bindparam("first"))


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
        """Delete every event of a conversation, here and in the database."""
        self._memory.forget(conversation_id)
        with self.session_scope() as session:
            session.execute(sa.delete(self.SQLEvent).where(self.SQLEvent.sender_id == conversation_id))
            session.commit()

    def spoken(self, conversation_id: str) -> list[dict[str, Any]]:
        """Return what the person and the bot said in a conversation, as events of Rasa, oldest first."""
        event = self.SQLEvent
        self._write(conversation_id, [])
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
            session.execute(_INSERT, rows)

    def catch_up(self) -> int:
        """Write what the database did not take before, each conversation in its order; returns how many turns still wait."""
        for conversation_id in self._memory.waiting():
            try:
                self._write(conversation_id, [])
            except _REFUSED as error:
                logger.error("conversations: a turn was refused by the database (%s)", type(error).__name__)
            except SQLAlchemyError:
                break
        return self._memory.turns

    async def _retrieve(self, sender_id: str, fetch_events_from_all_sessions: bool) -> DialogueStateTracker | None:
        try:
            self._write(sender_id, [])  # what waits comes before what follows it
            stored = self._all(sender_id) if fetch_events_from_all_sessions else self._recent(sender_id)
            events = [_event(event) for event in stored]
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

    def _all(self, sender_id: str) -> list[dict[str, Any]]:
        with self.session_scope() as session:
            return [json.loads(row.data) for row in self._event_query(session, sender_id, fetch_events_from_all_sessions=True)]

    def _recent(self, sender_id: str) -> list[dict[str, Any]]:
        with self.engine.connect() as connection:
            rows = connection.execute(_RECENT, {"sender": sender_id}).all()[::-1]
            recent = [json.loads(row.data) for row in rows]
            if (tried := _tried_before(recent)) is None:
                if len(rows) < MAX_EVENTS:
                    return recent
                before = connection.execute(_SLOTS_BEFORE, {"sender": sender_id, "first": rows[0].id})
                return [*(json.loads(row.data) for row in before), *recent]
        with self.engine.begin() as connection:
            connection.execute(_DROP, {"sender": sender_id, "first": rows[tried].id})
        return self._recent(sender_id)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the events of this turn, in one statement; or hold them back (``held_back``)."""
        await self.stream_events(tracker)
        rows = [_row(tracker.sender_id, event) for event in self._additional_events(None, tracker)]
        held_back = _HELD_BACK.get()
        if held_back is not None:
            held_back += rows
        elif rows:
            self._write_or_put_by(tracker.sender_id, rows)
            self._memory.remember(tracker.sender_id, tracker.events)

    def _write_or_put_by(self, sender_id: str, rows: Rows) -> None:
        try:
            self._write(sender_id, rows)
        except _REFUSED:
            raise
        except SQLAlchemyError as error:
            note(logger, "a turn is written later", error)
            self._memory.put_by(sender_id, rows)

    def _write(self, sender_id: str, rows: Rows) -> None:
        """Write ``rows`` after those of the conversation that still wait; together, or nothing. Raises SQLAlchemyError."""
        waiting = self._memory.rows_of(sender_id)
        if not waiting and not rows:
            return
        try:
            with self.engine.begin() as connection:
                for turn in waiting:
                    if not _is_there(connection, turn):
                        connection.execute(_INSERT, turn)
                if rows:
                    connection.execute(_INSERT, rows)
        except _REFUSED:
            self._memory.written(sender_id)  # they would be refused for ever
            raise
        self._memory.written(sender_id)

    def _additional_events(self, session: Session | None, tracker: DialogueStateTracker) -> Iterable[Event]:
        """The events that were not read from the table: those of this turn."""
        stored, tracker.stored_events = getattr(tracker, "stored_events", 0), len(tracker.events)
        return itertools.islice(tracker.events, stored, None)


def _tried_before(events: list[dict[str, Any]]) -> int | None:
    """Where the turn begins that a process wrote of the same message before it was killed: nobody has its answer."""
    if (answered := ANSWERED.get()) is None:
        return None
    return next(
        (n for n, event in enumerate(events) if event["event"] == UserUttered.type_name and event.get("message_id") == answered), None
    )


def _is_there(connection: Connection, turn: Rows) -> bool:
    """True when a commit whose answer was lost was one, or another process has answered the same message since."""
    said: dict[str, Any] = next((json.loads(row["data"]) for row in turn if row["type_name"] == UserUttered.type_name), {})
    known = {"sender": turn[0]["sender_id"], "message": json.dumps({"message_id": said.get("message_id")})[1:-1]}
    return connection.execute(_IS_THERE, known).scalar_one()


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
