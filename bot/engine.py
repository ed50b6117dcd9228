"""The port between channels and dialogue: what comes in, what goes out. No Rasa in here."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args

from sqlalchemy.orm import Session

Outcome = Literal[
    "answer",
    "clarify",
    "out_of_scope",
    "emergency",
    "handoff",
    "greet",
    "thanks",
    "goodbye",
    "help",
    "bot_challenge",
    "insult",
    "feedback",
    "error",
]
# How a message was read where it asked for something: a need, one outside of the directory, nothing that was
# understood, or something that may be an emergency beside a need.
Reading = Literal["need", "outside", "unclear", "alarm"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)


@dataclass(frozen=True)
class Message:
    """One message from a person, as every channel hands it over. ``id``: one that stays the same when it is sent again."""

    conversation_id: str
    text: str
    channel: str = "web"
    id: str | None = None


@dataclass(frozen=True)
class QuickReply:
    """A button; sending ``payload`` as a message is the same as tapping it."""

    title: str
    payload: str


@dataclass(frozen=True)
class Utterance:
    """One bubble: whole in plain text, complete without cards or buttons."""

    text: str
    quick_replies: tuple[QuickReply, ...] = ()


@dataclass(frozen=True)
class Reply:
    """The answer to one message. ``actions`` holds ids of the directory, best first; ``read``: None for talk and follow-ups."""

    conversation_id: str
    outcome: Outcome
    messages: tuple[Utterance, ...]
    actions: tuple[str, ...] = ()
    read: Reading | None = None


@dataclass(frozen=True)
class Turn:
    """One message of a person and what was answered, as it was shown; a tapped button's text is its payload."""

    said: str
    at: dt.datetime
    outcome: Outcome | None = None
    read: Reading | None = None
    answered: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A reply that the engine does not know of yet. ``remember`` writes what was said into the caller's transaction; left
    out, the conversation stands where it stood, and the same message can be answered anew."""

    reply: Reply
    remember: Callable[[Session], None]


class DialogueEngine(Protocol):
    """What ``api`` needs of a dialogue engine; ``bot.rasa_engine`` is one."""

    async def respond(self, message: Message) -> Reply:
        """Answer one message. Messages of one conversation are handled in order of arrival."""

    async def compose(self, message: Message) -> Draft:
        """Answer one message without remembering it: for who stores answer and conversation together, or neither.

        The caller sees to it that one message of a conversation is answered at a time. Raises SQLAlchemyError when the
        conversation cannot be read: then the message waits.
        """

    async def transcript(self, conversation_id: str) -> tuple[Turn, ...]:
        """Return what was said in a conversation, oldest first; nothing when it is unknown."""

    async def erase(self, conversation_id: str) -> None:
        """Forget a conversation; nothing happens when it is unknown."""

    def catch_up(self) -> int:
        """Write what the database did not take while it failed, as far as it takes it now; returns how many turns still wait.

        To be called every few seconds, in the thread that answers.
        """

    def renew(self, model: Path) -> None:
        """Load another model, then answer from it; until then, and when it cannot be loaded, from the present one."""

    def is_ready(self) -> bool:
        """True when a message can be answered."""
