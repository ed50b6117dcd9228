"""``create_app(settings)``: the only place where the web application is put together."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from api import (
    callback_page,
    callbacks,
    chat,
    directory,
    directory_pages,
    docs,
    errors,
    help_page,
    monitoring,
    pages,
    report_page,
    security_txt,
    staff,
    widget,
)
from api.channels import registry
from api.errors import RETRY_SECONDS, ApiError
from api.health import Health
from api.limits import BodyLimit, RateLimit
from api.middleware import HeadLikeGet, NoInternals, ReadyFirst, SecurityHeaders
from api.models import ErrorAnswer
from api.observing import Observed
from api.stopping import until_drained
from api.wiring import NotOpened, Services, open_services
from knowledge.retention import erase_older_than
from knowledge.settings import Settings

logger = logging.getLogger(__name__)

_PURGE_SECONDS, _PURGE_AGAIN_SECONDS = 6 * 3600, 600
# How soon a model that an administrator activated is noticed.
_LOOK_SECONDS = 5


def create_app(
    settings: Settings, open_: Callable[[Settings], Services] = open_services, opened: Callable[[], None] = lambda: None
) -> FastAPI:
    """Return the application. Everything is opened at start-up, in the background: ``/healthz``
    answers at once, everything else with 503 until the model and the directory are there; then ``opened`` is called."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opening = asyncio.create_task(_open(app, settings, open_, opened))
        with until_drained(app.state.health, settings.drain_seconds):
            yield
        app.state.health.stop()
        opening.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await opening
        if app.state.services:
            app.state.services.database.dispose()

    app = FastAPI(
        title="Passerelle",
        description="L'assistant des habitants de Blois : un besoin dit avec ses mots, la bonne porte, la source et la date.",
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses={status: {"model": ErrorAnswer} for status in (413, 422, 429, 503)},
    )
    app.state.services, app.state.settings, app.state.health = None, settings, Health()
    errors.install(app)
    app.mount("/static", StaticFiles(directory=pages.WEB / "static"), name="static")
    for group in (
        chat,
        callbacks,
        directory,
        pages,
        directory_pages,
        callback_page,
        help_page,
        report_page,
        security_txt,
        widget,
        monitoring,
    ):
        app.include_router(group.router)
    registry.install(app)
    docs.install(app)
    staff.install(app, settings)
    _health(app)
    # The last one added is the outermost.
    app.add_middleware(ReadyFirst)
    app.add_middleware(RateLimit, settings=settings)
    larger = {"/staff/": settings.max_staff_body_bytes, "/channels/": settings.max_channel_body_bytes}
    app.add_middleware(BodyLimit, most=settings.max_body_bytes, larger=larger)
    app.add_middleware(NoInternals)
    app.add_middleware(widget.WidgetOrigins, settings=settings)  # a refusal, too, must be readable to the widget
    app.add_middleware(HeadLikeGet)
    app.add_middleware(SecurityHeaders, https=settings.public_url.startswith("https://"))
    app.add_middleware(Observed, settings=settings)
    return app


async def _open(app: FastAPI, settings: Settings, open_: Callable[[Settings], Services], opened: Callable[[], None]) -> None:
    """Open the services; then, for as long as the application runs, keep the promise of the notice and follow the active model."""
    try:
        services = await asyncio.to_thread(open_, settings)
        app.state.channels.open(services)  # unless it took in messages before
        app.state.services = app.state.health.services = services
        opened()
    except NotOpened:
        return
    except Exception as error:
        logger.error("start: %s", error)
        raise
    # A group ends only when all have ended: the channels close their connections then.
    async with asyncio.TaskGroup() as running:
        health: Health = app.state.health
        for work in (_erase_in_time(services, settings), _follow_model(services), app.state.channels.run(services), health.watch(services)):
            running.create_task(work)
        if services.broker:
            running.create_task(services.broker.run())


async def _erase_in_time(services: Services, settings: Settings) -> None:
    while True:
        try:
            await asyncio.to_thread(erase_older_than, services.sessions, settings.retention_days)
            pause = _PURGE_SECONDS
        except Exception as error:  # whatever it is: answers go on, and it is tried again
            logger.error("retention: erasing failed (%s); it is tried again in %d s", type(error).__name__, _PURGE_AGAIN_SECONDS)
            pause = _PURGE_AGAIN_SECONDS
        await asyncio.sleep(pause)


async def _follow_model(services: Services) -> None:
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        await asyncio.to_thread(services.models.look)


def _health(app: FastAPI) -> None:
    @app.get("/healthz", tags=["exploitation"])
    async def healthz() -> dict[str, str]:
        """200 as soon as the process runs."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["exploitation"])
    async def readyz(request: Request) -> Response:
        """200 when the model and the knowledge base answer, else 503; ``missing`` is what answers go on without."""
        health: Health = request.app.state.health
        if health.services and health.is_ready():
            actions = len(health.services.store.current().entries)
            return JSONResponse({"status": "ready", "actions": actions, "missing": health.missing})
        raise ApiError(503, "starting", retry_after=RETRY_SECONDS)
