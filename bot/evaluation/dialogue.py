"""Holding a golden conversation with the engine, and saying where it went wrong."""

import unicodedata
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.engine import DialogueEngine, Message, Reply
from bot.evaluation.clock import SetClock
from bot.evaluation.conversations import Conversation, Turn
from bot.evaluation.report import Section, Table
from bot.evaluation.shares import Share, share

_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'"})


@dataclass(frozen=True)
class Held:
    """A conversation and, for each turn in order, what was wrong (nothing: it was right)."""

    conversation: Conversation
    problems: tuple[tuple[str, ...], ...]

    @property
    def right(self) -> bool:
        """True when every turn was right."""
        return not any(self.problems)

    def __str__(self) -> str:
        """One line for every problem, with the file and line of its turn."""
        turns = zip(self.conversation.turns, self.problems, strict=True)
        return "\n".join(f"{self.conversation.path}:{turn.line}: {problem}" for turn, problems in turns for problem in problems)


async def hold(engine: DialogueEngine, conversation: Conversation, set_clock: SetClock | None = None) -> Held:
    """Hold ``conversation`` from its first turn to its last and erase it.

    ``set_clock`` puts the engine's clock to ``at`` and back (None). Raises ValueError when the
    conversation has a time and there is no clock to set.
    """
    if conversation.at and set_clock is None:
        raise ValueError(f"« {conversation.name} » is held at a given time: it needs set_clock")
    sender, problems = f"evaluation-{uuid.uuid4().hex}", list[tuple[str, ...]]()
    if set_clock:
        set_clock(conversation.at)
    try:
        reply: Reply | None = None
        for turn in conversation.turns:
            text = turn.say or _payload(turn, reply)
            if text is None:
                # What comes after a tap that cannot be made was never said.
                problems.append((f"no quick reply « {turn.tap} »; there were: {', '.join(_titles(reply)) or 'none'}",))
                problems += [("not reached",)] * (len(conversation.turns) - len(problems))
                break
            reply = await engine.respond(Message(sender, text))
            problems.append(tuple(check(turn, reply)))
    finally:
        if set_clock:
            set_clock(None)
        await engine.erase(sender)
    return Held(conversation, tuple(problems))


def check(turn: Turn, reply: Reply) -> Iterator[str]:
    """Yield what is wrong with ``reply``. An outcome ``error`` is wrong unless it is expected."""
    if reply.outcome not in (turn.outcome or (() if reply.outcome == "error" else (reply.outcome,))):
        yield f"outcome {reply.outcome}, expected {' or '.join(turn.outcome) or 'no error'}"
    first = reply.actions[0] if reply.actions else "none"
    if turn.first and first not in turn.first:
        yield f"first action {first}, expected {' or '.join(turn.first)}"
    missing, unwanted = [a for a in turn.shows if a not in reply.actions], [a for a in turn.hides if a in reply.actions]
    if missing:
        yield f"does not show {', '.join(missing)}; shows {', '.join(reply.actions) or 'none'}"
    if unwanted:
        yield f"shows {', '.join(unwanted)}, which must not be there"
    said = _plain("\n".join(message.text for message in reply.messages))
    yield from (f"does not say « {part} »" for part in turn.says if _plain(part) not in said)
    yield from (f"says « {part} », which must not be there" for part in turn.says_not if _plain(part) in said)


def section(held: Sequence[Held], without_clock: int) -> Section:
    """Report the conversations held; ``without_clock`` were left out because no clock could be set."""
    if not held and not without_clock:
        return Section()
    whole, turns = share(h.right for h in held), share(not problems for h in held for problems in h.problems)
    rows = [_row("conversations right in every turn", whole), _row("turns right", turns)]
    note = f"{without_clock} conversation(s) at a given time were not held: this engine's clock cannot be set." if without_clock else ""
    tables = [Table("Conversations", ("figure", "number", "share", "95 % interval"), tuple(rows), note)]
    wrong = tuple(
        (h.conversation.id, str(number), problem) for h in held for number, problems in enumerate(h.problems, 1) for problem in problems
    )
    if wrong:
        tables.append(Table("Conversations: what was wrong", ("conversation", "turn", "problem"), wrong))
    return Section(tuple(tables), {"conversations.right": whole.value, "turns.right": turns.value})


def _row(name: str, found: Share) -> tuple[str, ...]:
    return name, str(found.n), str(found), found.interval


def _payload(turn: Turn, reply: Reply | None) -> str | None:
    buttons = (button for message in (reply.messages if reply else ()) for button in message.quick_replies)
    return next((button.payload for button in buttons if _plain(button.title) == _plain(turn.tap or "")), None)


def _titles(reply: Reply | None) -> list[str]:
    return [button.title for message in (reply.messages if reply else ()) for button in message.quick_replies]


def _plain(text: str) -> str:
    """Without regard to case, kinds of spaces and kinds of apostrophes; accents count."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_APOSTROPHES).casefold().split())
