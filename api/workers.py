"""Several worker processes over one loaded assistant: loaded once, then forked, so that they share its memory.

uvicorn watches over them as over the workers that it spawns by itself (docs/adr/0025-forked-workers.md). While the
parent loads, a first process stands at the door: it answers as one that is starting does, and takes in what
providers hand over.
"""

import contextlib
import gc
import multiprocessing
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from fastapi import FastAPI
from threadpoolctl import threadpool_limits
from uvicorn import Config, Server
from uvicorn.supervisors import multiprocess

from api.app import create_app
from api.wiring import Ground, NotOpened, Services, open_ground, open_services
from knowledge.settings import Settings

_FORK = multiprocessing.get_context("fork")

Sockets = list[socket.socket]
Configure = Callable[[Callable[[], FastAPI]], Config]


class Worker(multiprocess.Process):
    """A process as uvicorn's supervisor knows it, forked."""

    kind = Server

    def __init__(self, config: Config, sockets: Sockets) -> None:
        # Not its constructor, which would prepare a process to be spawned.
        self.config, self._server = config, None
        self.parent_conn, self.child_conn = _FORK.Pipe()
        self.process = _FORK.Process(target=self._begin, args=(sockets,))  # type: ignore[assignment]

    def _begin(self, sockets: Sockets) -> None:
        for number in multiprocess.SIGNALS:  # what the parent does on a signal is not for its children
            signal.signal(number, signal.SIG_DFL)
        self._server = self.kind(self.config)
        self.target(sockets)


class _Leaving(Server):
    """A server that lets go of what waits in a thread as soon as it is asked to end."""

    asked = threading.Event()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.asked.set()
        super().handle_exit(sig, frame)


class Doorkeeper(Worker):
    """Serves the application while the parent loads what it needs."""

    kind = _Leaving


def serve(settings: Settings, workers: int, configure: Configure, say: Callable[[str], None], where: str) -> None:
    """Serve with so many workers until told to end. ``configure`` makes uvicorn's settings for an application;
    ``say`` gets progress, from each worker that it answers on ``where``. Raises what ``open_services`` raises."""
    config = configure(lambda: _only_ground(settings))
    sockets = [config.bind_socket()]
    with _at_the_door(Doorkeeper(config, sockets)):
        services = open_services(settings, say)
    # Whoever calls now waits, in the queue of the sockets, for the first worker.
    services.database.dispose()  # no connection may be in two processes
    gc.collect()
    gc.freeze()  # what is loaded stays: looking at it would copy its pages into each worker
    config = configure(lambda: create_app(settings, lambda _: _brought_up_to_date(services), lambda: say(f"Passerelle answers on {where}")))
    config.workers = workers
    multiprocess.Process = Worker  # type: ignore[misc]
    multiprocess.Multiprocess(config, sockets).run()


@contextlib.contextmanager
def _at_the_door(doorkeeper: Doorkeeper) -> Iterator[None]:
    """Have somebody at the door in this block, and nobody left behind after it, even when this process is told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    doorkeeper.start()
    try:
        yield
    finally:
        if doorkeeper.exitcode is None:
            doorkeeper.terminate()
            doorkeeper.join()


def _only_ground(settings: Settings) -> FastAPI:
    """The application while the assistant loads: nothing but what messages of channels are kept in."""

    def open_(settings: Settings) -> Services:
        ground: Ground = open_ground(settings)
        app.state.channels.open(ground)
        _Leaving.asked.wait()
        raise NotOpened

    # It was never ready, so no balancer has to see it leave.
    app = create_app(settings.copy(update={"drain_seconds": 0}), open_)
    return app


def _brought_up_to_date(services: Services) -> Services:
    """What the parent loaded, as it is now: a worker may take another's place much later."""
    threadpool_limits(1)
    services.models.look()
    services.search.catch_up()
    return services
