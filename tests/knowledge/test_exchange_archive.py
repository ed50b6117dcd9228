"""The whole directory as one archive: the same bytes after a restore, and nothing of a hostile one."""

import hashlib
import io
import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from exchanges import difficult, empty, stored, version
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import sessionmaker

from knowledge import loader
from knowledge.editing import changes
from knowledge.editing.history import history
from knowledge.errors import EditedDirectory, LastDoor, StillUsed
from knowledge.exchange import archive, workbook
from knowledge.exchange.changes import compare
from knowledge.exchange.importing import dry_run, import_file
from knowledge.exchange.incoming import ExchangeRefused
from knowledge.files import DATA, DirectoryFiles
from knowledge.loader import load, store


def test_an_archive_restores_bit_for_bit(factory: sessionmaker) -> None:
    load(factory, DATA)
    with factory.begin() as session:  # a later number than a restore would count
        session.execute(loader.sa.update(loader.models.DirectoryVersion).values(version=7))
    exported = archive.export(stored(factory), version(factory))
    with factory.begin() as session:
        empty(session)
    with factory.begin() as session:
        import_file(session, exported, "test")
    assert (archive.export(stored(factory), version(factory)), version(factory)) == (exported, 7)


@pytest.mark.soak  # every action in turn
@pytest.mark.parametrize("export", [lambda held: archive.export(held, 1), workbook.export], ids=["archive", "workbook"])
def test_whatever_action_may_be_archived_the_directory_is_exported_and_restored(factory: sessionmaker, export: Callable) -> None:
    load(factory, DATA)
    actions = [action.id for file in stored(factory).organisations for action in file.actions]
    gone = []
    for action in actions:
        try:
            with factory.begin() as session:
                changes.archive(session, "action", action, 0, by="Amina")
            gone.append(action)
        except (StillUsed, LastDoor):
            continue
    assert 10 < len(gone) < len(actions)
    held = stored(factory)
    exported = export(held)
    with factory.begin() as session:
        import_file(session, exported, "test")
    with factory.begin() as session:
        empty(session)
    with factory.begin() as session:
        import_file(session, exported, "test")
    assert compare(held, stored(factory)).changes == ()


@pytest.mark.parametrize("door", ["pimms", "ville-de-blois"])
def test_an_import_does_not_take_a_last_door_away(factory: sessionmaker, door: str) -> None:
    load(factory, DATA)
    held = stored(factory)
    for file in held.organisations:
        if door in (file.organisation.id, *(action.id for action in file.actions)):
            file.actions.clear()
    held.broad_needs.clear()
    held.orientation.clear()
    with factory.begin() as session, pytest.raises(ExchangeRefused) as caught:
        import_file(session, archive.export(held, 1), "test")
    assert caught.value.code == "last_door"


def test_difficult_texts_survive(factory: sessionmaker, data: Path) -> None:
    files = difficult(data)
    exported = archive.export(files, 1)
    with factory.begin() as session:
        import_file(session, exported, "test")
    assert compare(files, stored(factory)).changes == ()
    assert archive.export(stored(factory), 1) == exported


def test_an_import_is_in_the_history_and_is_not_undone_by_loading(factory: sessionmaker, data: Path) -> None:
    load(factory, data)
    files = loader.read_directory(data)
    files.organisations[0].actions[0].title = "Le jardin"
    with factory.begin() as session:
        report = import_file(session, archive.export(files, 1), "Zoé")
    assert [(change.kind, change.key, change.fields[0].after) for change in report.comparison.changes] == [
        ("changed", "jardin", "Le jardin")
    ]
    with factory() as session:
        [revision] = history(session, "action", "jardin")
        assert (revision.change, revision.by, revision.before["title"], revision.after["title"]) == (
            "import",
            "Zoé",
            "Un jardin",
            "Le jardin",
        )
    with pytest.raises(EditedDirectory):
        load(factory, data)
    assert stored(factory).organisations[0].actions[0].title == "Le jardin"


def test_the_same_again_changes_nothing(factory: sessionmaker, data: Path) -> None:
    load(factory, data)
    exported = archive.export(stored(factory), 1)
    with factory.begin() as session:
        assert import_file(session, exported, "test").comparison.changes == ()
    assert version(factory) == 1


def test_a_dry_run_writes_nothing(factory: sessionmaker, data: Path) -> None:
    load(factory, data)
    exported = archive.export(difficult(data), 9)
    with factory.begin() as session:
        report = dry_run(session, exported)
    assert report.format == "archive"
    assert report.comparison.count("added") > 5
    assert version(factory) == 1
    assert stored(factory).organisations[0].organisation.name == "Le Club"


