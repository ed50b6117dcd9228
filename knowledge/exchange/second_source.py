"""What another producer says joins the directory as a second source (ADR: docs/adr).

Nothing that is known is overwritten or deleted: a fact that differs is added with its own source; one
that is the same stays as it is, and gets its producer's newer date when it came from there; what has
room for one value only is reported.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge import schema
from knowledge.exchange.common import one_text
from knowledge.exchange.incoming import ExchangeRefused, Incoming, Note, Rejected
from knowledge.exchange.tables import Content
from knowledge.files import DirectoryFiles

# What a record may hold several of, and when two of them say the same.
_SAME: dict[str, Callable[[Any], Any]] = {
    "places": lambda place: [(part or "").casefold() for part in (place.address or place.name, place.city)],
    "contacts": lambda contact: (contact.kind, contact.value.casefold().rstrip("/")),
    "schedules": lambda schedule: schedule.osm or schedule.text,
    "events": lambda event: (event.title.casefold(), event.start, event.end),
}
# Ours by nature: ids, how we sort, what we verified.
_OURS = {"id", "kind", "source", "further_sources", "themes", "questions", "keywords", "price", *_SAME}


@dataclass(frozen=True)
class Told:
    """What a file says: records with the sources they name. Only the fields that it says are set.

    ``producers``: the titles of the sources that are the producer's own, whose facts its next file renews.
    """

    organisations: Sequence[schema.OrganisationFile]
    sources: Sequence[schema.Source]
    notes: Sequence[Note]
    producers: frozenset[str]


def join(content: Content, told: Told) -> Incoming:
    """Return the directory that ``content`` becomes with ``told``. Raises ExchangeRefused."""
    joining = _Joining(content, told)
    for file in told.organisations:
        joining.organisation(file)
    return Incoming(joining.result(), notes=(*told.notes, *joining.notes), absent=joining.absent())


class _Joining:
    def __init__(self, content: Content, told: Told) -> None:
        self.notes: list[Note] = []
        self._content = content
        self._sources = {source.id: source for source in [*content.sources, *told.sources]}
        self._producers = told.producers
        self._files = {
            file.organisation.id: schema.OrganisationFile.construct(organisation=file.organisation, actions=list(file.actions))
            for file in content.organisations
        }
        self._home = {action.id: file.organisation.id for file in content.organisations for action in file.actions}
        self._told = {file.organisation.id for file in told.organisations}
        self._told |= {action.id for file in told.organisations for action in file.actions}

    def organisation(self, file: schema.OrganisationFile) -> None:
        """Join one organisation and its actions; an action that is here already stays with its own organisation."""
        here = self._files.get(file.organisation.id)
        if here is None:
            here = self._files[file.organisation.id] = schema.OrganisationFile.construct(organisation=file.organisation, actions=[])
        else:
            here.organisation = self._record(here.organisation, file.organisation)
        for action in file.actions:
            home = self._files.get(self._home.get(action.id, ""))
            if home is None:
                here.actions.append(action)
                continue
            position = next(i for i, known in enumerate(home.actions) if known.id == action.id)
            home.actions[position] = self._record(home.actions[position], action)

    def _record(self, known: Any, told: Any) -> Any:
        changed: dict[str, Any] = {
            name: self._facts(name, getattr(known, name), getattr(told, name)) for name in _SAME if name in told.__fields_set__
        }
        if getattr(told, "price", None):
            changed["price"] = self._one(known, told, "price", known.price, told.price)
        theirs = self._is_theirs(known.source)
        for name in told.__fields_set__ - _OURS:
            before, after = getattr(known, name), getattr(told, name)
            if theirs:  # what they said themselves before
                changed[name] = after
            elif not _says(known, name, after):
                self._differs(known.id, name, before, after, told.source)
        if theirs and self._sources[told.source].published != self._sources[known.source].published:
            changed["source"] = told.source
        return known.copy(update=changed)

    def _facts(self, name: str, known: list, told: list) -> list:
        facts, same = list(known), _SAME[name]
        for fact in told:
            found = next((i for i, other in enumerate(facts) if same(other) == same(fact)), None)
            if found is None:
                facts.append(fact)
            elif self._is_theirs(facts[found].source):
                facts[found] = facts[found].copy(update={"source": self._newer(facts[found].source, fact.source)})
        return facts

    def _one(self, known: Any, told: Any, name: str, before: Any, after: Any) -> Any:
        """A fact of which there is one, with a source of its own."""
        if before is None or self._is_theirs(before.source):
            return after
        if before.frais != after.frais:
            self._differs(known.id, name, before.frais, after.frais, after.source)
        return before

    def _is_theirs(self, source: str) -> bool:
        return self._sources[source].title in self._producers

    def _newer(self, one: str, other: str) -> str:
        return max(one, other, key=lambda source: self._sources[source].published or "")

    def _differs(self, record: str, name: str, before: Any, after: Any, source: str) -> None:
        told = {"record": record, "field": name, "before": _short(before), "after": _short(after), "source": self._sources[source].title}
        self.notes.append(Note("differs", told))

    def absent(self) -> dict[str, tuple[list[str], list[str]]]:
        """For each producer the ids of records that hold facts of theirs: those that the file names, and those that it does not."""
        found: dict[str, tuple[list[str], list[str]]] = {producer: ([], []) for producer in sorted(self._producers)}
        for file in self._content.organisations:
            for record in (file.organisation, *file.actions):
                for producer in {self._sources[source].title for source in cited(record)} & self._producers:
                    found[producer][record.id not in self._told].append(record.id)  # type: ignore[attr-defined]
        return found

    def result(self) -> DirectoryFiles:
        files = list(self._files.values())
        used = {source for file in files for record in (file.organisation, *file.actions) for source in cited(record)}
        used |= {number.source for number in self._content.help_numbers}
        here = {source.id for source in self._content.sources}
        kept = [s for s in self._sources.values() if s.id in used or (s.id in here and s.title not in self._producers)]
        return DirectoryFiles(
            sources=kept,
            organisations=files,
            help_numbers=list(self._content.help_numbers),
            outside=list(self._content.outside),
            broad_needs=list(self._content.broad_needs),
            orientation=list(self._content.orientation),
        )


def cited(record: Any) -> set[str]:
    """The ids of all sources that a record and its facts name."""
    facts = [fact for name in _SAME for fact in getattr(record, name, [])]
    price = [record.price] if getattr(record, "price", None) else []
    return {record.source, *record.further_sources, *(fact.source for fact in (*facts, *price))}


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is said: only that is set in a record, and may differ from what the directory holds."""
    inner = {name: _inner(value) for name, value in values.items()}
    return {name: value for name, value in inner.items() if value not in (None, "", [])}


def _inner(value: Any) -> Any:
    if isinstance(value, Mapping):
        return known(value)
    return [_inner(item) for item in value] if isinstance(value, list) else value


def refuse(rejected: list[Rejected]) -> None:
    """Raise ExchangeRefused when there is anything to refuse."""
    if rejected:
        raise ExchangeRefused("rows_refused", rejected, count=len(rejected))


def _says(known: Any, name: str, told: Any) -> bool:
    """Does ``known`` say all of what is told of it?"""
    before = getattr(known, name)
    if isinstance(told, schema.Audience):
        return before is not None and all(_says(before, part, value) for part, value in told.dict(exclude_none=True).items())
    if isinstance(told, list):
        return set(told) <= set(one_text(known).splitlines() if name == "description" and isinstance(known, schema.Action) else before)
    return told is None or before == told


def _short(value: Any) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list) else str(getattr(value, "text", value) if value is not None else "")
    return text if len(text) <= 80 else text[:79] + "…"
