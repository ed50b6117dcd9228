"""The webhooks of SMS providers: prove who calls, store, acknowledge. The engine is not asked here."""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.channels import gateway, twilio
from api.channels.port import Arrived, receive, storable
from api.errors import ApiError
from api.wiring import Ground
from knowledge.delivery.receipts import Receipt, note

router = APIRouter(include_in_schema=False)

_NOTHING_TO_SAY = Response('<?xml version="1.0" encoding="UTF-8"?><Response/>', media_type="text/xml")
_ARRIVED, _LOST = {"delivered", "read"}, {"failed", "undelivered"}


@router.post(twilio.INCOMING)
async def twilio_message(request: Request) -> Response:
    """Store an SMS and acknowledge it with an empty answer: ours leaves from the outbox."""
    channel, form = await _from_twilio(request, twilio.INCOMING)
    await store(request, channel.arrived(form))
    return _NOTHING_TO_SAY


@router.post(twilio.STATUS)
async def twilio_status(request: Request) -> Response:
    """Note what became of a message of ours."""
    _, form = await _from_twilio(request, twilio.STATUS)
    code = form.get("ErrorCode")
    key = request.query_params.get(twilio.KEY)
    await _note(request, form.get("MessageSid"), form.get("MessageStatus"), f"twilio_{code}" if code else None, key)
    return _NOTHING_TO_SAY


@router.post(gateway.INCOMING)
async def gateway_message(request: Request) -> Response:
    """Store an SMS and acknowledge it."""
    channel, body = await _from_gateway(request)
    await store(request, channel.arrived(body))
    return Response(status_code=204)


@router.post(gateway.STATUS)
async def gateway_status(request: Request) -> Response:
    """Note what became of a message of ours."""
    _, body = await _from_gateway(request)
    reason = f"gateway_{body['error']}" if body.get("error") else None
    await _note(request, body.get("id"), body.get("status"), reason, body.get("reference"))
    return Response(status_code=204)


async def store(request: Request, arrived: list[Arrived]) -> None:
    """Store in a thread, so that a slow database holds up no other request; then wake the worker."""
    new: int = await run_in_threadpool(receive, request.app.state.channels.ground, arrived)
    if new:
        request.app.state.channels.wake()


async def _from_twilio(request: Request, path: str) -> tuple[twilio.Twilio, Any]:
    channel = request.app.state.channels.by_name.get("sms")
    form = twilio.read_form(await request.body())
    known = isinstance(channel, twilio.Twilio) and form is not None
    signed = f"{path}?{request.url.query}" if request.url.query else path
    if not known or not channel.proven(signed, form, request.headers.get(twilio.SIGNATURE, "")):
        raise ApiError(403, "forbidden")
    return channel, form


async def _from_gateway(request: Request) -> tuple[gateway.Gateway, dict[str, Any]]:
    channel, raw = request.app.state.channels.by_name.get("sms"), await request.body()
    if not isinstance(channel, gateway.Gateway) or not channel.proven(raw, request.headers.get(gateway.SIGNATURE, "")):
        raise ApiError(403, "forbidden")
    body = gateway.read_json(raw)
    if body is None:
        raise ApiError(422, "invalid_request")
    return channel, body


async def _note(request: Request, provider_id: Any, status: Any, reason: str | None, key: Any) -> None:
    """``key``: ours, where the provider gives it back: then it is known which message it speaks of, whatever was committed of it."""
    if not provider_id or str(status) not in _ARRIVED | _LOST:
        return
    ground: Ground = request.app.state.channels.ground
    told = Receipt(
        "sms", storable(str(provider_id))[:200], storable(str(key or "")), str(status) in _ARRIVED, storable(reason or "") or None
    )

    def store_it() -> None:
        with ground.sessions.begin() as session:
            note(session, [told])

    await run_in_threadpool(store_it)
