"""The channels of Meta's that the settings name."""

from collections.abc import Callable, Iterable

from api.channels.meta.graph import Graph
from api.channels.meta.messenger import Messenger
from api.channels.meta.whatsapp import WhatsApp
from api.channels.port import Channel
from knowledge.settings import Settings


def meta_channels(settings: Settings, known_numbers: Callable[[], Iterable[str]]) -> list[Channel]:
    """Return Messenger and WhatsApp, each where its settings are complete. ``known_numbers``: the directory's help numbers."""
    found: list[Channel] = []
    if settings.messenger_page_token and settings.messenger_app_secret:
        graph = Graph(settings.graph_url, settings.messenger_page_token, settings.messenger_app_secret)
        found.append(Messenger(graph, settings.messenger_page_id, settings.public_url, known_numbers))
    if settings.whatsapp_token and settings.whatsapp_app_secret and settings.whatsapp_phone_number_id:
        graph = Graph(settings.graph_url, settings.whatsapp_token, settings.whatsapp_app_secret)
        found.append(WhatsApp(graph, settings.whatsapp_phone_number_id, settings.public_url, known_numbers))
    return found
