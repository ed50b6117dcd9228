"""The worker of the serving process: answers what has arrived and sends what waits, beside the requests.

Every process runs one; which of them has a message is decided in the database (``knowledge.delivery.leases``).
It may end at any moment: docs/adr/0020-never-lost-never-twice.md says what each end means.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from structlog.contextvars import bound_contextvars

from api.channels import answering, sending
from api.channels.port import Channel
from api.wiring import Services
from knowledge.database import wipe_journal
from knowledge.delivery import inbox, leases, outbox
from knowledge.delivery.models import OutgoingMessage
from knowledge.outages import note

logger = logging.getLogger(__name__)

# At once, of as many conversations: what the connections of one process can carry.
_MOST = 4
# How soon what another process stored, or what was put off, is noticed; what this one stored is at once.
_LOOK_SECONDS = 1.0
_BROKEN_SECONDS = 3.0
_IN_HAND_SECONDS = 0.05
_TIDY_SECONDS = 600
# When the process is told to stop: for what is in hand. A provider that takes longer leaves its message in doubt,
# and another process asks what became of it when the lease has run out.
_LAST_SECONDS = 8.0

Handle = Callable[[Services, Channel, Any, str], Awaitable[None]]


class Worker:
    """``run`` until cancelled; ``wake`` when something was stored."""

    def __init__(self, services: Services, channels: Mapping[str, Channel]) -> None:
        self._services, self._channels = services, channels
        self._owner = str(uuid.uuid4())
        self._loop: asyncio.AbstractEventLoop | None = None
        self._in_hand: set[tuple[str, str]] = set()
        self._arrived, self._to_leave = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Work. Cancelled, take nothing new, finish what is in hand, within ``_LAST_SECONDS``, and give back what is not."""
        self._loop = asyncio.get_running_loop()
        try:
            # A group waits for all of its tasks, also when it is cancelled (``gather`` would not).
            async with asyncio.TaskGroup() as working:
                working.create_task(self._pump(inbox.claim, answering.answer, self._arrived, self._to_leave))
                working.create_task(self._pump(outbox.claim, sending.carry, self._to_leave, self._to_leave))
                working.create_task(self._tidy())
        finally:
            with contextlib.suppress(SQLAlchemyError):
                await asyncio.to_thread(self._give_back)

    def wake(self) -> None:
        """Look at once. From any thread."""
        if self._loop:
            for event in (self._arrived, self._to_leave):
                self._loop.call_soon_threadsafe(event.set)

    async def _pump(self, claim: Callable[..., list[Any]], handle: Handle, due: asyncio.Event, next_: asyncio.Event) -> None:
        """Keep up to ``_MOST`` of what ``claim`` gives in the hands of ``handle``; one that is slow holds up no other."""
        busy: set[asyncio.Task[None]] = set()

        def done(task: asyncio.Task[None]) -> None:
            busy.discard(task)
            due.set()  # the next of the same conversation
            next_.set()

        try:
            while True:
                due.clear()
                try:
                    claimed = await asyncio.to_thread(self._claim, claim, _MOST - len(busy)) if len(busy) < _MOST else []
                except SQLAlchemyError as error:
                    note(logger, "what waits is looked for again", error)
                    await asyncio.sleep(_BROKEN_SECONDS)
                    continue
                for message in claimed:
                    task = asyncio.create_task(self._safely(handle, message))
                    busy.add(task)
                    task.add_done_callback(done)
                if not claimed:
                    with contextlib.suppress(asyncio.TimeoutError):
                        await asyncio.wait_for(due.wait(), _LOOK_SECONDS)
        finally:
            if busy:
                await asyncio.wait(busy, timeout=_LAST_SECONDS)
            for task in busy:
                task.cancel()

    def _give_back(self) -> None:
        """Whoever looks next may answer what this process claimed and did not; what was being sent keeps its lease."""
        with self._services.sessions.begin() as session:
            inbox.give_back(session, self._owner)

    def _claim(self, claim: Callable[..., list[Any]], most: int) -> list[Any]:
        with self._services.sessions.begin() as session:
            return claim(session, self._owner, most, list(self._channels))

    async def _safely(self, handle: Handle, message: Any) -> None:
        """What nobody foresaw leaves the message to its lease: it is tried again when that has run out."""
        held = message.channel, message.key if isinstance(message, OutgoingMessage) else message.provider_id
        if held in self._in_hand and not await self._is_left(held, message):
            return
        self._in_hand.add(held)
        try:
            # Every line that is logged on the way says which row it is about.
            with bound_contextvars(row=f"{message.__tablename__}:{message.id}"):
                await handle(self._services, self._channels[message.channel], message, self._owner)
        except SQLAlchemyError as error:
            note(logger, "a message waits for it", error)
            await self._put_back(message)
        except Exception as error:
            logger.error("channels: a message of %s failed (%s); it is tried again", message.channel, type(error).__name__)
        finally:
            self._in_hand.discard(held)

    async def _is_left(self, held: tuple[str, str], message: Any) -> bool:
        """Wait for who has the message in hand here: a clock that was set forward ended the lease, not the work.

        False when they have finished it; True when they had let go of it before it was claimed again.
        """
        while held in self._in_hand:
            await asyncio.sleep(_IN_HAND_SECONDS)
        with contextlib.suppress(SQLAlchemyError):
            return await asyncio.to_thread(self._is_ours, message)
        return False  # left to its lease

    def _is_ours(self, message: Any) -> bool:
        with self._services.sessions() as session:
            now = session.get(type(message), message.id)
            return now is not None and (now.owner, now.attempts) == (self._owner, message.attempts)

    async def _put_back(self, message: Any) -> None:
        """Let go of a message as soon as the database answers, and not when its lease has run out."""
        # By then the provider knows what it took.
        pause = sending.DOUBT_SECONDS if isinstance(message, OutgoingMessage) else 0.0
        while True:
            await asyncio.sleep(_BROKEN_SECONDS)
            with contextlib.suppress(SQLAlchemyError):
                await asyncio.to_thread(self._let_go, message, pause)
                return

    def _let_go(self, message: Any, pause: float) -> None:
        with self._services.sessions.begin() as session:
            leases.give_back(session, type(message), message.id, self._owner, pause)

    async def _tidy(self) -> None:
        while True:
            with contextlib.suppress(SQLAlchemyError):
                await asyncio.to_thread(self._forget)
            await asyncio.sleep(_TIDY_SECONDS)

    def _forget(self) -> None:
        with self._services.sessions.begin() as session:
            outbox.forget_unconfirmed(session, sending.day_ago())
        wipe_journal(self._services.database)
