"""A server database that hangs: noticed from beside, and let go of.

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
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from knowledge.outages import Outage

# A machine that is merely busy answers in this time.
PATIENCE_SECONDS = 5.0
_PULSE_SECONDS = 1.0


class Watch:
    """Asks the server of ``engine`` every second until ``close``; begins ``outage`` when it does not answer in time."""

    def __init__(self, engine: Engine, outage: Outage, patience: float = PATIENCE_SECONDS, pulse: float = _PULSE_SECONDS) -> None:
        self._engine, self._outage, self._patience, self._pulse = engine, outage, patience, pulse
        self._open: weakref.WeakSet[Any] = weakref.WeakSet()
        self._closed = threading.Event()
        sa.event.listen(engine, "connect", lambda connection, _record: self._open.add(connection))
        engine.pool.dispose()  # connections from before are not known here
        self._thread = threading.Thread(target=self._run, name="database-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop asking."""
        self._closed.set()
        self._thread.join(self._patience)

    def _run(self) -> None:
        dialect = self._engine.dialect
        arguments, options = dialect.create_connect_args(self._engine.url)
        connection = None
        while not self._closed.wait(self._pulse):
            if self._outage.is_on:
                connection = None
                continue
            try:
                if connection is None:
                    connection = dialect.dbapi.connect(*arguments, **options, async_=True)
                    self._wait(connection)
                cursor = connection.cursor()  # held: psycopg2 keeps none of its own
                cursor.execute("select 1")
                self._wait(connection)
                cursor.close()
            except (dialect.dbapi.Error, OSError) as error:
                connection = None
                self._outage.begin(error)
                self._shut_all()

    def _wait(self, connection: Any) -> None:
        """Wait for an asynchronous connection of psycopg2. Raises TimeoutError."""
        reads = self._engine.dialect.dbapi.extensions.POLL_READ
        until = time.monotonic() + self._patience
        while (state := connection.poll()) != self._engine.dialect.dbapi.extensions.POLL_OK:
            poll = select.poll()
            poll.register(connection, select.POLLIN if state == reads else select.POLLOUT)
            if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
                raise TimeoutError

    def _shut_all(self) -> None:
        for connection in list(self._open):
            # Of the socket, not of the connection: that one belongs to the thread which waits on it.
            with contextlib.suppress(self._engine.dialect.dbapi.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)
