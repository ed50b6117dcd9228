"""``/metrics`` for Prometheus: what the processes counted, and what the database says at the moment of the scrape."""

import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from api.errors import ApiError
from api.state_metrics import state
from knowledge.settings import Settings

router = APIRouter()
# What a proxy adds: a request that has passed one does not come from this machine.
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
_LOOPBACK = ("127.0.0.1", "::1")


class _AtScrape(Collector):
    def __init__(self, found: list[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        yield from self._found


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """The figures of all processes of this machine; 403 to who may not see them."""
    settings: Settings = request.app.state.settings
    if not _may_see(request, settings):
        raise ApiError(403, "forbidden", "unsigned")
    return Response(await run_in_threadpool(_text, request), media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _may_see(request: Request, settings: Settings) -> bool:
    """With a token who has it; without one only this machine, through no proxy."""
    if settings.metrics_token:
        wanted = f"Bearer {settings.metrics_token.get_secret_value()}"
        return secrets.compare_digest(request.headers.get("authorization", "").encode(), wanted.encode())
    peer = request.client.host if request.client else ""
    return peer in _LOOPBACK and not any(name in request.headers for name in _FORWARDED)


def _text(request: Request) -> bytes:
    began = time.perf_counter()
    registry = CollectorRegistry()
    registry.register(_AtScrape(list(state(request.app.state.services, request.app.state.health.missing, began))))
    return generate_latest(registry) + generate_latest(_counted())


def _counted() -> CollectorRegistry:
    """What the processes counted: this one, or all of the machine where they share a folder."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return REGISTRY
    # A process that was killed says no longer that it is ready; what it counted stays.
    for path in Path(folder).glob("gauge_live*_*.db"):
        pid = int(path.stem.rpartition("_")[2])
        if not Path(f"/proc/{pid}").exists():
            mark_process_dead(pid, folder)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)
    return registry
