"""What channels say beside the bot's own answers: ``templates/channels/words.txt``."""

from functools import cache
from typing import Any

from api.pages import counter, templates
from api.wiring import Services


def notice(services: Services, name: str, channel: str = "") -> str:
    """Return one notice, such as ``too_many`` or ``contact``; the channel's own, where it has one (``call_messenger``).

    Raises AttributeError for an unknown name.
    """
    settings = services.settings
    phones = [line.text for line in counter(services.store.current())]
    macro = getattr(_words(), f"{name}_{channel}", None) or getattr(_words(), name)
    return str(macro(phones, settings.public_url.rstrip("/"), settings.sms_contact)).strip()


@cache
def _words() -> Any:
    return templates.env.overlay(autoescape=False).get_template("channels/words.txt").module
