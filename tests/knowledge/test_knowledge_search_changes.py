"""The search follows a directory that changes, fills up or is nearly empty."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import sessionmaker

from knowledge.directory import EMPTY, Directory, DirectoryStore
from knowledge.loader import load
from knowledge.search import Result, Search, kept

Edit = Callable[[str, str], str]
ALL = 1000  # as a limit: every action


def ids(result: Result) -> list[str]:
    return [hit.entry.id for hit in result.hits]


def best(search: Search, text: str, **more: object) -> str:
    return ids(search.find(text, **more))[0]


BOXE = """  - id: boxe
    title: Boxe pour tous
    summary: On apprend à boxer.
    themes:
      - sport
    source: page
    questions:
      resident:
        - apprendre la boxe au gymnase
        - taper dans un sac de frappe
"""


@pytest.fixture
def small_search(factory: sessionmaker, data: Path) -> Search:
    load(factory, data)
    search = Search(DirectoryStore(factory, fresh_seconds=0))
    search.fit()
    return search


def test_a_search_that_nobody_fitted_reads_the_kept_ranker_at_its_first_question(
    factory: sessionmaker, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(factory, data)
    store = DirectoryStore(factory, fresh_seconds=0)
    Search(store, tmp_path / "kept", "k" * 32).fit()
    monkeypatch.setattr(kept, "Ranker", None)  # a second fit would fail
    assert Search(store, tmp_path / "kept", "k" * 32).find("taper dans un sac de frappe").hits


def refitted(search: Search, text: str) -> Result:
    """The result after the background refit that a search started has ended."""
    _let_refits_end(search)
    search.find(text)
    _let_refits_end(search)
    return search.find(text)


def _let_refits_end(search: Search) -> None:
    with search._refitting:  # held by a refit for as long as it takes
        pass


def test_an_action_added_after_the_fit_is_found_at_the_next_message_and_after_the_refit(
    small_search: Search, factory: sessionmaker, data: Path, edit_club: Edit
) -> None:
    text = "je veux apprendre la boxe"
    edit_club("  - id: velo", f"{BOXE}  - id: velo")
    load(factory, data)
    small_search._refitting.acquire()  # no refit may help yet
    assert best(small_search, text) == "boxe"
    small_search._refitting.release()
    assert ids(refitted(small_search, text))[0] == "boxe"
    assert small_search._index.version == 2


def test_what_was_outside_is_inside_as_soon_as_an_action_covers_it(
    small_search: Search, factory: sessionmaker, data: Path, edit_club: Edit
) -> None:
    text = "une recette pour cuire un gâteau au chocolat"
    assert small_search.find(text).outside > small_search.find(text).hits[0].confidence
    edit_club("  - id: velo", f"{BOXE.replace('taper dans un sac de frappe', 'cuire un gâteau au chocolat')}  - id: velo")
    load(factory, data)
    small_search._refitting.acquire()
    found = small_search.find(text)
    assert ids(found)[0] == "boxe" and found.hits[0].confidence > found.outside


def test_a_new_phrasing_counts_at_the_next_message(small_search: Search, factory: sessionmaker, data: Path, edit_club: Edit) -> None:
    edit_club("- réparer mon vélo", "- réparer mon vélo\n        - une trottinette en panne")
    load(factory, data)
    small_search._refitting.acquire()
    assert best(small_search, "ma trottinette est en panne") == "velo"


def test_a_removed_action_is_found_no_more(small_search: Search, factory: sessionmaker, data: Path, edit_club: Edit) -> None:
    text = edit_club("  - id: velo", "  - id: velo")
    edit_club(text[text.index("  - id: jardin") : text.index("  - id: velo")], "")
    load(factory, data)
    assert ids(small_search.find("un potager avec les voisins", limit=ALL)) == ["velo"]
    assert ids(refitted(small_search, "un potager avec les voisins")) == ["velo"]


def test_a_refit_that_fails_leaves_the_index_in_use_and_is_tried_again(
    small_search: Search, factory: sessionmaker, data: Path, edit_club: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit_club("Un jardin", "Le jardin")
    load(factory, data)
    with monkeypatch.context() as patch:
        patch.setattr("knowledge.search.service.fitted", None)
        assert ids(refitted(small_search, "réparer mon vélo"))[0] == "velo"
        assert small_search._index.version == 1
        refitted(small_search, "réparer mon vélo")
    refitted(small_search, "réparer mon vélo")
    assert small_search._index.version == 2


def test_an_empty_directory_finds_nothing_and_is_not_ready(store_of: type) -> None:
    search = Search(store_of(EMPTY))
    search.fit()
    assert not search.is_ready()
    assert search.find("couture").hits == ()


def test_a_directory_that_fills_up_becomes_ready(real_directory: Directory, store_of: type) -> None:
    store = store_of(EMPTY)
    search = Search(store)
    search.fit()
    store.directory = Directory(1, real_directory.entries[:2], real_directory.sources, (), ())
    search.find("apprendre")
    assert search.is_ready()


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("outside", [True, False])
def test_a_directory_of_very_few_actions_is_searched(real_directory: Directory, store_of: type, size: int, outside: bool) -> None:
    entries = real_directory.entries[:size]
    topics = real_directory.outside[:10] if outside else ()
    search = Search(store_of(Directory(1, entries, real_directory.sources, (), topics)))
    result = search.find(entries[-1].action.title, limit=ALL)
    assert ids(result)[0] == entries[-1].id
    assert math.isclose(sum(hit.confidence for hit in result.hits) + result.outside, 1.0, abs_tol=1e-6)
    assert search.explain(entries[0].action.title, entries[0].id).phrasing
