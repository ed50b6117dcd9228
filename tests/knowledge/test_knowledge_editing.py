"""Editing the directory one sheet at a time, on SQLite and PostgreSQL."""

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from exchanges import difficult_data
from sqlalchemy.engine import Engine
from sqlalchemy.orm import sessionmaker

from knowledge import models
from knowledge.database import open_engine, sessions
from knowledge.directory import DirectoryStore
from knowledge.doors import COUNTER, TOWN_HALL
from knowledge.editing import changes, usage
from knowledge.editing.differences import differences
from knowledge.editing.history import archived, at_revision, content, current, history
from knowledge.editing.revisions import Revision
from knowledge.errors import EditedDirectory, EditingConflict, InvalidSheet, LastDoor, StillUsed, UnknownSheet
from knowledge.files import DATA, DirectoryFiles
from knowledge.loader import load
from knowledge.records import select_all, select_sheet, sheets
from knowledge.search import Search

Edit = Callable[[str, str], str]
PHONE = {"kind": "phone", "value": "02 54 11 11 11", "source": "liste"}


@pytest.fixture
def club(factory: sessionmaker, data: Path) -> sessionmaker:
    """The small directory, loaded."""
    load(factory, data)
    return factory


def sheet(factory: sessionmaker, kind: str, slug: str) -> tuple[dict[str, Any], int]:
    """A sheet as a form holds it, and the revision that its editor saw."""
    with factory() as session:
        record, seen = current(session, kind, slug)
        return content(record), seen


def edit(factory: sessionmaker, slug: str, kind: str = "action", **values: Any) -> Revision | None:
    held, seen = sheet(factory, kind, slug)
    with factory.begin() as session:
        return changes.save(session, kind, slug, {**held, **values}, seen, by="Amina")


def version(factory: sessionmaker) -> int:
    with factory() as session:
        return session.execute(sa.select(models.DirectoryVersion.version)).scalar_one()


def refused(factory: sessionmaker, slug: str, **values: Any) -> list[tuple[str, str]]:
    before, number = sheet(factory, "action", slug), version(factory)
    with pytest.raises(InvalidSheet) as caught:
        edit(factory, slug, **values)
    assert (sheet(factory, "action", slug), version(factory)) == (before, number)
    return [(".".join(map(str, problem.path)), problem.code) for problem in caught.value.problems]


def test_a_sheet_is_read_alone_as_with_all_others(factory: sessionmaker, real_files: DirectoryFiles) -> None:
    load(factory, DATA)
    with factory() as session:
        together = list(sheets(select_all(session)))
        assert len(together) > 100
        assert [(kind, select_sheet(session, kind, record.id)) for kind, record in together] == together


def test_writing_every_sheet_again_changes_nothing(factory: sessionmaker, real_files: DirectoryFiles) -> None:
    load(factory, DATA)
    with factory.begin() as session:
        before = select_all(session)
        for kind, record in sheets(before):
            changes.write(session, kind, record)
        assert select_all(session) == before


def test_an_edit_is_saved_with_who_and_what_it_was_before(club: sessionmaker) -> None:
    before, _ = sheet(club, "action", "jardin")
    edit(club, "jardin", title="Le jardin partagé", contacts=[PHONE])
    after, seen = sheet(club, "action", "jardin")
    assert (after["title"], after["contacts"][0]["value"], seen) == ("Le jardin partagé", "02 54 11 11 11", 1)
    with club() as session:
        (revision,) = history(session, "action", "jardin")
    assert (revision.by, revision.change, revision.before, revision.after) == ("Amina", "edit", before, after)
    assert revision.at.tzinfo and dt.datetime.now(dt.timezone.utc) - revision.at < dt.timedelta(minutes=1)


def test_an_edit_keeps_the_place_of_the_sheet_and_leaves_the_others(club: sessionmaker) -> None:
    velo = sheet(club, "action", "velo")
    edit(club, "jardin", title="Le jardin")
    assert [entry.id for entry in DirectoryStore(club).current().entries] == ["jardin", "velo"]
    assert sheet(club, "action", "velo") == velo


