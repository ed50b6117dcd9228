"""The connections to a server database: refused at once while it is known to be gone, let go of when it hangs.

libpq waits for ever for an answer of a server that still holds the connection but says nothing (its disk stalls, it is
suspended, a firewall drops what passes). A thread asks it every second on a connection of its own; when that is not answered
in time the connections of the pool are shut, so that whoever waits on one fails as when the server was stopped.
"""

import contextlib
import os
import select
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from knowledge.outages import DATABASE, KNOWN, Outage

# A machine that is merely busy answers in this time.
PATIENCE_SECONDS = 5.0
_PULSE_SECONDS = 1.0
_guards: "weakref.WeakKeyDictionary[Engine, _Guard]" = weakref.WeakKeyDictionary()


class _Guard:
    """The connections of one engine. It does not hold the engine."""

    def __init__(self, engine: Engine, options: dict[str, Any]) -> None:
        self._dialect = engine.dialect
        self._arguments, given = engine.dialect.create_connect_args(engine.url)
        self._options = given | options
        self._open: weakref.WeakSet[Any] = weakref.WeakSet()
        self.outage = Outage(DATABASE, lambda: self._dialect.connect(*self._arguments, **self._options).close())
        sa.event.listen(engine, "do_connect", self._connect)

    def _connect(self, dialect: Any, _record: Any, cargs: Any, cparams: Any) -> Any:
        if self.outage.is_on:
            raise dialect.dbapi.OperationalError(KNOWN)
        try:
            connection = dialect.connect(*cargs, **cparams)
        except dialect.dbapi.OperationalError as error:
            self.outage.begin(error)
            raise
        self._open.add(connection)
        return connection

    def watch(self, closed: threading.Event, patience: float, pulse: float) -> None:
        """Ask every ``pulse`` seconds until ``closed``."""
        connection = None
        while not closed.wait(pulse):
            if self.outage.is_on:
                connection = None
                continue
            try:
                if connection is None:
                    connection = self._dialect.dbapi.connect(*self._arguments, **self._options, async_=True)
                    self._wait(connection, patience)
                cursor = connection.cursor()  # held: psycopg2 keeps none of its own
                cursor.execute("select 1")
                self._wait(connection, patience)
                cursor.close()
            except (self._dialect.dbapi.Error, OSError) as error:
                connection = None
                self.outage.begin(error)
                self._shut_all()
        if connection is not None:
            connection.close()

    def _wait(self, connection: Any, patience: float) -> None:
        """Wait for an asynchronous connection of psycopg2. Raises TimeoutError."""
        psycopg2 = self._dialect.dbapi.extensions
        until = time.monotonic() + patience
        while (state := connection.poll()) != psycopg2.POLL_OK:
            poll = select.poll()
            poll.register(connection, select.POLLIN if state == psycopg2.POLL_READ else select.POLLOUT)
            if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
                raise TimeoutError

    def _shut_all(self) -> None:
        for connection in list(self._open):
            # Of the socket, not of the connection: that one belongs to the thread which waits on it.
            with contextlib.suppress(self._dialect.dbapi.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)


def guard(engine: Engine, options: dict[str, Any]) -> None:
    """Let no caller of ``engine`` wait for a server that did not take the last connection. ``options``: of its connections."""
    _guards[engine] = _Guard(engine, options)


def outage_of(engine: Engine) -> Outage | None:
    """Whether the server of ``engine`` is gone; None where the database is a file."""
    found = _guards.get(engine)
    return found.outage if found else None


@contextlib.contextmanager
def watching(engine: Engine, patience: float = PATIENCE_SECONDS, pulse: float = _PULSE_SECONDS) -> Iterator[None]:
    """Notice in this block when the server of ``engine`` hangs; where the database is a file there is nothing to notice."""
    found = _guards.get(engine)
    if found is None:
        yield
        return
    closed = threading.Event()
    thread = threading.Thread(target=found.watch, args=(closed, patience, pulse), name="database-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        closed.set()
        thread.join(_PULSE_SECONDS)
