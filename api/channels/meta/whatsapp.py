"""WhatsApp: the Cloud API of a telephone number."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from api.channels.meta import whatsapp_bodies, whatsapp_events
from api.channels.meta.graph import Graph
from api.channels.meta.messenger import ASK_PERSON, COMMANDS, WINDOW
from api.channels.meta.offers import help_numbers
from api.channels.meta.reading import objects
from api.channels.meta.words import label, words
from api.channels.port import Body, Channel, Fate, TryLater
from bot.engine import QuickReply, Reply
from knowledge.moments import utc_now

# A message that was taken is followed by its status « sent » within seconds, as long as the hook is there to hear it.
_STATUS_BY = dt.timedelta(minutes=2)


class WhatsApp(Channel):
    """One number. ``known_numbers`` returns the directory's help numbers."""

    name = whatsapp_events.NAME
    window = WINDOW
    confirms = True
    commands = COMMANDS

    def __init__(self, graph: Graph, number_id: str, public_url: str, known_numbers: Callable[[], Iterable[str]]) -> None:
        self._graph, self._public_url, self._known_numbers = graph, public_url, known_numbers
        self._messages = f"{number_id}/messages"
        self._since = utc_now()

    def render(self, reply: Reply, cards: Sequence[Mapping[str, Any]]) -> list[Body]:
        numbers = help_numbers(reply, self._known_numbers()) if reply.outcome == "emergency" else []
        return whatsapp_bodies.answer(reply, cards, numbers, self._public_url)

    def plain(self, text: str) -> list[Body]:
        return whatsapp_bodies.texts(text)

    def attachment(self) -> list[Body]:
        return whatsapp_bodies.with_choices(self.plain(words()["attachment"]), [QuickReply(label("person"), ASK_PERSON)])

    async def deliver(self, recipient: str, body: Body, key: str) -> str:
        # The key comes back with each status of the message: it proves that the message left.
        sent = {"messaging_product": "whatsapp", "recipient_type": "individual", **_to(recipient), **body, "biz_opaque_callback_data": key}
        taken = await self._graph.post(self._messages, sent)
        return str(next(objects(taken, "messages"), {}).get("id", ""))

    async def fate(self, recipient: str, body: Body, key: str, since: dt.datetime) -> tuple[Fate, str | None]:
        """The platform cannot be asked; it tells. A status with our key has marked the message as sent before this is asked.

        Meta may hold a status back, and repeats those that were refused while nobody served with longer and longer pauses: that
        none came never proves that a message did not leave. A person decides; a late status takes it out of the dead letters.
        """
        if max(since, self._since) + _STATUS_BY > utc_now():
            raise TryLater("graph_no_status", maybe_sent=True)
        return Fate.unknown, None

    async def seen(self, recipient: str, provider_id: str) -> None:
        read = {"messaging_product": "whatsapp", "status": "read", "message_id": provider_id, "typing_indicator": {"type": "text"}}
        await self._graph.post(self._messages, read)

    async def close(self) -> None:
        await self._graph.close()


def _to(recipient: str) -> dict[str, str]:
    """A number, or the id of who writes under a user name (« FR.1349… »)."""
    return {"to": recipient} if recipient.isdecimal() else {"recipient": recipient}
