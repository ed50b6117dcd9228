"""Every metric that Passerelle counts while it works, by name; what is read at a scrape is in ``api/monitoring``.

Labels take values from fixed lists only (channels, outcomes, routes): never what a person wrote, nor who they are.
With ``PROMETHEUS_MULTIPROC_DIR`` set before this is imported, all processes of one machine count together (docs/adr/0027).
"""

from typing import Any

import sqlalchemy as sa
from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy.exc import OperationalError

# The bounds around which residents feel a difference, down to what an answer costs.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# What lies between a person's SMS and the answer.
_WAITING = (0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)

REQUESTS = Counter("passerelle_http_requests", "Requests by route and status", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("passerelle_http_request_seconds", "Time to answer a request, by route", ["route"], buckets=_SECONDS)
MESSAGES = Counter("passerelle_messages", "Messages of residents that were answered", ["channel", "outcome"])
ENGINE_SECONDS = Histogram("passerelle_engine_seconds", "Time in which the engine answers a message", ["channel"], buckets=_SECONDS)
ANSWERED_SECONDS = Histogram(
    "passerelle_channel_answer_seconds", "From the arrival of a message to its answer in the outbox", ["channel"], buckets=_WAITING
)
ATTEMPTS = Counter(
    "passerelle_channel_attempts", "Tries to send a message, by what came of them: sent, later, doubt, refused", ["channel", "result"]
)
REFITS = Counter("passerelle_search_refits", "Refits of the search to a changed directory", ["result"])
REFIT_SECONDS = Histogram("passerelle_search_refit_seconds", "Time of a refit", buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 120))
DATABASE_ERRORS = Counter("passerelle_database_errors", "Times when the database failed or did not answer", ["kind"])
RECORDING_ERRORS = Counter("passerelle_recording_errors", "Answered messages that the figures lack")
TURNS_WAITING = Gauge("passerelle_turns_waiting", "Answered messages whose conversation waits to be written", multiprocess_mode="livesum")
# With a label each, so that a process that serves nothing (the one that started the others) says nothing of itself.
READY = Gauge("passerelle_ready", "1 when this part answers in every process of the machine", ["part"], multiprocess_mode="livemin")
SERVED_VERSION = Gauge(
    "passerelle_served_version",
    "Version of the directory that this part works with, the oldest of all processes",
    ["part"],
    multiprocess_mode="livemin",
)


def count_failures(engine: Any) -> None:
    """Count from now on what the database of ``engine`` fails at, an unreachable one included."""

    @sa.event.listens_for(engine, "handle_error")
    def _count(context: Any) -> None:
        error = context.sqlalchemy_exception
        # A constraint that refuses a second row is no failure.
        if context.is_disconnect or isinstance(error, OperationalError):
            DATABASE_ERRORS.labels("disconnected" if context.is_disconnect else "operational").inc()
