"""What people call actions and organisations, and which entries each name means."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from nlu.french.ellipsis import subject_words
from nlu.french.text import words

if TYPE_CHECKING:
    from knowledge.directory import Entry

_ARTICLES = {"le", "la", "les", "l", "d", "de", "du", "des", "au", "a"}

Name = tuple[str, ...]
Named = dict[Name, tuple["Entry", ...]]


class Names:
    """Every name of a directory's entries. Never changes; ``changed`` makes another without reading all names again."""

    def __init__(self, by_name: Named, by_action: Named, by_organisation: Named) -> None:
        self._by_name, self._by_action, self._by_organisation = by_name, by_action, by_organisation

    @classmethod
    def of(cls, entries: Iterable["Entry"]) -> "Names":
        return cls({}, {}, {}).changed((), entries)

    def changed(self, gone: Iterable["Entry"], come: Iterable["Entry"]) -> "Names":
        """The names without the entries that are gone, and with those that have come."""
        gone, come = list(gone), list(come)
        kept = [
            _changed(names, gone, come, read)
            for names, read in (
                (self._by_name, _cached(name_of, lambda e: (e.organisation.name, *e.organisation.aliases))),
                (self._by_action, _cached(_subject, lambda e: (e.id, e.action.official_title or e.action.title))),
                (self._by_organisation, _cached(_subject, lambda e: e.organisation.aliases)),
            )
        ]
        return Names(*kept)

    def called(self, name: Sequence[str]) -> tuple["Entry", ...]:
        """The entries of the organisations of exactly this name."""
        return self._by_name.get(tuple(name), ())

    def action(self, subject: Sequence[str]) -> "Entry | None":
        """The first action that these words name."""
        return next(iter(self._by_action.get(tuple(subject), ())), None)

    def organisation(self, subject: Sequence[str]) -> "Entry | None":
        """The first entry of the first organisation that these words name."""
        return next(iter(self._by_organisation.get(tuple(subject), ())), None)


def name_of(text: str) -> Name:
    """A name without its articles, folded."""
    return tuple(word for word in words(text) if word not in _ARTICLES)


def _subject(text: str) -> Name:
    return tuple(subject_words(text))


def _cached(read: Callable[[str], Name], texts_of: Callable[["Entry"], Iterable[str]]) -> Callable[["Entry"], set[Name]]:
    """The names of an entry; what many entries share (an organisation, a usual title) is read once."""
    known: dict[str, Name] = {}

    def names(entry: "Entry") -> set[Name]:
        found = set()
        for text in texts_of(entry):
            if text not in known:
                known[text] = read(text)
            found.add(known[text])
        return found - {()}

    return names


def _changed(names: Named, gone: Sequence["Entry"], come: Sequence["Entry"], names_of: Callable[["Entry"], set[Name]]) -> Named:
    """What is replaced keeps its place, because the first of a name is meant; what is new comes last."""
    newer = {entry.id: (entry, names_of(entry)) for entry in come}
    leaving = {entry.id for entry in gone}
    touched: dict[Name, dict[str, Entry]] = {name: {} for entry in gone for name in names_of(entry)}
    touched |= {name: {} for _, own in newer.values() for name in own}
    for name, kept in touched.items():
        for one in names.get(name, ()):
            if one.id not in leaving:
                kept[one.id] = one
            elif one.id in newer and name in newer[one.id][1]:
                kept[one.id] = newer[one.id][0]
    for entry, own in newer.values():
        for name in own:
            touched[name].setdefault(entry.id, entry)
    found = names | {name: tuple(kept.values()) for name, kept in touched.items()}
    for name in [name for name, kept in touched.items() if not kept]:
        del found[name]
    return found
