"""What the database and the directory say when they are asked, as metrics: queues, ages, facts to verify, the model."""

import datetime as dt
import time
from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.wiring import Services
from knowledge import trained_models
from knowledge.delivery import queues, spending
from knowledge.directory import Directory
from knowledge.models import DirectoryVersion
from knowledge.moments import utc_now
from knowledge.schedules import now_in_paris
from knowledge.staleness import stale

# Name, what it says, its labels.
_METRICS = {
    "up": ("1 when this answers; answers to residents go on without it", ("service",)),
    "directory_actions": ("Actions in the directory", ()),
    "directory_version": ("Version of the directory in the database", ()),
    "directory_loaded_timestamp_seconds": ("When files were last loaded into the directory", ()),
    "stale_facts": ("Facts to verify (passerelle kb stale)", ()),
    "queue_messages": ("What waits", ("queue",)),
    "queue_oldest_seconds": ("How long the oldest has waited, 0 when nothing does", ("queue",)),
    "sms_segments_spent": ("Segments sent today (Paris)", ("channel",)),
    "sms_segments_limit": ("Most segments a day, 0: no limit", ()),
    "model_info": ("The model that answers", ("name",)),
    "model_made_timestamp_seconds": ("When the model that answers was trained", ()),
    "scrape_seconds": ("Time in which this was found out", ()),
}
LABELS = {f"passerelle_{name}": labels for name, (_, labels) in _METRICS.items()}


def state(services: Services | None, missing: list[str], began: float) -> Iterator[Metric]:
    """Yield what is known at this moment; without the database what is in memory. ``missing``: what does not answer."""
    if services is None:
        return
    parts = {"database": True}
    parts |= {"redis": True} if services.settings.redis_url else {}
    parts |= {"broker": True} if services.broker else {}
    parts |= dict.fromkeys(missing, False)
    try:
        with services.sessions() as session:
            found = [*_queues(session), *_spent(session, services), *_model(session), *_changed(session)]
    except SQLAlchemyError:
        found, parts["database"] = [], False
    yield _gauge("up", parts)
    yield from found
    directory = services.store.current()
    yield _gauge("directory_actions", len(directory.entries))
    yield _gauge("stale_facts", _stale(directory, dt.date.today()))
    yield _gauge("scrape_seconds", time.perf_counter() - began)


def _queues(session: Session) -> Iterator[Metric]:
    waiting, now = queues.waiting(session), utc_now()
    yield _gauge("queue_messages", {name: queue.number for name, queue in waiting.items()})
    ages = {name: (now - queue.oldest).total_seconds() if queue.oldest else 0.0 for name, queue in waiting.items()}
    yield _gauge("queue_oldest_seconds", ages)


def _spent(session: Session, services: Services) -> Iterator[Metric]:
    spent = spending.spent(session, now_in_paris().date())
    yield _gauge("sms_segments_spent", spent)
    yield _gauge("sms_segments_limit", services.settings.sms_daily_segments)


def _model(session: Session) -> Iterator[Metric]:
    if model := trained_models.active(session):
        yield _gauge("model_info", {model.name: 1})
        yield _gauge("model_made_timestamp_seconds", model.made_at.timestamp())


def _changed(session: Session) -> Iterator[Metric]:
    row = session.execute(sa.select(DirectoryVersion.version, DirectoryVersion.loaded_at)).first()
    if row:
        yield _gauge("directory_version", row.version)
        loaded = row.loaded_at if row.loaded_at.tzinfo else row.loaded_at.replace(tzinfo=dt.timezone.utc)
        yield _gauge("directory_loaded_timestamp_seconds", loaded.timestamp())


# The last directory looked at, the day, and what was found: it is counted once for each.
_last: tuple[Directory | None, dt.date, int] = (None, dt.date.min, 0)


def _stale(directory: Directory, day: dt.date) -> int:
    global _last
    if _last[0] is not directory or _last[1] != day:
        _last = (directory, day, len(stale(directory, day)))
    return _last[2]


def _gauge(name: str, values: Mapping[str, float] | float) -> GaugeMetricFamily:
    """The metric ``name`` with one value, or with one for each value of its label."""
    what, labels = _METRICS[name]
    family = GaugeMetricFamily(f"passerelle_{name}", what, labels=labels)
    for label, value in values.items() if isinstance(values, Mapping) else [(None, values)]:
        family.add_metric([label] if label is not None else [], float(value))
    return family
