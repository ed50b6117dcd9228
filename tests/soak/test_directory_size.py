"""A hundred thousand services: the right one is found, answers go on while all of it is loaded anew, and no edit is lost.

How long it takes and how much it needs is measured by ``python -m tests.bench.size`` (docs/directory-size.md).
"""

import random
import threading
import unicodedata
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import sessionmaker

from knowledge.database import open_engine, sessions
from knowledge.directory import Directory, DirectoryStore, Entry
from knowledge.editing import changes
from knowledge.editing.history import content, current
from knowledge.search import Search, decide
from knowledge.settings import ROOT
from tests.bench.size import KEY, fill, load_anew

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]

SERVICES = 100_000
ASKED = 60


@pytest.fixture(scope="module")
def factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sessionmaker]:
    url = f"sqlite:///{tmp_path_factory.mktemp('size') / 'passerelle.db'}"
    fill(url, SERVICES)
    engine = open_engine(url)
    yield sessions(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def store(factory: sessionmaker) -> DirectoryStore:
    return DirectoryStore(factory, fresh_seconds=0)


@pytest.fixture(scope="module")
def search(store: DirectoryStore) -> Search:
    made = Search(store, ROOT / "var" / "search", KEY)
    made.fit()
    return made


def generated(directory: Directory) -> list[Entry]:
    return random.Random(11).sample([entry for entry in directory.entries if entry.id.startswith("service-")], ASKED)


def said(entry: Entry) -> str:
    """As on a phone: no accents, no capitals, no hyphens."""
    text = f"je cherche {entry.action.title} a {entry.action.places[0].city}".lower().replace("-", " ")
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def test_the_service_of_the_town_is_found_among_a_hundred_thousand(store: DirectoryStore, search: Search) -> None:
    assert len(store.current().entries) == SERVICES
    first, shown = 0, 0
    for entry in generated(store.current()):
        hits = [hit.entry.id for hit in decide(search.find(said(entry))).hits]
        first, shown = first + (hits[:1] == [entry.id]), shown + (entry.id in hits)
    print(f"{SERVICES} services, {ASKED} asked for by what, whom for and where: {first} first, {shown} shown")
    assert first >= 0.9 * ASKED and shown >= 0.95 * ASKED


def test_what_the_city_teaches_is_still_found(store: DirectoryStore, search: Search) -> None:
    taught = [(e.id, text) for e in store.current().entries[:100] for _, text in e.action.questions.all()]
    asked = random.Random(3).sample(taught, 3 * ASKED)
    right = sum(action_id in [hit.entry.id for hit in search.find(text).hits[:3]] for action_id, text in asked)
    print(f"{len(asked)} needs of the city among {SERVICES} services: {right} within the first three")
    assert right >= 0.9 * len(asked)


def test_answers_go_on_while_all_is_loaded_anew_and_an_edit_made_meanwhile_is_not_lost(
    factory: sessionmaker, store: DirectoryStore, search: Search
) -> None:
    before, old = store.current(), search._index
    edited, asked = generated(before)[0], [said(entry) for entry in generated(before)[1:]]
    failures: list[BaseException] = []
    answered, ended = [0], threading.Event()

    def ask() -> None:
        while not ended.is_set():
            try:
                assert search.find(asked[answered[0] % len(asked)]).hits
                answered[0] += 1
            except BaseException as failure:
                failures.append(failure)
                return
            ended.wait(0.02)

    person = threading.Thread(target=ask)
    person.start()
    try:
        load_anew(factory)
        during = answered[0]
        while store.current().by_id[edited.id] is edited:
            ended.wait(0.1)
        search.find("chorale")
        _rename(factory, edited.id, "Apiculture en ruche horizontale")  # while the search is fitted
        assert search.find("apiculture en ruche horizontale").hits[0].entry.id == edited.id
        while search._index is old:
            ended.wait(0.1)
        assert search.find("apiculture en ruche horizontale").hits[0].entry.id == edited.id
    finally:
        ended.set()
        person.join()
    print(f"{answered[0] - during} answers while {SERVICES} services were read and fitted anew")
    assert not failures and answered[0] > during
    with factory() as session:
        assert current(session, "action", edited.id)[0].title == store.current().by_id[edited.id].action.title


def test_each_of_many_edits_answers_at_the_next_message(factory: sessionmaker, store: DirectoryStore, search: Search) -> None:
    known = search._index
    for craft, entry in zip(["vannerie", "ferronnerie", "marqueterie", "gnomonique"], store.current().entries[-20:], strict=False):
        _rename(factory, entry.id, f"Atelier de {craft} ancienne")
        assert search.find(f"un atelier de {craft} ancienne").hits[0].entry.action.title == f"Atelier de {craft} ancienne"
    assert search._index is known  # no refit was waited for


def _rename(factory: sessionmaker, action_id: str, title: str) -> None:
    with factory.begin() as session:
        record, seen = current(session, "action", action_id)
        changes.save(session, "action", action_id, {**content(record), "title": title}, seen, "Anne")
