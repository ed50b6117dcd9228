"""Loading the files into SQLite and PostgreSQL: all or nothing, and nothing when nothing changed."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import sessionmaker

from knowledge import loader, models
from knowledge.database import open_engine, sessions
from knowledge.errors import InvalidDirectory
from knowledge.files import DATA, DirectoryFiles, read_directory
from knowledge.loader import LoadReport, load, load_if_empty
from knowledge.models import stable_id
from knowledge.records import Records, select_all

Edit = Callable[[str, str], str]


def records_of(files: DirectoryFiles) -> Records:
    """What the files say, in the database's order."""
    return Records(
        sorted(files.sources, key=lambda source: source.id),
        sorted(files.organisations, key=lambda file: file.organisation.id),
        files.help_numbers,
        files.outside,
        files.broad_needs,
        files.orientation,
    )


def stored(factory: sessionmaker) -> Records:
    with factory() as session:
        return select_all(session)


def test_what_is_loaded_is_read_back_equal(factory: sessionmaker, real_files: DirectoryFiles) -> None:
    report = load(factory, DATA)
    assert (report.changed, report.version, report.actions) == (True, 1, 54)
    assert stored(factory) == records_of(real_files)


def test_a_second_load_of_the_same_files_changes_nothing(factory: sessionmaker, data: Path) -> None:
    first = load(factory, data)
    with factory() as session:
        loaded_at = session.execute(sa.select(models.DirectoryVersion.loaded_at)).scalar_one()
    assert load(factory, data) == LoadReport(False, first.version, first.organisations, first.actions, first.questions)
    with factory() as session:
        assert session.execute(sa.select(models.DirectoryVersion.loaded_at)).scalar_one() == loaded_at


def test_a_changed_file_replaces_the_directory_and_raises_the_version(factory: sessionmaker, data: Path, edit_club: Edit) -> None:
    load(factory, data)
    edit_club("Un jardin", "Le jardin partagé")
    assert load(factory, data).version == 2
    assert stored(factory).organisations[0].actions[0].title == "Le jardin partagé"


def test_a_removed_action_is_gone_with_all_that_it_owned(factory: sessionmaker, data: Path, edit_club: Edit) -> None:
    text = edit_club("  - id: velo", "  - id: velo")
    load(factory, data)
    edit_club(text[text.index("  - id: jardin") : text.index("  - id: velo")], "")
    load(factory, data)
    with factory() as session:
        owners = {
            table: session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (models.Schedule, models.Audience)
        }
    assert owners == {models.Schedule: 0, models.Audience: 0}


def test_refused_files_leave_the_previous_directory(factory: sessionmaker, data: Path, edit_club: Edit) -> None:
    load(factory, data)
    before = stored(factory)
    edit_club("- mobilite", "- voyages")
    with pytest.raises(InvalidDirectory) as caught:
        load(factory, data)
    assert [problem.field for problem in caught.value.problems] == ["actions.1.themes.0"]
    assert stored(factory) == before


def test_a_load_that_breaks_halfway_leaves_the_previous_directory(
    factory: sessionmaker, data: Path, edit_club: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(factory, data)
    before = stored(factory)
    edit_club("Un jardin", "Le jardin")
    monkeypatch.setattr(loader, "insert", lambda session, files: session.execute(sa.text("insert into nowhere values (1)")))
    with pytest.raises(sa.exc.SQLAlchemyError):
        load(factory, data)
    assert stored(factory) == before
    with factory() as session:
        assert session.execute(sa.select(models.DirectoryVersion.version)).scalar_one() == 1


def test_rows_have_the_same_ids_wherever_and_whenever_they_are_loaded(factory: sessionmaker, data: Path, edit_club: Edit) -> None:
    def ids() -> set[str]:
        with factory() as session:
            return set(session.execute(sa.select(models.Action.id)).scalars())

    load(factory, data)
    assert ids() == {stable_id("action", "jardin"), stable_id("action", "velo")}
    edit_club("Un jardin", "Le jardin")
    load(factory, data)
    assert ids() == {stable_id("action", "jardin"), stable_id("action", "velo")}


def test_the_id_of_an_action_never_changes() -> None:
    """Links and exports hold these; a new value here breaks them all."""
    assert stable_id("action", "pimms") == "d40d9332-e32e-5f6b-b4c4-13bc69f5065a"
    assert stable_id("a", "bc") != stable_id("ab", "c")


def test_an_empty_database_is_loaded_and_a_loaded_one_left_alone(engine: Engine, data: Path, edit_club: Edit) -> None:
    report = load_if_empty(engine, data)
    assert report is not None
    assert report.version == 1
    edit_club("Un jardin", "Le jardin")
    assert load_if_empty(engine, data) is None
    assert stored(sessions(engine)).organisations[0].actions[0].title == "Un jardin"


def test_loads_at_once_follow_each_other(engine: Engine, data: Path, edit_club: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two different directories on an empty database: both are counted, so that readers notice both."""
    one = read_directory(data)
    edit_club("Un jardin", "Le jardin")
    two = read_directory(data)
    insert = loader.insert
    monkeypatch.setattr(loader, "insert", lambda session, files: (time.sleep(0.1), insert(session, files)))
    start, versions, url = threading.Barrier(2), [], engine.url.render_as_string(hide_password=False)

    def run(files: DirectoryFiles) -> None:
        own = open_engine(url)
        start.wait()
        with sessions(own).begin() as session:
            versions.append(loader.store(session, files).version)
        own.dispose()

    threads = [threading.Thread(target=run, args=(files,)) for files in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(versions) == [1, 2]
