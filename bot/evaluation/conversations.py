"""Golden conversations: YAML files, each a list of conversations, one line per turn.

A turn says (``say``) or taps a quick reply by its title (``tap``); what is expected of the answer
stands beside it: ``outcome``, ``first``, ``shows``, ``hides``, ``says``, ``says_not``.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.engine import OUTCOMES
from bot.evaluation.errors import EvaluationFileError, Problem
from bot.evaluation.expected import Vocabulary, known_name
from bot.evaluation.lined_yaml import Lined, read_lined
from knowledge.schedules import PARIS

_CONVERSATION_KEYS = {"name", "at", "turns"}
_LISTS = ("outcome", "first", "shows", "hides", "says", "says_not")
_TURN_KEYS = {"say", "tap", *_LISTS}
_IDS = ("first", "shows", "hides")
_EXAMPLE_TIME = "2026-11-26T15:00"


@dataclass(frozen=True)
class Turn:
    """What a person does, and what the answer must be. Empty tuples expect nothing.

    ``outcome`` and ``first`` list what is allowed; ``shows`` and ``says`` must all be there,
    ``hides`` and ``says_not`` must not.
    """

    line: int
    say: str | None = None
    tap: str | None = None
    outcome: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    says_not: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conversation:
    """``at`` is the time on the clock (Paris), None for the real one."""

    name: str
    path: Path
    line: int
    at: dt.datetime | None
    turns: tuple[Turn, ...]

    @property
    def id(self) -> str:
        """A name for test runs."""
        return f"{self.path.stem}: {self.name}"


def load_conversations(paths: Iterable[Path], known: Vocabulary) -> list[Conversation]:
    """Return the conversations of all files. Raises EvaluationFileError with everything that is wrong."""
    found: list[Conversation] = []
    problems: list[Problem] = []
    for path in paths:
        conversations, wrong = read_conversations(path, known)
        found += conversations
        problems += wrong
    if problems:
        raise EvaluationFileError(problems)
    return found


def read_conversations(path: Path, known: Vocabulary) -> tuple[list[Conversation], list[Problem]]:
    """Return the conversations of one file, and everything that is wrong with it."""
    try:
        content = read_lined(path.read_text(encoding="utf-8"))
    except OSError as error:
        return [], [Problem(path, None, f"cannot be read ({error.strerror or type(error).__name__})")]
    except UnicodeDecodeError:
        return [], [Problem(path, None, "is not UTF-8 text")]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return [], [_syntax(path, error)]
    if not isinstance(content, list) or not content:
        return [], [Problem(path, 1, "must be a list of conversations, each « - name: … » with its turns")]
    return _Reader(path, known).read(content)


def _syntax(path: Path, error: Exception) -> Problem:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or type(error).__name__
    return Problem(path, mark.line + 1 if mark else None, f"is no valid YAML: {reason}")


class _Reader:
    """Turns the content of one file into conversations and gathers what is wrong."""

    def __init__(self, path: Path, known: Vocabulary) -> None:
        self._path, self._known = path, known
        self._problems: list[Problem] = []

    def read(self, content: Sequence[Any]) -> tuple[list[Conversation], list[Problem]]:
        found = [c for part in content if (c := self._conversation(part))]
        names: set[str] = set()
        for conversation in found:
            if conversation.name in names:
                self._wrong(conversation.line, f"a conversation named « {conversation.name} » is already there")
            names.add(conversation.name)
        return found, self._problems

    def _wrong(self, line: int | None, reason: str) -> None:
        self._problems.append(Problem(self._path, line, reason))

    def _conversation(self, part: Any) -> Conversation | None:
        if not isinstance(part, Lined):
            self._wrong(None, "every conversation is a mapping with a name and turns")
            return None
        self._unknown(part, _CONVERSATION_KEYS)
        name, turns = part.get("name"), part.get("turns")
        if not isinstance(name, str) or not name.strip():
            self._wrong(part.line, "a conversation needs a name")
        if not isinstance(turns, list) or not turns:
            self._wrong(part.line, "a conversation needs a list of turns")
            return None
        if isinstance(turns[0], Lined) and "tap" in turns[0]:
            self._wrong(turns[0].line, "the first turn cannot tap: no quick reply was shown yet")
        read = tuple(turn for raw in turns if (turn := self._turn(raw, part.line)))
        return Conversation(str(name), self._path, part.line, self._at(part), read)

    def _at(self, part: Lined) -> dt.datetime | None:
        if "at" not in part:
            return None
        try:
            text = part["at"]
            if not isinstance(text, str) or len(text) <= len("2026-11-26"):
                raise ValueError
            at = dt.datetime.fromisoformat(text)
        except ValueError:
            self._wrong(part.line, f"at must be a day and a time such as {_EXAMPLE_TIME}, not « {part['at']} »")
            return None
        return at.replace(tzinfo=PARIS) if at.tzinfo is None else at.astimezone(PARIS)

    def _turn(self, raw: Any, above: int) -> Turn | None:
        if not isinstance(raw, Lined):
            self._wrong(above, "every turn is a mapping with say or tap")
            return None
        self._unknown(raw, _TURN_KEYS)
        if len({"say", "tap"} & set(raw)) != 1:
            self._wrong(raw.line, "a turn has either say or tap")
            return None
        done = {key: self._text(raw, key) for key in ("say", "tap") if key in raw}
        return Turn(raw.line, **done, **{key: self._list(raw, key) for key in _LISTS if key in raw})  # type: ignore[arg-type]

    def _text(self, raw: Lined, key: str) -> str:
        value = raw[key]
        if not isinstance(value, str) or not value.strip():
            self._wrong(raw.line, f"{key} must be text, in quotes if need be, not « {value} »")
            return ""
        return value

    def _list(self, raw: Lined, key: str) -> tuple[str, ...]:
        values = raw[key] if isinstance(raw[key], list) else [raw[key]]
        if not values or not all(isinstance(value, str) and value.strip() for value in values):
            self._wrong(raw.line, f"{key} must be text or a list of texts, in quotes if need be, not « {raw[key]} »")
            return ()
        if key == "outcome":
            self._check(values, OUTCOMES, "outcome", raw.line)
        elif key in _IDS:
            self._check(values, self._known.actions, "action", raw.line)
        return tuple(values)

    def _check(self, values: Sequence[str], known: Collection[str], what: str, line: int) -> None:
        for value in values:
            try:
                known_name(value, known, what)
            except ValueError as error:
                self._wrong(line, str(error))

    def _unknown(self, raw: Lined, keys: set[str]) -> None:
        for key in sorted(set(raw) - keys):
            self._wrong(raw.line, f"unknown key « {key} »; known are {', '.join(sorted(keys))}")
