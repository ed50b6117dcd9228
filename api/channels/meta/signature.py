"""Who calls a webhook of Meta's: the token of its subscription, and the signature of what it sends."""

import hashlib
import hmac

from pydantic import SecretStr


def may_subscribe(mode: str, token: str, expected: SecretStr | None) -> bool:
    """True when ``hub.mode`` asks to subscribe and ``hub.verify_token`` is the one of the settings, if there is one."""
    if not expected:  # an empty one is none
        return False
    same = hmac.compare_digest(token.encode("utf-8", "replace"), expected.get_secret_value().encode())
    return same and mode == "subscribe"


def sign(body: bytes, secret: SecretStr) -> str:
    """Return the header ``X-Hub-Signature-256`` of a raw body: HMAC-SHA256 with the app secret, in hexadecimal."""
    return f"sha256={hmac.new(secret.get_secret_value().encode(), body, hashlib.sha256).hexdigest()}"


def is_signed(body: bytes, header: str | None, secret: SecretStr | None) -> bool:
    """True when ``header`` is the signature of the raw ``body``, compared in constant time."""
    if not secret or header is None:
        return False
    return hmac.compare_digest(header.encode("utf-8", "replace"), sign(body, secret).encode())
