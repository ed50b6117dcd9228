"""The port between the core (stored, in order, once, limits, hashes) and a channel (Twilio, Messenger…).

A channel's webhook proves who calls, makes ``Arrived`` of what came and hands it over with ``receive``
before it acknowledges. From then on the core asks the engine, lets the channel ``render`` the reply,
and ``deliver``s each body from the outbox, in order, with retries.
"""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from api.wiring import Ground
from bot.engine import Reply
from knowledge.delivery import inbox
from knowledge.delivery.people import pseudonym
from knowledge.moments import utc_now

# What a channel sends in one call of its provider, as JSON: stored in the outbox, given back to ``deliver``.
Body = dict[str, Any]
Kind = Literal["text", "attachment"]
Command = Literal["stop", "start", "more", "contact", "call", "erase"]


@dataclass(frozen=True)
class Arrived:
    """One incoming message, parsed and proven to come from the provider.

    ``sender``: the plain number (E.164) or the platform's id. ``text``: what was written, or the payload of a
    tapped button; empty for an ``attachment`` (picture, voice, sticker, place) without words.
    """

    channel: str
    provider_id: str
    sender: str
    text: str
    kind: Kind = "text"
    sent_at: dt.datetime = field(default_factory=utc_now)


class NotDelivered(Exception):
    """A provider did not take a message."""


class TryLater(NotDelivered):
    """For now: no answer, too much at once, its own failure. ``after``: seconds, when the provider names them.

    ``maybe_sent``: it is not known whether the provider took the message (a timeout after it was sent).
    """

    def __init__(self, reason: str, after: float | None = None, maybe_sent: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.after, self.maybe_sent = reason, after, maybe_sent


class GiveUp(NotDelivered):
    """For good: the message goes to the dead letters under ``reason``, a short code such as ``twilio_21211``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unsubscribed(NotDelivered):
    """The person does not want to be written to; nothing is sent to them until they write again by themselves."""


class Fate(str, Enum):
    """What became of a message when the process died, or the line broke, while it was being sent."""

    sent = "sent"
    not_sent = "not_sent"  # or sending it again is harmless: the provider drops repeats of a key
    unknown = "unknown"


class Channel(ABC):
    """One way to write with people. Made once at start; keeps no conversation.

    ``name`` is what the engine, the figures and the tables call it. ``window``: how long after a person's last
    message the platform lets us answer; what is older by then is a dead letter. ``at_once``: how many bodies of one
    answer are sent unasked, the rest one by one for « PLUS »; None: all. ``confirms``: the provider reports later what was
    delivered (``knowledge.delivery.outbox.confirm``), and the words are kept until then. ``commands``: words, in capitals without accents,
    that are obeyed and not asked of the engine: "stop", "start", "more", "contact", "call" (a person is asked for), "erase".
    """

    name: str
    window: dt.timedelta | None = None
    at_once: int | None = None
    confirms = False
    commands: Mapping[str, Command] = {}

    @abstractmethod
    def render(self, reply: Reply, cards: Sequence[Mapping[str, Any]]) -> list[Body]:
        """Return what to send for ``reply``, in order; ``cards`` are those of its actions (``api.views.cards``).

        A body may hold ``choices``, the payloads behind the numbers 1, 2, 3… that it shows.
        """

    @abstractmethod
    def plain(self, text: str) -> list[Body]:
        """Return what to send for words of a person (an agent) or of the templates, whole."""

    @abstractmethod
    def attachment(self) -> list[Body]:
        """Return the kind answer to something that cannot be read."""

    @abstractmethod
    async def deliver(self, recipient: str, body: Body, key: str) -> str:
        """Send one body and return the provider's id of it. ``key`` is the same each time that this message is tried.

        Raises TryLater, GiveUp or Unsubscribed.
        """

    async def fate(self, recipient: str, body: Body, key: str, since: dt.datetime) -> tuple[Fate, str | None]:
        """Ask the provider what became of a message that was begun at ``since``, and its id of it. May raise TryLater."""
        return Fate.unknown, None

    async def seen(self, recipient: str, provider_id: str) -> None:  # noqa: B027  # a channel without marks has nothing to do
        """Show that a message was read and an answer is being written. May fail: nothing depends on it."""

    def accepts(self, sender: str) -> bool:
        """False for whom nothing may be sent: a number abroad, with a surcharge, of a machine."""
        return True

    def cost(self, body: Body) -> int:
        """How much of the day's allowance one body takes (SMS segments); 0: free."""
        return 0

    async def close(self) -> None:  # noqa: B027
        """Close connections at the end of the process."""


def storable(text: str) -> str:
    """Return ``text`` without what no database takes: NUL (PostgreSQL), halves of surrogate pairs (JSON may hold them)."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def receive(services: Ground, arrived: Sequence[Arrived]) -> int:
    """Store what arrived, in one transaction, before anything is acknowledged; return how many were new.

    A repeat of (channel, provider_id) is dropped. Raises SQLAlchemyError: then answer 503, and the provider repeats
    (Twilio only where its webhook's address says so: docs/channels.md).
    """
    key = services.secret_key
    rows = [
        inbox.Incoming(
            one.channel,
            storable(one.provider_id),
            pseudonym(key, one.channel, storable(one.sender)),
            storable(one.sender),
            storable(one.text),
            pseudonym(key, "words", storable(one.text)),
            one.kind,
            one.sent_at,
        )
        for one in arrived
    ]
    with services.sessions.begin() as session:
        return inbox.store(session, rows)
