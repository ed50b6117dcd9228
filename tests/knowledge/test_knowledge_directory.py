"""The directory in memory follows the database, and survives its absence."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import sessionmaker

from knowledge import directory as directory_module
from knowledge import models
from knowledge.database import migrate, open_engine, sessions
from knowledge.directory import Directory, DirectoryStore
from knowledge.errors import UnknownAction
from knowledge.loader import load
from knowledge.models import stable_id
from knowledge.schema import Contact

Edit = Callable[[str, str], str]


def titles(directory: Directory) -> list[str]:
    return [entry.action.title for entry in directory.entries]


def test_an_unloaded_database_is_an_empty_directory(factory: sessionmaker) -> None:
    assert DirectoryStore(factory, fresh_seconds=0).current().entries == ()


def test_a_new_version_is_noticed(factory: sessionmaker, data: Path, edit_club: Edit) -> None:
    store = DirectoryStore(factory, fresh_seconds=0)
    load(factory, data)
    assert titles(store.current()) == ["Un jardin", "Un atelier vélo"]
    edit_club("Un jardin", "Le jardin")
    load(factory, data)
    assert titles(store.current()) == ["Le jardin", "Un atelier vélo"]


def test_the_same_version_is_the_same_object(factory: sessionmaker, data: Path) -> None:
    store = DirectoryStore(factory, fresh_seconds=0)
    load(factory, data)
    assert store.current() is store.current()


def test_the_last_directory_stays_in_use_when_the_tables_are_gone(
    empty_engine: Engine, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    migrate(empty_engine)
    factory = sessions(empty_engine)
    store = DirectoryStore(factory, fresh_seconds=0)
    load(factory, data)
    known = store.current()
    models.Base.metadata.drop_all(empty_engine)
    with caplog.at_level(logging.WARNING):
        assert store.current() is known
    assert "does not answer" in caplog.text


def test_the_last_directory_stays_in_use_when_the_server_is_gone_and_the_next_is_found_when_it_is_back(
    postgres: str, data: Path, edit_club: Edit
) -> None:
    engine = open_engine(postgres)
    migrate(engine)
    load(sessions(engine), data)
    store = DirectoryStore(sessions(engine), fresh_seconds=0)
    known = store.current()
    name = engine.url.database
    server = sa.create_engine(engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT", future=True)
    with server.connect() as connection:
        connection.execute(sa.text(f"drop database {name} with (force)"))
        assert store.current() is known
        connection.execute(sa.text(f"create database {name}"))
    server.dispose()
    migrate(engine)
    edit_club("Un jardin", "Le jardin")
    load(sessions(engine), data)
    edit_club("Un atelier", "L'atelier")
    load(sessions(engine), data)
    assert titles(store.current()) == ["Le jardin", "L'atelier vélo"]
    engine.dispose()


def test_the_last_directory_stays_in_use_when_reading_the_new_one_fails(
    factory: sessionmaker, data: Path, edit_club: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DirectoryStore(factory, fresh_seconds=0)
    load(factory, data)
    known = store.current()
    edit_club("Un jardin", "Le jardin")
    load(factory, data)

    def lost(_session: object) -> None:
        raise sa.exc.OperationalError("select", {}, Exception("connection lost"))

    with monkeypatch.context() as patch:
        patch.setattr(directory_module, "select_all", lost)
        assert store.current() is known
    assert titles(store.current()) == ["Le jardin", "Un atelier vélo"]


def test_a_load_during_a_read_does_not_mix_two_versions(
    factory: sessionmaker, data: Path, edit_club: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(factory, data)
    read = directory_module.select_all

    def load_first(session: object) -> object:
        edit_club("Un jardin", "Le jardin")
        load(factory, data)
        return read(session)

    store = DirectoryStore(factory, fresh_seconds=0)
    with monkeypatch.context() as patch:
        patch.setattr(directory_module, "select_all", load_first)
        first = store.current()
    assert (first.version, titles(first)[0]) == (1, "Un jardin")
    second = store.current()
    assert (second.version, titles(second)[0]) == (2, "Le jardin")


def test_an_action_is_found_by_its_name_and_by_its_uuid(real_directory: Directory) -> None:
    assert real_directory.entry("pimms") is real_directory.entry(stable_id("action", "pimms"))


@pytest.mark.parametrize("action_id", ["", "nowhere", "PIMMS", "pimms\x00", "é" * 1000])
def test_an_unknown_action_is_said(real_directory: Directory, action_id: str) -> None:
    with pytest.raises(UnknownAction):
        real_directory.entry(action_id)


def test_contacts_are_the_actions_own_then_the_organisations_without_repetition_or_private_ones(
    factory: sessionmaker, data: Path, edit_club: Edit
) -> None:
    own = "value: 06 00 00 00 00\n        source: page\n      - kind: phone\n        value: 02 54 00 00 00\n        source: page"
    private = "value: 07 00 00 00 00\n        public: false\n        source: page"
    edit_club(
        "    source: page\n    questions",
        f"    contacts:\n      - kind: phone\n        {own}\n      - kind: phone\n        {private}\n    source: page\n    questions",
    )
    load(factory, data)
    jardin, velo = DirectoryStore(factory, fresh_seconds=0).current().entries
    assert [contact.value for contact in jardin.contacts] == ["06 00 00 00 00", "02 54 00 00 00"]
    assert [contact.value for contact in velo.contacts] == ["02 54 00 00 00"]


def test_no_private_contact_of_the_real_directory_is_handed_out(real_directory: Directory) -> None:
    handed: list[Contact] = [contact for entry in real_directory.entries for contact in entry.contacts]
    assert handed
    assert all(contact.public for contact in handed)
