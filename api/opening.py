"""What must fit before anything starts: channels that are set up wholly, a Redis that answers. Quick to import."""

import redis

from api.channels import gsm
from knowledge.errors import BadSettings
from knowledge.settings import Settings

# What the words around them (templates/channels/words.txt) leave of two segments; a test holds it.
CONTACT_ROOM = 100


def find_redis(settings: Settings) -> None:
    """Make sure that Redis answers where one is set. Raises BadSettings."""
    if not settings.redis_url:
        return
    try:
        with redis.Redis.from_url(settings.redis_url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise BadSettings("Redis does not answer: start it, or correct PASSERELLE_REDIS_URL (redis://host:6379/0).") from error


def complete_channels(settings: Settings) -> None:
    """Make sure that a channel which is set up at all is so wholly, and CONTACT is answered in two SMS. Raises BadSettings."""
    groups = (
        ("twilio_account_sid", "twilio_auth_token", "twilio_from"),
        ("sms_gateway_url", "sms_gateway_token", "sms_gateway_secret", "sms_gateway_from"),
        ("messenger_app_secret", "messenger_verify_token", "messenger_page_token"),
        ("whatsapp_app_secret", "whatsapp_verify_token", "whatsapp_token", "whatsapp_phone_number_id"),
    )
    for names in groups:
        missing = [f"PASSERELLE_{name.upper()}" for name in names if not getattr(settings, name)]
        if 0 < len(missing) < len(names):
            raise BadSettings(f"Set {' and '.join(missing)} as well, or none of its group (docs/channels.md).")
    contact = gsm.spell(settings.sms_contact)
    too_long = gsm.units(contact) + gsm.units(settings.public_url.rstrip("/")) - CONTACT_ROOM
    if contact and too_long > 0:
        raise BadSettings(
            f"Shorten PASSERELLE_SMS_CONTACT by {too_long} characters: together with PASSERELLE_PUBLIC_URL it may have {CONTACT_ROOM}, "
            "so that the answer to CONTACT is one SMS of two segments."
        )
