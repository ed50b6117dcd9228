"""Sending one message to the engine as the first of a fresh conversation, and keeping what came back."""

import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.engine import DialogueEngine, Message, Reply
from bot.evaluation.sets import Sample
from knowledge.search import Search

_EMERGENCY_KIND = "emergency_kind"
# Ranks of interest: the first, and any of three.
_RANKED = 3

Parse = Callable[[str], Awaitable[dict[str, Any]]]


@dataclass(frozen=True)
class Parsed:
    """The engine's reading of a message, where it offers one."""

    intent: str | None
    emergency_kind: str | None


@dataclass(frozen=True)
class Found:
    """What the search alone says: ids best first, the best one's confidence, the outside's."""

    ids: tuple[str, ...]
    confidence: float
    outside: float


@dataclass(frozen=True)
class Seen:
    """A sample and everything that was seen of it. Times in seconds (on the wall, and of the processor)."""

    sample: Sample
    reply: Reply
    found: Found
    parsed: Parsed | None
    wall: float
    cpu: float

    @property
    def given(self) -> str:
        """In one word: the action shown first, or what else happened, in brackets."""
        if self.reply.actions:
            return self.reply.actions[0]
        return {"out_of_scope": "(refused)", "clarify": "(asked back)"}.get(self.reply.outcome, f"({self.reply.outcome})")

    def right_within(self, ranks: int) -> bool:
        """True when one of the expected actions is among the first ``ranks`` shown."""
        return bool(set(self.reply.actions[:ranks]) & set(self.sample.expected.ids))


async def see(engine: DialogueEngine, search: Search, sample: Sample) -> Seen:
    """Send one sample and return what was seen; the conversation is erased afterwards."""
    reply, wall, cpu = await ask(engine, sample.message)
    parse: Parse | None = getattr(engine, "parse", None)
    return Seen(sample, reply, _found(search, sample.message), await _parsed(parse, sample.message) if parse else None, wall, cpu)


async def ask(engine: DialogueEngine, text: str) -> tuple[Reply, float, float]:
    """Return the reply to ``text`` in a fresh conversation, and its times."""
    conversation = f"evaluation-{uuid.uuid4().hex}"
    wall, cpu = time.perf_counter(), time.process_time()
    reply = await engine.respond(Message(conversation, text))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    await engine.erase(conversation)
    return reply, wall, cpu


def _found(search: Search, text: str) -> Found:
    result = search.find(text, limit=_RANKED)
    return Found(tuple(hit.entry.id for hit in result.hits), result.best.confidence if result.best else 0.0, result.outside)


async def _parsed(parse: Parse, text: str) -> Parsed:
    data = await parse(text)
    kind = next((e.get("value") for e in data.get("entities") or [] if e.get("entity") == _EMERGENCY_KIND), None)
    return Parsed((data.get("intent") or {}).get("name"), kind)