def test_saving_what_did_not_change_is_no_change(club: sessionmaker) -> None:
    assert edit(club, "jardin") is None
    assert version(club) == 1
    with club() as session:
        assert history(session, "action", "jardin") == []


def test_what_a_sheet_no_longer_owns_is_gone(club: sessionmaker) -> None:
    edit(club, "jardin", schedules=[], audience=None, questions={"resident": ["planter"]})
    with club() as session:
        left = [session.execute(sa.select(sa.func.count()).select_from(t)).scalar_one() for t in (models.Schedule, models.Audience)]
    assert left == [0, 0]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"title": " "}, ("title", "value_error.any_str.min_length")),
        ({"title": None}, ("title", "type_error.none.not_allowed")),
        ({"summary": "x" * 421}, ("summary", "value_error.any_str.max_length")),
        ({"themes": []}, ("themes", "value_error.list.min_items")),
        ({"themes": ["voyages"]}, ("themes.0", "value_error.const")),
        ({"contacts": [PHONE, {**PHONE, "value": "12"}, {**PHONE, "value": "un"}]}, ("contacts.2.value", "not_phone")),
        ({"contacts": [{**PHONE, "source": "nulle-part"}]}, ("contacts.0.source", "unknown_source")),
        ({"contacts": [{"kind": "phone", "value": "15"}]}, ("contacts.0.source", "value_error.missing")),
        ({"places": [{"city": "Blois", "source": "page"}]}, ("places.0.name", "place_nowhere")),
        ({"schedules": [{"text": "Lundi", "osm": "Mo-", "confidence": "exact", "source": "page"}]}, ("schedules.0.osm", "osm_unreadable")),
        (
            {"schedules": [{"text": "Samedi", "osm": "SH Sa 08:00-23:00", "confidence": "exact", "source": "page"}]},
            ("schedules.0.osm", "osm_school_holidays"),
        ),
        (
            {"schedules": [{"text": "Lundi", "osm": "Mo 09:00-12:00", "confidence": "vague", "source": "page"}]},
            ("schedules.0.confidence", "osm_not_exact"),
        ),
        (
            {"events": [{"title": "Fête", "text": "Fête.", "start": "2026-02-02", "end": "2026-02-01", "source": "page"}]},
            ("events.0.end", "dates_reversed"),
        ),
        (
            {"audience": {"text": "Tous.", "publics": ["tous-publics"], "age_min": 30, "age_max": 20}},
            ("audience.age_max", "ages_reversed"),
        ),
        ({"further_sources": ["nulle-part"]}, ("further_sources.0", "unknown_source")),
        ({"organisation": "nulle-part"}, ("organisation", "unknown_organisation")),
        ({"keywords": ["a\0b"]}, ("keywords.0", "zero_character")),
        ({"colour": "red"}, ("colour", "value_error.extra")),
    ],
)
def test_a_wrong_value_is_refused_at_its_field_and_nothing_is_saved(club: sessionmaker, values: dict, problem: tuple) -> None:
    assert refused(club, "jardin", **values) == [problem]


def test_every_problem_is_named_at_once(club: sessionmaker) -> None:
    assert refused(club, "jardin", title="", themes=[], contacts=[{**PHONE, "value": "x"}]) == [
        ("title", "value_error.any_str.min_length"),
        ("contacts.0.value", "not_phone"),
        ("themes", "value_error.list.min_items"),
    ]


def test_what_was_told_is_a_source_that_says_who_and_when(club: sessionmaker) -> None:
    told = {"kind": "phone", "title": "Renseignement par téléphone, Le Club", "told_by": "Mme Petit, accueil", "published": "2026-03-02"}
    with club.begin() as session:
        revision = changes.create(session, "source", told, by="Amina")
    edit(club, "jardin", contacts=[{**PHONE, "source": revision.slug}])
    directory = DirectoryStore(club).current()
    source = directory.sources[directory.entries[0].action.contacts[0].source]
    assert (source.kind, source.told_by, source.published) == ("phone", "Mme Petit, accueil", "2026-03-02")


