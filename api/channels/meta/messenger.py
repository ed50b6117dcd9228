"""Messenger: the Send API of a page."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from api.channels.meta import messenger_bodies, messenger_events
from api.channels.meta.graph import Graph
from api.channels.meta.offers import help_numbers
from api.channels.meta.reading import obj, objects
from api.channels.meta.words import label, words
from api.channels.port import Body, Channel, Command, Fate
from bot.engine import QuickReply, Reply

# Meta's "Standard messaging": free answers within 24 hours of the person's last message.
WINDOW = dt.timedelta(hours=24)
# No word to come back: nobody is written to who did not write first.
COMMANDS: Mapping[str, Command] = {"STOP": "stop", "ARRET": "stop", "CONTACT": "contact", "RAPPEL": "call", "EFFACER": "erase"}
ASK_PERSON = "/ask_human"
# Clocks of two machines, and the platform writes whole seconds.
_SKEW = dt.timedelta(seconds=5)


class Messenger(Channel):
    """One page. ``known_numbers`` returns the directory's help numbers."""

    name = messenger_events.NAME
    window = WINDOW
    commands = COMMANDS

    def __init__(self, graph: Graph, page: str, public_url: str, known_numbers: Callable[[], Iterable[str]]) -> None:
        self._graph, self._page, self._public_url, self._known_numbers = graph, page, public_url, known_numbers

    def render(self, reply: Reply, cards: Sequence[Mapping[str, Any]]) -> list[Body]:
        numbers = help_numbers(reply, self._known_numbers()) if reply.outcome == "emergency" else []
        return messenger_bodies.answer(reply, cards, numbers, self._public_url)

    def plain(self, text: str) -> list[Body]:
        return messenger_bodies.texts(text)

    def attachment(self) -> list[Body]:
        return messenger_bodies.with_choices(self.plain(words()["attachment"]), [QuickReply(label("person"), ASK_PERSON)])

    async def deliver(self, recipient: str, body: Body, key: str) -> str:
        # The key comes back with the message's echo: it proves that the message left.
        message = {**body["message"], "metadata": key}
        taken = await self._graph.post(f"{self._page}/messages", _to(recipient) | {"messaging_type": "RESPONSE", "message": message})
        return str(taken.get("message_id", ""))

    async def fate(self, recipient: str, body: Body, key: str, since: dt.datetime) -> tuple[Fate, str | None]:
        """Look the message up in the page's conversation: its words, or for a template, which has none, a message without."""
        wanted = body["message"].get("text", "")
        found = await self._graph.get(
            f"{self._page}/conversations",
            platform="messenger",
            user_id=recipient,
            fields="messages.limit(25){id,created_time,from,message}",
        )
        for conversation in objects(found, "data"):
            for message in objects(obj(conversation, "messages"), "data"):
                from_us = obj(message, "from").get("id") != recipient
                if from_us and message.get("message") == wanted and _moment(message.get("created_time")) >= since - _SKEW:
                    return Fate.sent, str(message.get("id"))
        return Fate.not_sent, None

    async def seen(self, recipient: str, provider_id: str) -> None:
        for action in ("mark_seen", "typing_on"):
            await self._graph.post(f"{self._page}/messages", _to(recipient) | {"sender_action": action})

    async def close(self) -> None:
        await self._graph.close()


def _to(recipient: str) -> dict[str, Any]:
    return {"recipient": {"id": recipient}}


def _moment(written: Any) -> dt.datetime:
    """« 2026-11-28T08:11:47+0000 »; long ago when it is something else."""
    try:
        return dt.datetime.strptime(str(written), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return dt.datetime.min.replace(tzinfo=dt.timezone.utc)
