"""Which channels are set up, and their worker. A new channel is one function in ``_KNOWN`` and one router."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from api.channels import sms_routes
from api.channels.gateway import Gateway
from api.channels.meta import opening as meta
from api.channels.meta import routes as meta_routes
from api.channels.port import Channel
from api.channels.twilio import Twilio
from api.channels.worker import Worker
from api.pages import counter
from api.wiring import Ground, Services

_TEXT_NUMBER = "urgence-114"
_ROUTERS = (sms_routes.router, meta_routes.router)


class Channels:
    """``app.state.channels``: the channels that are set up, by name; ``ground``: what their webhooks need, None until it is there."""

    def __init__(self) -> None:
        self.by_name: dict[str, Channel] = {}
        self.ground: Ground | None = None
        self._worker: Worker | None = None

    def open(self, ground: Ground) -> None:
        """Take in messages from now on, also while the model is still being loaded: not every provider repeats."""
        if self.ground is None:
            self.by_name = {channel.name: channel for make in _KNOWN if (channel := make(ground))}
            self.ground = ground

    async def run(self, services: Services) -> None:
        """Answer and send messages until cancelled; nothing to do without a channel."""
        if not self.by_name:
            return
        self._worker = Worker(services, self.by_name)
        try:
            await self._worker.run()
        finally:
            for channel in self.by_name.values():
                with contextlib.suppress(asyncio.CancelledError):
                    await channel.close()

    def wake(self) -> None:
        """Something was stored."""
        if self._worker:
            self._worker.wake()


def install(app: FastAPI) -> None:
    """Add the webhooks of all channels; one that is not set up refuses."""
    app.state.channels = Channels()
    for router in _ROUTERS:
        app.include_router(router)


def _twilio(services: Ground) -> Channel | None:
    settings = services.settings
    if not (settings.twilio_account_sid and settings.twilio_auth_token and settings.twilio_from):
        return None
    return Twilio(
        settings.twilio_account_sid,
        settings.twilio_auth_token.get_secret_value(),
        settings.twilio_from,
        settings.public_url,
        settings.twilio_api_url,
        **_common(services),
    )


def _gateway(services: Ground) -> Channel | None:
    settings = services.settings
    if not (settings.sms_gateway_url and settings.sms_gateway_token and settings.sms_gateway_secret and settings.sms_gateway_from):
        return None
    return Gateway(
        settings.sms_gateway_url,
        settings.sms_gateway_token.get_secret_value(),
        settings.sms_gateway_secret.get_secret_value(),
        settings.sms_gateway_from,
        settings.sms_gateway_keyed,
        **_common(services),
    )


def _common(services: Ground) -> dict[str, Any]:
    def text_number() -> str | None:
        return next((one.number for one in services.store.current().help_numbers if one.id == _TEXT_NUMBER), None)

    return {
        "text_number": text_number,
        "countries": services.settings.sms_countries,
        "pimms": lambda: counter(services.store.current()),
    }


# Of two for one name the last wins.
_KNOWN: tuple[Callable[[Ground], Channel | None], ...] = (_gateway, _twilio, meta.messenger, meta.whatsapp)