@pytest.mark.parametrize(
    ("left_out", "problem"),
    [({"told_by": None}, ("told_by", "told_by_missing")), ({"published": "2026-03"}, ("published", "told_on_missing"))],
)
def test_what_was_told_without_who_or_when_is_refused(club: sessionmaker, left_out: dict, problem: tuple) -> None:
    told = {"kind": "phone", "title": "Par téléphone", "told_by": "Mme Petit", "published": "2026-03-02"}
    with club.begin() as session, pytest.raises(InvalidSheet) as caught:
        changes.create(session, "source", {**told, **left_out}, by="Amina")
    assert [(problem.path[0], problem.code) for problem in caught.value.problems] == [problem]


NEW = {"organisation": "club", "title": "Un café à l'école", "summary": "On parle.", "themes": ["vie-de-quartier"], "source": "page"}


def test_a_new_sheet_gets_an_id_of_its_own_and_stands_last(club: sessionmaker) -> None:
    with club.begin() as session:
        assert changes.create(session, "action", NEW, by="Amina").slug == "un-cafe-a-l-ecole"
        assert changes.create(session, "action", NEW, by="Amina").slug == "un-cafe-a-l-ecole-2"
    assert [entry.id for entry in DirectoryStore(club).current().entries] == ["jardin", "velo", "un-cafe-a-l-ecole", "un-cafe-a-l-ecole-2"]


def test_an_id_that_is_or_was_used_is_refused(club: sessionmaker) -> None:
    with club.begin() as session:
        changes.archive(session, "action", "velo", 0, by="Amina")
    for slug in ("jardin", "velo"):
        with club.begin() as session, pytest.raises(InvalidSheet) as caught:
            changes.create(session, "action", {**NEW, "id": slug}, by="Amina")
        assert [problem.code for problem in caught.value.problems] == ["id_used"]


@pytest.mark.parametrize(
    ("kind", "slug", "values"),
    [
        ("organisation", "club", {"description": "Des voisins.", "contacts": [PHONE]}),
        ("source", "liste", {"title": "La liste de 2024"}),
        ("help_number", "samu", {"how": "Appel gratuit."}),
        ("outside_topic", "recettes", {"questions": ["cuire un œuf"]}),
    ],
)
def test_every_kind_of_sheet_is_edited_and_restored(club: sessionmaker, kind: str, slug: str, values: dict) -> None:
    before, _ = sheet(club, kind, slug)
    edit(club, slug, kind, **values)
    assert sheet(club, kind, slug)[0] != before
    with club.begin() as session:
        changes.restore(session, kind, slug, 0, seen=1, by="Amina")
    assert sheet(club, kind, slug) == (before, 2)
    assert [entry.id for entry in DirectoryStore(club).current().entries] == ["jardin", "velo"]


def test_of_two_editors_the_second_is_told_what_the_first_changed(club: sessionmaker) -> None:
    held, seen = sheet(club, "action", "jardin")
    edit(club, "jardin", title="Le premier")
    with pytest.raises(EditingConflict) as caught, club.begin() as session:
        changes.save(session, "action", "jardin", {**held, "title": "Le second"}, seen, by="Basile")
    theirs = caught.value.theirs
    assert (theirs.by, theirs.number, theirs.after["title"]) == ("Amina", 1, "Le premier")
    assert sheet(club, "action", "jardin")[0]["title"] == "Le premier"


