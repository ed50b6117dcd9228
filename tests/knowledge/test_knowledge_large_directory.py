"""A directory of a region: what is shared, patched and precomputed says the same as what is read whole."""

import datetime as dt
import gc
import random
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import sessionmaker

from knowledge import directory as directory_module
from knowledge.directory import Directory, DirectoryStore, Entry
from knowledge.editing import changes
from knowledge.editing.history import content, current, history
from knowledge.loader import load
from knowledge.schedules import PARIS
from knowledge.search import Filters, Kind, Search, by_words, decide, listed
from knowledge.search.described import Described
from knowledge.search.examples import examples_of
from knowledge.search.facets import Facets
from knowledge.search.index import Index
from tests.knowledge.exchanges import BROAD_NEEDS
from tests.large import directory_of

SERVICES = 400
Edit = Callable[[str, str], str]


@pytest.fixture(scope="module")
def large() -> Directory:
    return directory_of(SERVICES)


@pytest.fixture(scope="module")
def generated(large: Directory) -> list[Entry]:
    return [entry for entry in large.entries if entry.id.startswith("service-")]


@pytest.fixture(scope="module")
def words(generated: list[Entry]) -> Described:
    return Described(generated)


MOMENT = dt.datetime(2026, 11, 26, 15, 0, 30, tzinfo=PARIS)
CONDITIONS = [
    {"theme": "sport"}, {"theme": "no-theme"}, {"public": "jeunes"}, {"public": "no-public"}, {"quarter": "coty"}, {"quarter": "quiniere"},
    {"quarter": "nowhere"}, {"age": 0}, {"age": 17}, {"age": 70}, {"gender": "hommes"}, {"gender": "femmes"}, {"status": "unknown"},
    {"status": "active"}, {"free": True}, {"organisation": "bge-ismer"}, {"open_at": MOMENT}, {"day": dt.date(2026, 11, 28)},
    {"day": dt.date(2026, 12, 25)}, {"theme": "sport", "public": "seniors", "age": 65, "free": True}, {},
]  # fmt: skip


@pytest.mark.parametrize("conditions", CONDITIONS, ids=str)
def test_columns_leave_what_looking_at_each_one_leaves(large: Directory, conditions: dict) -> None:
    filters = Filters(**conditions)
    found, number = listed(large, filters)
    assert found == [entry for entry in large.entries if filters.accepts(entry)] and number == len(found)
    assert listed(large, filters, 3, 4) == (found[3:7], number)


def said(entry: Entry, misspell: Callable[[str], str] = str) -> str:
    town = entry.action.places[0].city or ""
    return " ".join(misspell(word) for word in f"je cherche {entry.action.title} à {town.replace('-', ' ')}".lower().split())


def without_a_letter(word: str) -> str:
    return word if len(word) < 6 else word[:3] + word[4:]


@pytest.mark.parametrize(("misspell", "least"), [(str, 24), (without_a_letter, 15)], ids=["as written", "every long word misspelt"])
def test_what_whom_for_and_where_lead_to_the_one_service_that_has_all_three(
    generated: list[Entry], words: Described, misspell: Callable[[str], str], least: int
) -> None:
    asked = random.Random(5).sample(generated, 25)
    right = sum(generated[int(words.likeness(said(entry, misspell)).argmax())] is entry for entry in asked)
    assert right >= least


def test_a_likeness_is_a_share_and_nothing_is_like_no_word(words: Described) -> None:
    for text in ("cours de français pour les jeunes", "zzzz qqqq", "???", "le"):
        likeness = words.likeness(text)
        assert likeness.min() >= 0 and likeness.max() <= 1
    assert words.likeness("???").max() == 0 == words.likeness("zzzz qqqq").max()


def test_a_service_that_came_later_is_weighed_as_if_it_had_been_there(generated: list[Entry], words: Described) -> None:
    later = Described(generated[:1], words)
    text = said(generated[0])
    assert later.likeness(text)[0] == pytest.approx(words.likeness(text)[0], abs=0.03)


