"""The directory in memory: one immutable snapshot, exchanged whole when the database changes."""

import contextlib
import dataclasses
import logging
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import sessionmaker

from knowledge import models, schema
from knowledge.background import giving_way, uncollected
from knowledge.database import see_one_moment
from knowledge.errors import UnknownAction
from knowledge.models import stable_id
from knowledge.names import Names, name_of
from knowledge.patching import patched, replaced, shared, with_new
from knowledge.records import Changed, Records, select_all, select_changed
from knowledge.version import Mark, changed_since, mark
from nlu.french.reference import refers_back
from nlu.french.text import fold

logger = logging.getLogger(__name__)

_QUARTERS = {"begon", "mirabeau", "quiniere", "coty", "kennedy", "cornillettes"}
_SHORTEST_NAME, _LONGEST_NAME = 4, 6
# One message asks for the directory some five times; an edit still reaches the next message.
_FRESH_SECONDS = 0.05
_NUMBER = sa.select(sa.func.count()).select_from(models.Action)
_UUID = 36
# So many changed sheets are read one by one, beside which nothing is read again. More, in a directory of more entries
# than can be read while somebody waits, are read in the background.
_MOST_CHANGES = 500
_SMALL = 1000


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

    @cached_property
    def folded(self) -> str:
        """Title and id as an editor may type them, folded."""
        return fold(f"{self.action.title} {self.action.official_title or ''} {self.action.id}")

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

    def with_changes(self, version: int, changed: Changed) -> "Directory":
        """This directory after ``changed``: what did not change is shared, and what was worked out of it is not again."""
        renewed = {organisation.id: organisation for organisation in changed.organisations}
        come = {action.id: Entry(action, organisation) for organisation, action in changed.actions}
        for entry in self.entries if renewed else ():
            if entry.organisation.id in renewed:
                come.setdefault(entry.id, Entry(entry.action, renewed[entry.organisation.id]))
        leave = {slug for kind, slug in changed.gone if kind == "action"}
        come = {action_id: entry for action_id, entry in come.items() if action_id not in leave}
        sources = {**self.sources, **changed.sources}
        sources = {slug: source for slug, source in sources.items() if ("source", slug) not in changed.gone}
        gone = [self.by_id[action_id] for action_id in leave | set(come) if action_id in self.by_id]
        # An action that moved to another organisation leaves its place; a new one comes last in its organisation.
        stays = {old.id: come[old.id] for old in gone if old.id in come and old.organisation.id == come[old.id].organisation.id}
        left = replaced(self.entries, {id(old): stays.get(old.id) for old in gone})
        entries = with_new(left, [entry for action_id, entry in come.items() if action_id not in stays])
        made = dataclasses.replace(self, version=version, entries=entries, sources=sources, **changed.others)
        made.__dict__["names"] = self.names.changed(gone, come.values())
        made.__dict__["by_id"] = patched(self.by_id, [entry.id for entry in gone], come)
        made.__dict__["by_uuid"] = patched(self.by_uuid, [e.uuid for e in gone], {e.uuid: e for e in come.values()})
        return made

    def prepare(self) -> None:
        """Work out what questions are asked of, where nobody waits for it."""
        _ = self.by_id, self.by_uuid, self.names, self.organisations

    @cached_property
    def by_id(self) -> dict[str, Entry]:
        return {entry.id: entry for entry in self.entries}

    @cached_property
    def names(self) -> Names:
        return Names.of(self.entries)

    @cached_property
    def of_organisations(self) -> dict[str, tuple[Entry, ...]]:
        """The entries of each organisation by its id."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.organisation.id, []).append(entry)
        return {slug: tuple(entries) for slug, entries in found.items()}

    @cached_property
    def questions(self) -> dict[str, schema.OrientationQuestion]:
        """The questions of the guided orientation by id; the first begins."""
        return {question.id: question for question in self.orientation}

    def entry(self, action_id: str) -> Entry:
        """Return one action by slug or UUID. Raises UnknownAction."""
        found = self.by_id.get(action_id) or (self.by_uuid.get(action_id) if len(action_id) == _UUID else None)
        if found is None:
            raise UnknownAction(action_id)
        return found

    def called(self, text: str) -> tuple[Entry, ...]:
        """Return the entries of the organisations that have exactly this name (« maison de Bégon »)."""
        return self.names.called(name_of(text))

    def named_in(self, text: str) -> tuple[Entry, ...]:
        """Return the actions of the organisation that ``text`` names in passing (« l'acesm, ils font quoi ? »), or nothing.

        The longest name counts. A short word says nothing by itself, nor does a name that is also a quarter's,
        unless people are meant (« Bégon, ils font quoi ? »).
        """
        said, people = name_of(text), refers_back(text)
        for size in range(min(_LONGEST_NAME, len(said)), 0, -1):
            for start in range(len(said) - size + 1):
                name = said[start : start + size]
                if size > 1 or (len(name[0]) >= _SHORTEST_NAME and (people or name[0] not in _QUARTERS)):
                    found = tuple(entry for entry in self.names.called(name) if entry.action.kind == "action")
                    if found:
                        return found
        return ()

    def about(self, subject: Sequence[str]) -> Entry | None:
        """Return what these words of a follow-up are the name of: an action, or an organisation's first (« la mairie »)."""
        return self.names.action(subject) or self.of_organisation(subject) if subject else None

    def of_organisation(self, subject: Sequence[str]) -> Entry | None:
        """Return the first entry of the organisation known by these words."""
        return self.names.organisation(subject) if subject else None

    @cached_property
    def by_uuid(self) -> dict[str, Entry]:
        return {entry.uuid: entry for entry in self.entries}

    @cached_property
    def organisations(self) -> dict[str, schema.Organisation]:
        return {entry.organisation.id: entry.organisation for entry in self.entries}


EMPTY = Directory(0, (), {}, (), ())


class DirectoryStore:
    """Hands out the current ``Directory`` and notices when the database holds a newer one."""

    def __init__(self, session_factory: sessionmaker, fresh_seconds: float = _FRESH_SECONDS) -> None:
        """``fresh_seconds``: for so long a directory is handed out without asking the database again."""
        self._sessions, self._fresh_seconds = session_factory, fresh_seconds
        self._current = EMPTY
        self._mark: Mark | None = None
        self._checked = -math.inf
        self._lock, self._reading = threading.Lock(), threading.Lock()

    def current(self) -> Directory:
        """Return the newest directory; the last one known when the database does not answer.

        Some changed sheets, and a whole small directory, are read before this returns. A large one that was
        loaded anew is read in the background, and the last one stays in use until then.
        """
        if time.monotonic() - self._checked < self._fresh_seconds:
            return self._current
        try:
            with self._sessions() as session:
                newest = mark(session).version
            if newest != self._current.version:
                with self._lock:
                    if newest != self._current.version:
                        self._follow()
            self._checked = time.monotonic()
        except SQLAlchemyError as error:
            logger.warning("directory: the database does not answer (%s); the last directory stays in use", type(error).__name__)
        return self._current

    def _follow(self) -> None:
        """Bring the directory up to date; or, a large one that was loaded anew, begin to."""
        if self._mark is None or len(self._current.entries) <= _SMALL:
            self._current, self._mark = self._read()
            return
        seen = self._mark
        patched = self._patched(self._current, seen)
        if patched:
            self._current, self._mark = patched
        # A load notes the sheets that it changes, but not their order.
        if (patched is None or self._mark.loaded_at != seen.loaded_at) and self._reading.acquire(blocking=False):
            threading.Thread(target=self._read_beside, name="directory-read", daemon=True).start()

    def _read_beside(self) -> None:
        try:
            with giving_way():
                directory, read = self._read()
                directory = dataclasses.replace(directory, entries=shared(directory.entries, self._current.by_id))
                directory.prepare()
            with self._lock:  # what was edited meanwhile, and is in use already, stays so
                self._current, self._mark = self._patched(directory, read) or (directory, read)
        except Exception as error:  # the last directory stays; the next message tries again
            logger.warning("directory: the new version could not be read (%s); the last directory stays in use", type(error).__name__)
        finally:
            self._reading.release()

    def _patched(self, directory: Directory, seen: Mark) -> tuple[Directory, Mark] | None:
        """``directory`` with what changed since it was ``seen``; None when that is too much, or not known."""
        with self._sessions() as session:
            see_one_moment(session)
            now = mark(session)
            sheets = changed_since(session, seen, now, _MOST_CHANGES)
            if sheets is None:
                return None
            logger.info("directory: version %s, %s sheets changed", now.version, len(sheets))
            return directory.with_changes(now.version, select_changed(session, sheets)), now

    def _read(self) -> tuple[Directory, Mark]:
        with self._sessions() as session:
            see_one_moment(session)
            now = mark(session)
            is_large = session.execute(_NUMBER).scalar_one() > _SMALL
            with uncollected() if is_large else contextlib.nullcontext():
                directory = Directory.from_records(now.version, select_all(session))
        logger.info("directory: version %s, %s actions", directory.version, len(directory.entries))
        return directory, now
