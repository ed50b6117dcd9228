"""What must be there before anything starts: settings that fit, a database, Redis. Quick to import."""

import secrets

import redis
from sqlalchemy.engine import Engine
from sqlalchemy.orm import sessionmaker

from api.channels import gsm
from knowledge.database import migrate, open_engine, sessions
from knowledge.directory import DirectoryStore
from knowledge.errors import KnowledgeError
from knowledge.loader import load_if_empty
from knowledge.settings import Settings

# What the words around them (templates/channels/words.txt) leave of two segments; a test holds it.
CONTACT_ROOM = 100


class BadSettings(KnowledgeError, ValueError):
    """A setting is missing or contradicts another; the message says what to set."""


def open_knowledge(settings: Settings, fill: bool = True) -> tuple[Engine, sessionmaker, DirectoryStore]:
    """Open, migrate and if need be fill the database (unless not to ``fill``). Raises KnowledgeError."""
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    database = open_engine(settings.database)
    migrate(database)
    if fill:
        load_if_empty(database)
    factory = sessions(database)
    return database, factory, DirectoryStore(factory)


def secret_key(settings: Settings) -> str:
    """The key that signs what leaves the server: set, or made once in ``var_dir``.

    Raises BadSettings with a server database, where several processes must share one key.
    """
    if settings.secret_key:
        return settings.secret_key.get_secret_value()
    if settings.uses_server_database:
        raise BadSettings(
            "Set PASSERELLE_SECRET_KEY (32 random characters or more): with a server database all processes must share one key."
        )
    path = settings.var_dir / "secret_key"
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="ascii") as handle:
            path.chmod(0o600)
            handle.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii").strip()


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