@pytest.fixture(scope="module")
def large_search(large: Directory, store_of: type) -> Search:
    """Without the taught actions: their classifier takes seconds to fit, and has tests of its own."""
    entries = tuple(entry for entry in large.entries if entry.id.startswith("service-"))
    search = Search(store_of(Directory(1, entries, large.sources, (), large.outside[:3])))
    search.fit()
    return search


def test_probabilities_of_a_large_directory_sum_to_one(large_search: Search) -> None:
    result = large_search.find("réparer mon vélo, j'ai 17 ans", limit=SERVICES)
    assert sum(hit.confidence for hit in result.hits) + result.outside == pytest.approx(1.0, abs=1e-6)
    assert [hit.margin for hit in result.hits] == sorted((hit.margin for hit in result.hits), reverse=True)


def test_a_kind_that_every_town_has_is_asked_back_and_not_refused(large_search: Search) -> None:
    assert decide(large_search.find("une chorale")).kind in (Kind.answer, Kind.clarify)
    assert decide(large_search.find("chorale")).hits


def test_filters_and_given_actions_restrict_a_large_directory_too(large_search: Search, generated: list[Entry]) -> None:
    found = large_search.find("apprendre", filters=Filters(theme="sport"), limit=SERVICES).hits
    assert {hit.entry.id for hit in found} == {entry.id for entry in generated if "sport" in entry.action.themes}
    two = [generated[3].id, generated[7].id, "nowhere"]
    assert {hit.entry.id for hit in large_search.find("apprendre", among=two).hits} == set(two[:2])


def test_evidence_of_a_described_service_names_the_words_that_it_shares(large_search: Search, generated: list[Entry]) -> None:
    entry = generated[0]
    evidence = large_search.explain(said(entry), entry.id)
    assert evidence.words and evidence.phrasing in examples_of(entry) and evidence.likeness > 0.8


def test_a_change_of_a_large_directory_is_found_at_once_without_another_fit(large_search: Search, generated: list[Entry]) -> None:
    store = large_search._store
    before = store.directory
    entry = generated[5]
    renamed = Entry(entry.action.copy(update={"title": "Apiculture en ruche horizontale"}), entry.organisation)
    store.directory = Directory(
        2, tuple(renamed if one is entry else one for one in before.entries if one is not generated[6]), before.sources, (), before.outside
    )
    try:
        assert large_search.find("apiculture ruche horizontale").hits[0].entry is renamed
        assert generated[6].id not in {hit.entry.id for hit in large_search.find(said(generated[6]), limit=SERVICES).hits}
        assert large_search._index.version == 1
    finally:
        store.directory = before


