"""Messenger and WhatsApp, each where its settings are there (``api.channels.registry``)."""

from collections.abc import Iterable

from api.channels.meta.graph import Graph
from api.channels.meta.messenger import Messenger
from api.channels.meta.whatsapp import WhatsApp
from api.wiring import Ground


def messenger(services: Ground) -> Messenger | None:
    """Return Messenger; None where its settings are not there."""
    settings = services.settings
    if not (settings.messenger_app_secret and settings.messenger_page_token):
        return None
    graph = Graph(settings.graph_url, settings.messenger_page_token, settings.messenger_app_secret)
    return Messenger(graph, settings.messenger_page_id, settings.public_url, lambda: _help_numbers(services))


def whatsapp(services: Ground) -> WhatsApp | None:
    """Return WhatsApp; None where its settings are not there."""
    settings = services.settings
    if not (settings.whatsapp_app_secret and settings.whatsapp_token and settings.whatsapp_phone_number_id):
        return None
    graph = Graph(settings.graph_url, settings.whatsapp_token, settings.whatsapp_app_secret)
    return WhatsApp(graph, settings.whatsapp_phone_number_id, settings.public_url, lambda: _help_numbers(services))


def _help_numbers(services: Ground) -> Iterable[str]:
    return [number.number for number in services.store.current().help_numbers]
