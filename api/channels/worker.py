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
from knowledge.delivery import inbox, outbox

logger = logging.getLogger(__name__)

# At once, of as many conversations: what the connections of one process can carry.
_MOST = 4
# How soon what another process stored, or what was put off, is noticed; what this one stored is at once.
_LOOK_SECONDS = 1.0
_BROKEN_SECONDS = 3.0
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
                    logger.error("channels: the database failed (%s); it is tried again", type(error).__name__)
                    await asyncio.sleep(_BROKEN_SECONDS)
                    continue
                for message in claimed:
                    task = asyncio.create_task(self._safely(handle, message))
                    busy.add(task)
                    task.add_done_callback(done)
                if not claimed:
                    # No ``wait_for``: cancelled while ``due`` is set, it goes on as if it were not, and this would never end.
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_LOOK_SECONDS):
                            await due.wait()
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
        try:
            # Every line that is logged on the way says which row it is about.
            with bound_contextvars(row=f"{message.__tablename__}:{message.id}"):
                await handle(self._services, self._channels[message.channel], message, self._owner)
        except Exception as error:
            logger.error("channels: a message of %s failed (%s); it is tried again", message.channel, type(error).__name__)

    async def _tidy(self) -> None:
        while True:
            with contextlib.suppress(SQLAlchemyError):
                await asyncio.to_thread(self._forget)
            await asyncio.sleep(_TIDY_SECONDS)

    def _forget(self) -> None:
        with self._services.sessions.begin() as session:
            outbox.forget_unconfirmed(session, sending.day_ago())
        wipe_journal(self._services.database)
