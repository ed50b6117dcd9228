"""Who writes, without their number: their conversation, whether they want messages, what their last answer left open."""

import base64
import hashlib
import hmac
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.delivery.models import DEAD, WAITING, IncomingMessage, Kept, OptOut, OutgoingMessage
from knowledge.delivery.models import SENDING as _SENDING
from knowledge.delivery.outbox import OPTED_OUT
from knowledge.moments import utc_now
from knowledge.upsert import insert


def pseudonym(secret_key: str, channel: str, sender: str) -> str:
    """Return the conversation of ``sender`` (a number or a platform's id): a keyed hash, the same each time.

    Without the key nobody can try all numbers against it; it is as unguessable as the id of a conversation on the web.
    """
    key = hmac.digest(secret_key.encode(), b"passerelle conversation", hashlib.sha256)
    digest = hmac.digest(key, f"{channel}\x1f{sender}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def opt_out(session: Session, channel: str, conversation: str) -> None:
    """Note that this person wants no messages, and stop those that still wait."""
    session.execute(insert(session, OptOut).values(conversation=conversation, channel=channel, since=utc_now()).on_conflict_do_nothing())
    waiting = sa.update(OutgoingMessage).where(OutgoingMessage.conversation == conversation, OutgoingMessage.state == WAITING)
    ended = waiting.values(state=DEAD, reason=OPTED_OUT, recipient=None, body=None, updated_at=utc_now())
    session.execute(ended.execution_options(synchronize_session=False))


def opt_in(session: Session, conversation: str) -> None:
    session.execute(sa.delete(OptOut).where(OptOut.conversation == conversation))


def wants_none(session: Session, conversation: str) -> bool:
    return session.get(OptOut, conversation) is not None


def kept(session: Session, conversation: str) -> Kept | None:
    """What the last answer left open; None: nobody has written in this conversation yet."""
    return session.get(Kept, conversation)


def keep(session: Session, conversation: str, rest: list[dict[str, Any]], choices: list[str]) -> None:
    """Keep what the answer leaves open, in the place of what the one before did."""
    values = {"rest": rest, "choices": choices, "updated_at": utc_now()}
    row = insert(session, Kept).values(conversation=conversation, **values)
    session.execute(row.on_conflict_do_update(index_elements=["conversation"], set_=values))


def erase(session: Session, conversation: str) -> None:
    """Forget a conversation's messages. What the person said about wanting none is kept: it protects them."""
    for table in (IncomingMessage, OutgoingMessage, Kept):
        done = sa.delete(table).where(table.conversation == conversation)
        session.execute(done.execution_options(synchronize_session=False))


def open_messages(session: Session, conversation: str) -> int:
    """How many messages to this person are still to leave."""
    found = sa.select(sa.func.count()).where(OutgoingMessage.conversation == conversation, OutgoingMessage.state.in_((WAITING, _SENDING)))
    return session.execute(found).scalar_one()
