"""``/channels/messenger`` and ``/channels/whatsapp``: what Meta calls. Stored, then acknowledged; answers leave by the outbox."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse
from pydantic import SecretStr

from api.channels.meta import messenger_events, whatsapp_events
from api.channels.meta.reading import NotJson, read
from api.channels.meta.signature import is_signed, may_subscribe
from api.channels.port import Arrived, receive
from api.errors import ApiError
from api.wiring import Ground
from knowledge.delivery.receipts import Receipt, note
from knowledge.settings import Settings

router = APIRouter(prefix="/channels", include_in_schema=False)

Mode = Annotated[str, Query(alias="hub.mode")]
Token = Annotated[str, Query(alias="hub.verify_token")]
Challenge = Annotated[str, Query(alias="hub.challenge")]


@dataclass(frozen=True)
class _Hook:
    """One webhook: its secrets, whose events are ours, and how they are read."""

    verify_token: SecretStr | None
    app_secret: SecretStr | None
    ours: str
    messages: Callable[[dict[str, Any], str], list[Arrived]]
    receipts: Callable[[dict[str, Any], str], list[Receipt]]


def _messenger(settings: Settings) -> _Hook:
    events = messenger_events
    return _Hook(
        settings.messenger_verify_token, settings.messenger_app_secret, settings.messenger_page_id, events.messages, events.receipts
    )


def _whatsapp(settings: Settings) -> _Hook:
    events, number = whatsapp_events, settings.whatsapp_phone_number_id or ""
    return _Hook(settings.whatsapp_verify_token, settings.whatsapp_app_secret, number, events.messages, events.receipts)


@router.get("/messenger")
def subscribe_messenger(request: Request, mode: Mode = "", token: Token = "", challenge: Challenge = "") -> PlainTextResponse:
    """Meta asks whether the address is ours, when it is entered in the application's settings."""
    return _subscribe(_messenger(_settings(request)), mode, token, challenge)


@router.post("/messenger")
async def messenger(request: Request) -> PlainTextResponse:
    """Events of the page."""
    return await _take(request, _messenger(_settings(request)))


@router.get("/whatsapp")
def subscribe_whatsapp(request: Request, mode: Mode = "", token: Token = "", challenge: Challenge = "") -> PlainTextResponse:
    """The same for WhatsApp."""
    return _subscribe(_whatsapp(_settings(request)), mode, token, challenge)


@router.post("/whatsapp")
async def whatsapp(request: Request) -> PlainTextResponse:
    """Events of the number."""
    return await _take(request, _whatsapp(_settings(request)))


def _settings(request: Request) -> Settings:
    return request.app.state.channels.ground.settings


def _subscribe(hook: _Hook, mode: str, token: str, challenge: str) -> PlainTextResponse:
    if not may_subscribe(mode, token, hook.verify_token):
        raise ApiError(403, "forbidden", "unsigned")
    return PlainTextResponse(challenge)


async def _take(request: Request, hook: _Hook) -> PlainTextResponse:
    """Store every message in the body, then say so. What is well signed and not understood is not repeated by refusing it."""
    body = await request.body()
    if not is_signed(body, request.headers.get("x-hub-signature-256"), hook.app_secret):
        raise ApiError(403, "forbidden", "unsigned")
    try:
        events = read(body)
    except NotJson as error:
        raise ApiError(400, "invalid_request") from error
    messages, receipts = hook.messages(events, hook.ours), hook.receipts(events, hook.ours)
    if await asyncio.to_thread(_store, request.app.state.channels.ground, messages, receipts):
        request.app.state.channels.wake()
    return PlainTextResponse("EVENT_RECEIVED")


def _store(ground: Ground, messages: list[Arrived], receipts: list[Receipt]) -> int:
    """Return how many messages were new. Raises SQLAlchemyError: 503, and Meta repeats the whole body."""
    if receipts:
        with ground.sessions.begin() as session:
            note(session, receipts)
    return receive(ground, messages) if messages else 0
