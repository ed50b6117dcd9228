"""A file as read, or why it was refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from knowledge.errors import KnowledgeError
from knowledge.exchange.building import Rejected
from knowledge.exchange.words import words
from knowledge.files import DirectoryFiles


class ExchangeRefused(KnowledgeError, ValueError):
    """A file that cannot be read or made; the message is French. ``rejected`` lists every cell or value, when it is about them."""

    def __init__(self, code: str, rejected: list[Rejected] | None = None, **context: Any) -> None:
        super().__init__(words().refusal(code, context))
        self.code, self.rejected = code, rejected or []


@dataclass(frozen=True)
class Note:
    """What an import tells without changing anything, as a code of ``words.yml`` and its values."""

    code: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Incoming:
    """The whole directory that a file leads to.

    ``version``: the directory's number that an archive carries. ``absent``: for each producer, the ids of
    records with facts of theirs that its file names, and of those that it does not.
    """

    files: DirectoryFiles
    version: int = 0
    notes: tuple[Note, ...] = ()
    absent: Mapping[str, tuple[list[str], list[str]]] = field(default_factory=dict)