def test_of_two_editors_who_save_at_the_same_moment_one_is_told(engine: Engine, club: sessionmaker) -> None:
    """Two sessions, two connections: the second waits for the first and then sees that it came late."""
    held, seen = sheet(club, "action", "jardin")
    start, outcomes, url = threading.Barrier(2), [], engine.url.render_as_string(hide_password=False)

    def run(title: str) -> None:
        own = open_engine(url)
        start.wait()
        try:
            with sessions(own).begin() as session:
                changes.save(session, "action", "jardin", {**held, "title": title}, seen, by=title)
            outcomes.append(("saved", title))
        except EditingConflict as conflict:
            outcomes.append(("refused", conflict.theirs.by))
        own.dispose()

    threads = [threading.Thread(target=run, args=(title,)) for title in ("Le premier", "Le second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    saved = dict(outcomes)["saved"]
    assert sorted(outcomes) == [("refused", saved), ("saved", saved)]
    assert sheet(club, "action", "jardin")[0]["title"] == saved


def test_a_load_is_a_change_that_an_editor_is_told_of(club: sessionmaker, data: Path, edit_club: Edit) -> None:
    held, seen = sheet(club, "action", "jardin")
    edit_club("Un jardin", "Le jardin du fichier")
    load(club, data)
    with pytest.raises(EditingConflict) as caught, club.begin() as session:
        changes.save(session, "action", "jardin", held, seen, by="Amina")
    assert caught.value.theirs.change == "load"


def test_an_edit_that_breaks_halfway_leaves_everything(club: sessionmaker, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sheet(club, "action", "jardin"), version(club)
    monkeypatch.setattr(changes, "note", lambda *_: (_ for _ in ()).throw(RuntimeError("lost")))
    with pytest.raises(RuntimeError):
        edit(club, "jardin", title="Le jardin")
    assert (sheet(club, "action", "jardin"), version(club)) == before


def test_an_archived_action_is_neither_found_nor_shown_and_its_history_stays(club: sessionmaker) -> None:
    before, _ = sheet(club, "action", "velo")
    with club.begin() as session:
        changes.archive(session, "action", "velo", 0, by="Amina", reason="plus proposé")
    assert [entry.id for entry in DirectoryStore(club).current().entries] == ["jardin"]
    with club() as session:
        (revision,) = archived(session)
        with pytest.raises(UnknownSheet):
            current(session, "action", "velo")
    assert (revision.slug, revision.before, revision.after, revision.reason) == ("velo", before, None, "plus proposé")


def test_an_archived_action_comes_back_as_it_was(club: sessionmaker) -> None:
    before, _ = sheet(club, "action", "velo")
    for seen in (0, 2):
        with club.begin() as session:
            changes.archive(session, "action", "velo", seen, by="Amina")
            changes.unarchive(session, "action", "velo", seen + 1, by="Basile")
        assert sheet(club, "action", "velo") == (before, seen + 2)
    with club() as session:
        assert archived(session) == []


def test_what_others_need_is_not_archived(club: sessionmaker) -> None:
    edit(club, "velo", further_sources=["liste"])
    for kind, slug, users in [
        ("organisation", "club", ["jardin", "velo"]),
        ("source", "page", ["jardin", "velo", "samu", "club"]),
        ("source", "liste", ["velo"]),
    ]:
        with club.begin() as session, pytest.raises(StillUsed) as caught:
            changes.archive(session, kind, slug, 0, by="Amina")
        assert [user for _, user in caught.value.users] == users


def test_broad_needs_and_questions_lead_on_without_an_archived_action_and_to_it_again(factory: sessionmaker) -> None:
    load(factory, DATA)
    store = DirectoryStore(factory, fresh_seconds=0)
    before = store.current()
    action = "quartiers-proximite-correspondants-de-nuit"  # one of two doors of a broad need; alone behind an answer
    with factory.begin() as session:
        changes.archive(session, "action", action, 0, by="Amina")
    needs = {need.id: need.actions for need in store.current().broad_needs}
    assert needs["bruit-conflits"] == ["quartiers-proximite-mediation-jour"]
    asked = [choice.say for choice in store.current().questions["bruit-conflits"].choices]
    assert "Du bruit le soir" not in asked and len(asked) > 1
    with factory.begin() as session:
        changes.unarchive(session, "action", action, 1, by="Amina")
    assert (store.current().broad_needs, store.current().orientation) == (before.broad_needs, before.orientation)


def test_an_action_without_which_a_need_or_question_leads_nowhere_is_not_archived(factory: sessionmaker, data: Path) -> None:
    load(factory, difficult_data(data))
    with factory.begin() as session, pytest.raises(StillUsed) as caught:
        changes.archive(session, "action", "jardin", 0, by="Amina")
    assert caught.value.users == [("orientation", "debut"), ("orientation", "suite")]


def test_all_actions_but_the_last_door_of_a_question_may_be_archived(factory: sessionmaker) -> None:
    load(factory, DATA)
    actions = [entry.id for entry in DirectoryStore(factory).current().entries]
    with factory() as session:
        needed = {action for action in actions if usage.users(session, "action", action)}
    assert needed == {"pimms", "mission-locale-pas-de-quartier"}


def test_the_last_doors_are_not_archived(factory: sessionmaker) -> None:
    load(factory, DATA)
    with factory.begin() as session, pytest.raises(LastDoor):
        changes.archive(session, "action", COUNTER, 0, by="Amina")
    of_the_town_hall = [e.id for e in DirectoryStore(factory).current().entries if e.organisation.id == TOWN_HALL]
    with factory.begin() as session, pytest.raises(LastDoor) as caught:
        for action in of_the_town_hall:
            changes.archive(session, "action", action, 0, by="Amina")
    assert of_the_town_hall[-1] in str(caught.value)


def test_a_restored_sheet_whose_source_is_gone_is_refused(club: sessionmaker) -> None:
    edit(club, "velo", contacts=[PHONE])
    edit(club, "velo", contacts=[])
    with club.begin() as session:
        changes.archive(session, "source", "liste", 0, by="Amina")
    with club.begin() as session, pytest.raises(InvalidSheet) as caught:
        changes.restore(session, "action", "velo", 1, seen=2, by="Amina")
    assert [problem.code for problem in caught.value.problems] == ["unknown_source"]


def test_any_earlier_state_can_be_read_and_restored(club: sessionmaker) -> None:
    first, _ = sheet(club, "action", "jardin")
    for title in ("Deux", "Trois"):
        edit(club, "jardin", title=title)
    with club.begin() as session:
        assert [at_revision(session, "action", "jardin", n)["title"] for n in range(3)] == ["Un jardin", "Deux", "Trois"]
        changes.restore(session, "action", "jardin", 1, seen=2, by="Basile")
        changes.restore(session, "action", "jardin", 0, seen=3, by="Basile")
        assert [revision.change for revision in history(session, "action", "jardin")] == ["restore", "restore", "edit", "edit"]
    assert sheet(club, "action", "jardin") == (first, 4)


@pytest.mark.parametrize("number", [1, 99, -1])
def test_a_state_that_never_was_is_said(club: sessionmaker, number: int) -> None:
    with club.begin() as session, pytest.raises(UnknownSheet):
        changes.restore(session, "action", "jardin", number, seen=0, by="Amina")


def test_verified_today_says_by_whom(club: sessionmaker) -> None:
    with club.begin() as session:
        changes.verify_today(session, "jardin", seen=0, by="Amina", today=dt.date(2026, 3, 2))
    action = DirectoryStore(club).current().entries[0].action
    assert (action.verified_on, action.verified_by) == (dt.date(2026, 3, 2), "Amina")
    with club.begin() as session:
        assert history(session, "action", "jardin")[0].change == "verify"
        with pytest.raises(EditingConflict):  # what was verified is what was seen
            changes.verify_today(session, "jardin", seen=0, by="Basile", today=dt.date(2026, 3, 3))


def test_a_phrasing_is_added_once(club: sessionmaker) -> None:
    with club.begin() as session:
        assert changes.add_phrasing(session, "velo", "teen", " mon bicloune est mort ", by="Amina") is not None
        assert changes.add_phrasing(session, "velo", "teen", "mon bicloune est mort", by="Amina") is None
        assert changes.add_phrasing(session, "velo", "resident", "réparer mon vélo", by="Amina") is None
        with pytest.raises(InvalidSheet):
            changes.add_phrasing(session, "velo", "martian", "vélo", by="Amina")
    assert sheet(club, "action", "velo")[0]["questions"]["teen"] == ["mon bicloune est mort"]


def test_files_that_would_undo_agents_work_are_refused(club: sessionmaker, data: Path, edit_club: Edit) -> None:
    edit(club, "jardin", title="Le jardin des agents")
    edit_club("Un atelier vélo", "L'atelier vélo")
    with pytest.raises(EditedDirectory, match=r"jardin\); .*--replace"):
        load(club, data)
    assert sheet(club, "action", "jardin")[0]["title"] == "Le jardin des agents"
    assert load(club, data, replace=True).version == 3
    assert sheet(club, "action", "jardin")[0]["title"] == "Un jardin"
    with club() as session:
        replaced = history(session, "action", "jardin")[0]
        assert (replaced.change, replaced.before["title"], replaced.after["title"]) == ("load", "Le jardin des agents", "Un jardin")
        assert [revision.change for revision in history(session, "action", "velo")] == ["load"]


def test_unchanged_files_never_undo_anything_and_replace_means_it(club: sessionmaker, data: Path) -> None:
    edit(club, "jardin", title="Le jardin des agents")
    assert load(club, data).changed is False
    assert sheet(club, "action", "jardin")[0]["title"] == "Le jardin des agents"
    assert load(club, data, replace=True).changed is True
    assert sheet(club, "action", "jardin")[0]["title"] == "Un jardin"
    assert load(club, data, replace=True).changed is False


def test_files_that_took_over_agents_work_are_loaded(club: sessionmaker, data: Path, edit_club: Edit) -> None:
    edit(club, "jardin", title="Le jardin des agents")
    edit_club("Un jardin", "Le jardin des agents")
    edit_club("Un atelier vélo", "L'atelier vélo")
    assert load(club, data).changed is True
    with club() as session:
        assert [revision.change for revision in history(session, "action", "jardin")] == ["edit"]


def test_what_agents_archived_or_added_is_not_undone_either(club: sessionmaker, data: Path, edit_club: Edit) -> None:
    with club.begin() as session:
        changes.archive(session, "action", "velo", 0, by="Amina")
        changes.create(session, "action", NEW, by="Amina")
    edit_club("Un jardin", "Le jardin")
    with pytest.raises(EditedDirectory) as caught:
        load(club, data)
    assert sorted(slug for _, slug in caught.value.changed) == ["un-cafe-a-l-ecole", "velo"]


def test_a_change_is_answered_by_the_search_at_the_next_message(club: sessionmaker) -> None:
    search = Search(DirectoryStore(club, fresh_seconds=0))
    search.fit()
    asked = "prendre un café entre parents d'élèves"
    assert search.find(asked).best.entry.id in ("jardin", "velo")
    with club.begin() as session:
        slug = changes.create(session, "action", {**NEW, "questions": {"resident": [asked]}}, by="Amina").slug
    assert search.find(asked).best.entry.id == slug
    with club.begin() as session:
        changes.archive(session, "action", slug, 1, by="Amina")
    assert slug not in [hit.entry.id for hit in search.find(asked).hits]


def told(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    return [(".".join(map(str, d.path)), d.before, d.after) for d in differences(before, after)]


def test_differences_are_those_of_single_fields() -> None:
    before = {"title": "a", "steps": ["un", "deux"], "audience": None, "contacts": [{"kind": "phone", "value": "15"}, {"value": "17"}]}
    assert told(before, before) == []
    assert told(before, {**before, "title": "b"}) == [("title", "a", "b")]
    assert told(before, {**before, "steps": ["zéro", "un", "deux"]}) == [("steps.0", None, "zéro")]
    assert told(before, {**before, "steps": ["un"]}) == [("steps.1", "deux", None)]
    assert told(before, {**before, "audience": {"text": "x"}}) == [("audience", None, {"text": "x"})]
    changed = [{"kind": "phone", "value": "18"}, {"value": "17"}]
    assert told(before, {**before, "contacts": changed}) == [("contacts.0.value", "15", "18")]
    assert told(before, {**before, "contacts": changed[1:]}) == [("contacts.0", {"kind": "phone", "value": "15"}, None)]
    assert told(None, {"a": 1}) == [("", None, {"a": 1})]