def test_an_edit_of_a_large_directory_indexes_only_what_changed(
    large_search: Search, generated: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    class Counted(Described):
        def __init__(self, entries: list[Entry], larger: Described | None = None) -> None:
            sizes.append(len(entries))
            super().__init__(entries, larger)

    monkeypatch.setattr(by_words, "Described", Counted)
    store, before = large_search._store, large_search._store.directory
    renamed = [Entry(e.action.copy(update={"title": f"Vannerie {i}"}), e.organisation) for i, e in enumerate(generated[:3])]
    try:
        for number in (1, 2, 3):
            entries = (*renamed[:number], *generated[number:])
            store.directory = Directory(2 + number, entries, before.sources, (), before.outside)
            assert large_search.find(f"vannerie {number - 1}").hits[0].entry is renamed[number - 1]
            assert large_search.version == 2 + number  # it answers for it, without another fit
    finally:
        store.directory = before
    assert len(sizes) == 3 and max(sizes) < 10


def test_what_is_replaced_is_freed_without_the_garbage_collector(large_search: Search) -> None:
    directory = large_search._store.directory
    gc.disable()
    try:
        index, facets = Index(directory, older=large_search._index), Facets(directory.entries)
        index.ranked(directory, "une chorale à Onzain")
        index.topic("une chorale à Onzain")
        facets.positions(Filters(theme="sport"))
        left = [weakref.ref(index), weakref.ref(facets)]
        del index, facets
        assert not any(reference() for reference in left)
    finally:
        gc.enable()


def test_courtesies_weigh_nothing_and_the_town_does(words: Described, generated: list[Entry]) -> None:
    text = said(generated[0])
    assert words.likeness(f"Bonjour Madame, {text} svp") == pytest.approx(words.likeness(text))
    assert words.likeness(f"{text} à Blois").max() < words.likeness(text).max()


def test_no_text_that_was_searched_for_stays_in_the_memory_of_a_large_directory(large_search: Search) -> None:
    large_search.find("un schnurzpiepegal à Onzain")
    index = large_search._index
    caches = [index.score, index.outside_likeness, index._view.likeness]
    assert all(cache.cache_info().currsize for cache in caches)
    large_search.forget()
    assert not any(cache.cache_info().currsize for cache in caches)
    assert "schnurzpiepegal" not in repr(index._view._words.vocabulary._known)


def test_changed_sheets_alone_make_the_directory_that_reading_all_makes(
    factory: sessionmaker, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_module, "_SMALL", 0)
    (data / "broad_needs.yml").write_text(BROAD_NEEDS, encoding="utf-8")
    load(factory, data)
    store = DirectoryStore(factory, fresh_seconds=0)
    store.current()
    reads = []
    monkeypatch.setattr(store, "_read", lambda: reads.append(1))

    def sheet(kind: str, slug: str) -> tuple[dict, int]:
        with factory() as session:
            record, seen = current(session, kind, slug)
            return content(record), seen

    def edit(kind: str, slug: str, **values: object) -> None:
        known, seen = sheet(kind, slug)
        with factory.begin() as session:
            changes.save(session, kind, slug, {**known, **values}, seen, "Anne")

    def create(kind: str, **values: object) -> None:
        with factory.begin() as session:
            changes.create(session, kind, values, "Anne")

    def archive(kind: str, slug: str) -> None:
        with factory.begin() as session:
            changes.archive(session, kind, slug, sheet(kind, slug)[1], "Anne")

    def bring_back(kind: str, slug: str) -> None:
        with factory.begin() as session:
            changes.unarchive(session, kind, slug, history(session, kind, slug)[0].number, "Anne")

    new = {"summary": "On danse.", "themes": ["sport"], "source": "page"}
    steps: list[Callable[[], None]] = [
        lambda: edit("action", "velo", title="Un atelier pour vélos"),
        lambda: edit("action", "jardin", summary="On jardine."),
        lambda: create("organisation", id="danse", name="La Danse", aliases=["les danseurs"], source="liste"),
        lambda: create("action", id="valse", title="La valse", organisation="danse", **new),
        lambda: create("action", id="tango", title="Le tango", organisation="club", **new),
        lambda: edit("organisation", "club", name="Le Grand Club"),
        lambda: edit("source", "page", title="Le site de la Ville"),
        lambda: archive("action", "jardin"),
        lambda: bring_back("action", "jardin"),
        lambda: archive("action", "tango"),
        lambda: edit("outside_topic", "recettes", title="la cuisine"),
    ]
    for step in steps:
        step()
        patched, whole = store.current(), DirectoryStore(factory, fresh_seconds=0).current()
        assert patched == whole
        assert (patched.by_id, patched.by_uuid) == (whole.by_id, whole.by_uuid)
        for name in ("le club", "grand club", "la danse", "club"):
            assert patched.called(name) == whole.called(name)
        for subject in (["valse"], ["tango"], ["danseurs"], ["jardin"], ["velos"]):
            assert patched.about(subject) == whole.about(subject)
    assert not reads


def test_a_large_directory_that_is_loaded_anew_is_read_while_the_last_one_answers(
    factory: sessionmaker, data: Path, edit_club: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_module, "_SMALL", 0)
    monkeypatch.setattr(directory_module, "_MOST_CHANGES", 0)
    load(factory, data)
    store = DirectoryStore(factory, fresh_seconds=0)
    known = store.current()
    edit_club("Un jardin", "Le jardin")
    load(factory, data)
    assert store.current() in (known, DirectoryStore(factory, fresh_seconds=0).current())
    with store._reading:  # held for as long as it is read
        pass
    assert store.current().entries[0].action.title == "Le jardin"