def test_an_import_that_breaks_halfway_changes_nothing(factory: sessionmaker, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(factory, data)
    before = stored(factory)
    exported = archive.export(difficult(data), 9)
    insert = loader.insert

    def break_after(session, files) -> None:
        insert(session, files)
        session.execute(loader.sa.text("insert into nowhere values (1)"))

    monkeypatch.setattr(loader, "insert", break_after)
    with pytest.raises(loader.sa.exc.SQLAlchemyError), factory.begin() as session:
        import_file(session, exported, "test")
    assert (stored(factory), version(factory)) == (before, 1)


def rebuilt(exported: bytes, change: Callable[[dict[str, bytes]], None], sign: bool = True) -> bytes:
    """The archive with other entries; ``sign``: its manifest made right again."""
    with zipfile.ZipFile(io.BytesIO(exported)) as opened:
        entries = {name: opened.read(name) for name in opened.namelist()}
    change(entries)
    if sign and "manifest.json" in entries:
        manifest = json.loads(entries["manifest.json"])
        manifest["files"] = {name: hashlib.sha256(content).hexdigest() for name, content in entries.items() if name != "manifest.json"}
        entries["manifest.json"] = json.dumps(manifest).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in entries.items():
            opened.writestr(name, content)
    return made.getvalue()


HOSTILE = {
    "a path that leaves the folder": (lambda e: e.update({"../../evil.yml": b"x"}), True, "zip_unknown_entry"),
    "an absolute path": (lambda e: e.update({"/etc/evil.yml": b"x"}), True, "zip_unknown_entry"),
    "a path inside a name": (lambda e: e.update({"organisations/../../x.yml": b"x"}), True, "zip_unknown_entry"),
    "a file of another kind": (lambda e: e.update({"run.sh": b"x"}), True, "zip_unknown_entry"),
    "a changed file": (lambda e: e.update({"sources.yml": e["sources.yml"] + b"\n"}), False, "archive_damaged"),
    "a missing file": (lambda e: e.pop("outside.yml"), False, "archive_damaged"),
    "a file more": (lambda e: e.update({"organisations/b.yml": b"x"}), False, "archive_damaged"),
    "a manifest of another thing": (lambda e: e.update({"manifest.json": b'{"format": "x"}'}), False, "not_an_archive"),
    "a nested manifest": (lambda e: e.update({"manifest.json": b"[" * 100_000}), False, "not_an_archive"),
    "a later format": (
        lambda e: e.update({"manifest.json": e["manifest.json"].replace(b'"format_version": 1', b'"format_version": 2')}),
        False,
        "archive_version",
    ),
    "facts that the schema refuses": (
        lambda e: e.update({"sources.yml": e["sources.yml"].replace(b"published: '2021'", b"published: hier")}),
        True,
        "archive_refused",
    ),
    "YAML that runs code": (lambda e: e.update({"outside.yml": b"outside: !!python/object:os.system {}"}), True, "archive_refused"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_archive_is_refused(real_files: DirectoryFiles, case: str) -> None:
    change, sign, code = HOSTILE[case]
    with pytest.raises(ExchangeRefused) as caught:
        archive.read(rebuilt(archive.export(real_files, 1), change, sign))
    assert caught.value.code == code
    assert "Rien n'a été changé." in str(caught.value)
    assert bool(caught.value.rejected) == (code == "archive_refused")


def test_what_would_unfold_without_end_is_refused(real_files: DirectoryFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = archive.export(real_files, 1)
    unfolded = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(packed)).infolist())
    monkeypatch.setattr(archive, "MOST_BYTES", 2 * unfolded)
    bomb = rebuilt(packed, lambda e: e.update({"organisations/b.yml": b" " * (2 * unfolded)}))
    assert len(bomb) < 1.1 * len(packed)  # it looks harmless
    with pytest.raises(ExchangeRefused, match="trop grand"):
        archive.read(bomb)


def test_an_entry_that_stands_twice_is_refused(real_files: DirectoryFiles) -> None:
    made = io.BytesIO(archive.export(real_files, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(made, "a") as opened:
            opened.writestr("sources.yml", "sources: []")
    with pytest.raises(ExchangeRefused) as caught:
        archive.read(made.getvalue())
    assert caught.value.code == "zip_unknown_entry"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1), what=st.binary(max_size=6), cut=st.booleans())
def test_no_damage_gets_through_or_raises_anything_else(data: Path, where: float, what: bytes, cut: bool) -> None:
    files = loader.read_directory(data)
    exported = archive.export(files, 1)
    position = int(where * len(exported))
    damaged = exported[:position] + what + (b"" if cut else exported[position + len(what) :])
    try:
        found = archive.read(damaged)
    except ExchangeRefused:
        return
    assert compare(files, found.files).changes == ()  # only what carries nothing was hit


def test_a_restore_over_another_directory_raises_the_version(factory: sessionmaker, data: Path) -> None:
    load(factory, data)
    exported = archive.export(stored(factory), 1)
    with factory.begin() as session:
        store(session, difficult(data), replace=True)
    with factory.begin() as session:
        import_file(session, exported, "test")
    assert version(factory) == 3
