"""What the last answer in a conversation left open. All inside the caller's transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from knowledge.delivery.models import Kept
from knowledge.moments import utc_now
from knowledge.upsert import insert

Body = dict[str, Any]


def keep(session: Session, conversation: str, bodies: Sequence[Body], at_once: int | None) -> list[Body]:
    """Return the bodies to send now and keep the others, and the choices of those that are sent.

    While none of them shows choices the former ones hold: their numbers are still the last that the person saw.
    """
    now, rest = (list(bodies), []) if at_once is None else (list(bodies[:at_once]), list(bodies[at_once:]))
    values: dict[str, Any] = {"rest": rest, "updated_at": utc_now()}
    shown = next((body["choices"] for body in reversed(now) if body.get("choices")), None)
    if shown:
        values["choices"] = shown
    begun = insert(session, Kept).values(conversation=conversation, **{"choices": []} | values)
    session.execute(begun.on_conflict_do_update(index_elements=["conversation"], set_=values))
    return now


def more(session: Session, conversation: str, at_once: int | None) -> list[Body]:
    """Return the next bodies of the last answer; nothing when all was sent."""
    kept = session.get(Kept, conversation)
    return keep(session, conversation, kept.rest, at_once) if kept and kept.rest else []


def chosen(session: Session, conversation: str, text: str) -> str | None:
    """Return the payload behind « 2 », when the last answer showed so many choices."""
    kept = session.get(Kept, conversation)
    written = text.strip().rstrip(".)")
    number = int(written) if written.isdecimal() and len(written) == 1 else 0
    return kept.choices[number - 1] if kept and 0 < number <= len(kept.choices) else None
