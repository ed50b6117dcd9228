"""The directory in memory: one immutable snapshot, exchanged whole when the database changes."""

import logging
import math
import re
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import sessionmaker

from knowledge import models, schema
from knowledge.database import see_one_moment
from knowledge.errors import UnknownAction
from knowledge.models import stable_id
from knowledge.records import Records, select_all
from nlu.french.ellipsis import subject_words
from nlu.french.reference import refers_back
from nlu.french.text import words

logger = logging.getLogger(__name__)

_ARTICLES = {"le", "la", "les", "l", "d", "de", "du", "des", "au", "a"}
_QUARTERS = {"begon", "mirabeau", "quiniere", "coty", "kennedy", "cornillettes"}
# « à la Quinière », « vers Coty »: the quarter, not the house of that name.
_IN_A_QUARTER = re.compile(rf"\b(?:a|o|au|dans|sur|vers|cote) (?:(?:la|le|l) )?(?:{'|'.join(sorted(_QUARTERS))})\b")
_SHORTEST_NAME, _LONGEST_NAME = 4, 6
# One message asks for the directory some five times; an edit still reaches the next message.
_FRESH_SECONDS = 0.05
_VERSION = sa.select(models.DirectoryVersion.__table__.c.version)


@dataclass(frozen=True)
class Entry:
    """One action with the organisation that runs it."""

    action: schema.Action
    organisation: schema.Organisation

    @property
    def id(self) -> str:
        return self.action.id

    @property
    def uuid(self) -> str:
        return stable_id("action", self.action.id)

    @property
    def contacts(self) -> list[schema.Contact]:
        """Public ways to reach them: the action's own, then the organisation's."""
        seen, found = set(), []
        for contact in [*self.action.contacts, *self.organisation.contacts]:
            if contact.public and (contact.kind, contact.value) not in seen:
                seen.add((contact.kind, contact.value))
                found.append(contact)
        return found

    @property
    def places(self) -> list[schema.Place]:
        """Where it takes place; the organisation's own address when the action has none."""
        return self.action.places or self.organisation.places

    @property
    def schedules(self) -> list[schema.Schedule]:
        """When it is open or takes place; the organisation's hours when the action has none."""
        return self.action.schedules or self.organisation.schedules


