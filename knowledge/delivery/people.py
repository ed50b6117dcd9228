"""Who writes, without their number."""

import base64
import hashlib
import hmac


def pseudonym(secret_key: str, channel: str, sender: str) -> str:
    """Return the conversation of ``sender`` (a number or a platform's id): a keyed hash, the same each time.

    Without the key nobody can try all numbers against it; it is as unguessable as the id of a conversation on the web.
    """
    key = hmac.digest(secret_key.encode(), b"passerelle conversation", hashlib.sha256)
    digest = hmac.digest(key, f"{channel}\x1f{sender}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
