"""Missed questions: kept masked, grouped, decided on; on both databases."""

import datetime as dt
import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from knowledge.directory import DirectoryStore
from knowledge.editing.history import history
from knowledge.errors import UnknownSheet
from knowledge.learning import decisions
from knowledge.learning.groups import LIKE, grouped, missed
from knowledge.learning.keeping import Reason, keep
from knowledge.learning.models import MissedQuestion, SetAside
from knowledge.loader import load
from knowledge.moments import utc_now
from knowledge.retention import erase_older_than
from knowledge.search import Search

TODAY = dt.date(2026, 11, 25)
BIKE, BIKE_AGAIN, MUSIC = "réparer la chaîne de mon vélo", "reparer la chaine du velo", "un concert de jazz gratuit"


@pytest.fixture
def search(factory: sessionmaker, data) -> Search:
    load(factory, data)
    found = Search(DirectoryStore(factory, fresh_seconds=0))
    found.fit()
    return found


@pytest.fixture
def asked(factory: sessionmaker):
    def ask(*texts: str, reason: Reason = Reason.refused, day: dt.date = TODAY) -> None:
        for text in texts:
            with factory.begin() as session:
                keep(session, text, reason, day)

    return ask


def look(factory: sessionmaker, search: Search):
    with factory() as session:
        groups, aside = missed(session, search.rows)
    return [(group.text, group.times) for group in groups], [(one.text, one.kind, times) for one, times in aside], groups


def kept(factory: sessionmaker) -> list[MissedQuestion]:
    with factory() as session:
        return list(session.execute(sa.select(MissedQuestion)).scalars())


def test_a_question_is_kept_masked_and_counted_by_day(factory: sessionmaker, asked) -> None:
    asked("je m'appelle Nadia, je cherche un lave-linge", "je m'appelle Aline, je cherche un lave-linge")
    (only,) = kept(factory)
    assert (only.text, only.times, only.reason, only.day) == ("je m'appelle [nom], je cherche un lave-linge", 2, "refused", TODAY)
    assert {column.key for column in MissedQuestion.__table__.columns} == {"id", "text", "reason", "day", "times"}


@pytest.mark.parametrize("text", ["mon mari me frappe", "je veux mourir", "06 12 34 56 78", "???", ""])
def test_emergencies_and_what_says_nothing_are_never_kept(factory: sessionmaker, text: str) -> None:
    with factory.begin() as session:
        assert not keep(session, text, Reason.misunderstood, TODAY)
    assert kept(factory) == []