@dataclass(frozen=True)
class Directory:
    """A consistent view of everything that is known. Never changes; compare ``version``."""

    version: int
    entries: tuple[Entry, ...]
    sources: dict[str, schema.Source]
    help_numbers: tuple[schema.HelpNumber, ...]
    outside: tuple[schema.OutsideTopic, ...]
    broad_needs: tuple[schema.BroadNeed, ...] = ()
    orientation: tuple[schema.OrientationQuestion, ...] = ()

    @classmethod
    def from_records(cls, version: int, records: Records) -> "Directory":
        return cls(
            version=version,
            entries=tuple(Entry(action, file.organisation) for file in records.organisations for action in file.actions),
            sources={source.id: source for source in records.sources},
            help_numbers=tuple(records.help_numbers),
            outside=tuple(records.outside),
            broad_needs=tuple(records.broad_needs),
            orientation=tuple(records.orientation),
        )

    @cached_property
    def by_id(self) -> dict[str, Entry]:
        return {entry.id: entry for entry in self.entries}

    @cached_property
    def questions(self) -> dict[str, schema.OrientationQuestion]:
        """The questions of the guided orientation by id; the first begins."""
        return {question.id: question for question in self.orientation}

    def entry(self, action_id: str) -> Entry:
        """Return one action by slug or UUID. Raises UnknownAction."""
        found = self.by_id.get(action_id) or next((e for e in self.entries if e.uuid == action_id), None)
        if found is None:
            raise UnknownAction(action_id)
        return found

    @staticmethod
    def is_in_a_quarter(text: str) -> bool:
        """True when ``text`` says a quarter as a place (« il y en a à la Quinière ? »)."""
        return bool(_IN_A_QUARTER.search(" ".join(words(text))))

    def called(self, text: str) -> tuple[Entry, ...]:
        """Return the entries of the organisations that have exactly this name (« maison de Bégon »)."""
        return self._by_name.get(_name(text), ())

    def named_in(self, text: str) -> tuple[Entry, ...]:
        """Return the actions of the organisation that ``text`` names in passing (« l'acesm, ils font quoi ? »), or nothing.

        The longest name counts. A short word says nothing by itself, nor does a name that is also a quarter's,
        unless people are meant (« Bégon, ils font quoi ? »).
        """
        said, people = _name(text), refers_back(text)
        for size in range(min(_LONGEST_NAME, len(said)), 0, -1):
            for start in range(len(said) - size + 1):
                name = said[start : start + size]
                if size > 1 or (len(name[0]) >= _SHORTEST_NAME and (people or name[0] not in _QUARTERS)):
                    found = tuple(entry for entry in self._by_name.get(name, ()) if entry.action.kind == "action")
                    if found:
                        return found
        return ()

    def about(self, subject: Sequence[str]) -> Entry | None:
        """Return what these words of a follow-up are the name of: an action, or an organisation's first (« la mairie »)."""
        return self._by_action_name.get(tuple(subject)) or self.of_organisation(subject) if subject else None

    def of_organisation(self, subject: Sequence[str]) -> Entry | None:
        """Return the first entry of the organisation known by these words."""
        return self._by_organisation.get(tuple(subject)) if subject else None

    @cached_property
    def _by_name(self) -> dict[tuple[str, ...], tuple[Entry, ...]]:
        found: dict[tuple[str, ...], dict[str, Entry]] = {}
        for entry in self.entries:
            for name in (entry.organisation.name, *entry.organisation.aliases):
                found.setdefault(_name(name), {})[entry.id] = entry
        found.pop((), None)
        return {name: tuple(entries.values()) for name, entries in found.items()}

    @cached_property
    def _by_action_name(self) -> dict[tuple[str, ...], Entry]:
        return _first_by_subject((name, e) for e in self.entries for name in (e.id, e.action.official_title or e.action.title))

    @cached_property
    def _by_organisation(self) -> dict[tuple[str, ...], Entry]:
        return _first_by_subject((alias, e) for e in self.entries for alias in e.organisation.aliases)

    @cached_property
    def organisations(self) -> dict[str, schema.Organisation]:
        return {entry.organisation.id: entry.organisation for entry in self.entries}


def _name(text: str) -> tuple[str, ...]:
    return tuple(word for word in words(text) if word not in _ARTICLES)


def _first_by_subject(named: Iterable[tuple[str, Entry]]) -> dict[tuple[str, ...], Entry]:
    found: dict[tuple[str, ...], Entry] = {}
    for name, entry in named:
        found.setdefault(tuple(subject_words(name)), entry)
    found.pop((), None)
    return found


EMPTY = Directory(0, (), {}, (), ())


class DirectoryStore:
    """Hands out the current ``Directory`` and notices when the database holds a newer one."""

    def __init__(self, session_factory: sessionmaker, fresh_seconds: float = _FRESH_SECONDS) -> None:
        """``fresh_seconds``: for so long a directory is handed out without asking the database again."""
        self._sessions, self._fresh_seconds = session_factory, fresh_seconds
        self._current = EMPTY
        self._checked = -math.inf
        self._lock = threading.Lock()

    def current(self) -> Directory:
        """Return the newest directory; the last one known when the database does not answer."""
        if time.monotonic() - self._checked < self._fresh_seconds:
            return self._current
        try:
            version = self._version()
            if version != self._current.version:
                with self._lock:
                    if version != self._current.version:
                        self._current = self._read()
            self._checked = time.monotonic()
        except SQLAlchemyError as error:
            logger.warning("directory: the database does not answer (%s); the last directory stays in use", type(error).__name__)
        return self._current

    def _version(self) -> int:
        with self._sessions() as session:
            return session.execute(_VERSION).scalar_one_or_none() or 0

    def _read(self) -> Directory:
        with self._sessions() as session:
            see_one_moment(session)
            version = session.execute(_VERSION).scalar_one_or_none() or 0
            directory = Directory.from_records(version, select_all(session))
        logger.info("directory: version %s, %s actions", directory.version, len(directory.entries))
        return directory
