"""Residents who write: one after the other or several at once, each waiting for the answer."""

import http.client
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from tests.bench.data import conversation

# After so many messages a resident leaves and the next one begins.
CONVERSATION_LENGTH = 10
REQUEST_SECONDS = 60


@dataclass(frozen=True)
class Sample:
    """One message: how long its answer took, at which turn (from 1), and the answer's outcome (None: no answer)."""

    seconds: float
    turn: int
    outcome: str | None


class Client(Protocol):
    """One person's connection to one system."""

    def begin(self) -> None:
        """Begin a new conversation."""

    def say(self, text: str) -> str | None:
        """Send a message in the present conversation; return the answer's outcome, None without an answer."""

    def close(self) -> None: ...


class Connection:
    """A kept-open HTTP connection that posts JSON, by the standard library: it costs the client 0.2 ms."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=REQUEST_SECONDS)

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Return status and decoded JSON (None when it is none). Raises OSError, http.client.HTTPException."""
        self._http.request("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        response = self._http.getresponse()
        content = response.read()
        try:
            return response.status, json.loads(content)
        except ValueError:
            return response.status, None

    def close(self) -> None:
        self._http.close()


def talk(client: Client, number: int, turns: int, deadline: float) -> Iterator[Sample]:
    """Hold conversation ``number`` for ``turns`` messages or until ``deadline`` (``time.monotonic``)."""
    client.begin()
    for turn, text in zip(range(1, turns + 1), conversation(number), strict=False):
        started = time.perf_counter()
        try:
            outcome = client.say(text)
        except (OSError, http.client.HTTPException):
            client.close()  # the next request opens a new connection
            outcome = None
        yield Sample(time.perf_counter() - started, turn, outcome)
        if time.monotonic() > deadline:
            return


def crowd(connect: Callable[[], Client], users: int, seconds: float, first: int) -> tuple[list[Sample], float]:
    """Let ``users`` write without a pause for ``seconds``; return the samples and the time that it really took.

    ``first`` is the number of the first conversation, so that both systems can be told the same.
    """
    samples: list[Sample] = []
    deadline = time.monotonic() + seconds

    def resident(number: int) -> None:
        client = connect()
        while time.monotonic() < deadline:
            samples.extend(talk(client, number, CONVERSATION_LENGTH, deadline))
            number += users
        client.close()

    started = time.perf_counter()
    threads = [threading.Thread(target=resident, args=(first + user,)) for user in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return samples, time.perf_counter() - started


def percentile(samples: list[Sample], share: int) -> float:
    """Return the ``share``-th percentile of the seconds of at least two samples."""
    return statistics.quantiles([sample.seconds for sample in samples], n=100, method="inclusive")[share - 1]


def unanswered(samples: list[Sample]) -> int:
    return sum(sample.outcome is None for sample in samples)