def test_kept_at_once_by_many_it_is_one_question(factory: sessionmaker, asked) -> None:
    threads = [threading.Thread(target=asked, args=(BIKE,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.times for one in kept(factory)] == [6]


def test_questions_that_ask_the_same_are_one_group(factory: sessionmaker, asked, search: Search) -> None:
    asked(BIKE, BIKE, BIKE_AGAIN, MUSIC)
    asked(BIKE, reason=Reason.unhelpful)
    shown, _, groups = look(factory, search)
    assert shown == [(BIKE, 4), (MUSIC, 1)]
    assert groups[0].texts == [BIKE, BIKE_AGAIN] and groups[0].reasons == {"refused": 3, "unhelpful": 1}


def test_neither_names_nor_how_one_asks_make_needs_alike(factory: sessionmaker, asked, search: Search) -> None:
    sought = ("une piscine", "un dentiste", "un plombier", "un cinéma", "un lapin")
    for said in ("je cherche", "je m'appelle Karim Diallo, mon numéro est le 06 12 34 56 78, je cherche"):
        asked(*(f"{said} {one}" for one in sought))
    _, _, groups = look(factory, search)
    assert sorted(len(group.texts) for group in groups) == [2] * len(sought)
    with factory.begin() as session:
        decisions.set_aside(session, groups[0].ids, decisions.IGNORED, "Anne")
    assert len(look(factory, search)[0]) == len(sought) - 1


def test_of_nothing_there_are_no_groups(factory: sessionmaker, search: Search) -> None:
    assert look(factory, search)[:2] == ([], [])
    assert grouped([], ["x"], search.rows) == ([], [0])


def test_what_is_ignored_stays_ignored_also_when_it_is_asked_otherwise(factory: sessionmaker, asked, search: Search) -> None:
    asked(BIKE, BIKE)
    _, _, (group,) = look(factory, search)
    for _ in range(2):  # sent twice
        with factory.begin() as session:
            decisions.set_aside(session, group.ids, decisions.IGNORED, "Anne")
    asked(BIKE_AGAIN, BIKE, MUSIC)
    shown, aside, _ = look(factory, search)
    assert shown == [(MUSIC, 1)] and aside == [(BIKE, "ignored", 4)]
    with factory.begin() as session:
        decisions.take_back(session, session.execute(sa.select(SetAside.id)).scalar_one())
    assert look(factory, search)[0] == [(BIKE, 2), (MUSIC, 1)] or look(factory, search)[0][0][1] == 2


def test_a_right_action_learns_the_phrasing_and_answers_the_next_time(factory: sessionmaker, asked, search: Search, data) -> None:
    store = DirectoryStore(factory, fresh_seconds=0)
    asked(BIKE, BIKE_AGAIN)
    _, _, (group,) = look(factory, search)
    before = store.current().version
    for _ in range(2):  # sent twice
        with factory.begin() as session:
            decisions.teach_action(session, group.ids, BIKE, "velo", "Anne")
    assert kept(factory) == []
    assert store.current().version > before
    assert [text for _, text in store.current().by_id["velo"].action.questions.all()].count(BIKE) == 1
    with factory() as session:
        assert history(session, "action", "velo")[0].by == "Anne"


def test_outside_learns_the_phrasing(factory: sessionmaker, asked, search: Search) -> None:
    store = DirectoryStore(factory, fresh_seconds=0)
    asked("comment faire une mousse au chocolat")
    _, _, (group,) = look(factory, search)
    for _ in range(2):
        with factory.begin() as session:
            decisions.teach_outside(session, group.ids, group.text, "recettes", "Anne")
    assert store.current().outside[0].questions.count(group.text) == 1 and kept(factory) == []


@pytest.mark.parametrize("teach", [decisions.teach_action, decisions.teach_outside])
def test_a_sheet_that_is_gone_teaches_nothing_and_loses_nothing(factory: sessionmaker, asked, search: Search, teach) -> None:
    asked(BIKE)
    with pytest.raises(UnknownSheet), factory.begin() as session:
        teach(session, [one.id for one in kept(factory)], BIKE, "inconnue", "Anne")
    assert len(kept(factory)) == 1


def test_a_needed_action_is_listed_with_how_often_it_is_asked_for(factory: sessionmaker, asked, search: Search) -> None:
    asked(MUSIC)
    _, _, (group,) = look(factory, search)
    with factory.begin() as session:
        decisions.set_aside(session, group.ids, decisions.NEEDED, "Anne")
    asked("un concert de jazz gratuit svp")
    assert look(factory, search)[:2] == ([], [(MUSIC, "needed", 2)])


def test_what_nobody_decided_on_is_erased_in_time_and_a_decision_stays_for_a_year(factory: sessionmaker, asked, search: Search) -> None:
    today = dt.date.today()
    asked(MUSIC, day=today - dt.timedelta(days=40))
    asked(BIKE, day=today)
    _, _, groups = look(factory, search)
    with factory.begin() as session:
        decisions.set_aside(session, next(g.ids for g in groups if g.text == BIKE), decisions.IGNORED, "Anne")
    assert erase_older_than(factory, 30)["missed_questions"] == 1
    assert kept(factory) == [] and look(factory, search)[1] == [(BIKE, "ignored", 1)]
    with factory.begin() as session:
        session.execute(sa.update(SetAside).values(at=utc_now() - dt.timedelta(days=366)))
    assert erase_older_than(factory, 30)["set_aside_questions"] == 1 and look(factory, search)[1] == []


def test_likeness_is_a_cosine_of_the_search_s_own_features(search: Search) -> None:
    rows = search.rows([BIKE, BIKE_AGAIN, MUSIC])
    likeness = (rows @ rows.T).toarray()
    assert likeness[0, 0] == pytest.approx(1, abs=1e-5) and likeness[0, 1] > LIKE > likeness[0, 2]
