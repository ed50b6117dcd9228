"""Who writes, without their number."""

import base64
import hashlib
import hmac

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.delivery.models import IncomingMessage, Kept, OutgoingMessage


def pseudonym(secret_key: str, channel: str, sender: str) -> str:
    """Return the conversation of ``sender`` (a number or a platform's id): a keyed hash, the same each time.

    Without the key nobody can try all numbers against it; it is as unguessable as the id of a conversation on the web.
    """
    key = hmac.digest(secret_key.encode(), b"passerelle conversation", hashlib.sha256)
    digest = hmac.digest(key, f"{channel}\x1f{sender}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def erase(session: Session, conversation: str) -> None:
    """Forget a conversation's messages. What the person said about wanting none is kept: it protects them."""
    for table in (IncomingMessage, OutgoingMessage, Kept):
        done = sa.delete(table).where(table.conversation == conversation)
        session.execute(done.execution_options(synchronize_session=False))
