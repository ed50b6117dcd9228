"""The console over a directory of its own, so that what a test changes is nobody else's."""

import dataclasses
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.wiring import Services
from knowledge.accounts import people
from knowledge.accounts import sessions as staff_sessions
from knowledge.accounts.models import Role
from knowledge.database import migrate, open_engine, sessions
from knowledge.directory import DirectoryStore
from knowledge.loader import load
from knowledge.search import Search
from knowledge.settings import Settings


@pytest.fixture(scope="session")
def loaded_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the real directory, to be copied."""
    path = tmp_path_factory.mktemp("loaded") / "passerelle.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    load(sessions(engine))
    with engine.connect() as connection:
        connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
    engine.dispose()
    return path


@pytest.fixture
def own_services(tmp_path: Path, loaded_database: Path) -> Iterator[Services]:
    """The directory and what edits it, over a database of their own with the real data. Nobody talks with an engine here."""
    settings = Settings(var_dir=tmp_path, rate_limit_chat=0)
    shutil.copy(loaded_database, tmp_path)
    engine = open_engine(settings.database)
    store = DirectoryStore(sessions(engine), fresh_seconds=0)
    here = {"settings": settings, "database": engine, "sessions": sessions(engine), "store": store, "search": Search(store)}
    elsewhere = dict.fromkeys(field.name for field in dataclasses.fields(Services))
    yield Services(**elsewhere | here | {"secret_key": "x" * 32})
    engine.dispose()


@pytest.fixture(scope="session")
def console_app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """The application, made once (it takes a quarter of a second); each test gives it services of its own."""
    return create_app(Settings(var_dir=tmp_path_factory.mktemp("console"), rate_limit_chat=0))


@pytest.fixture
def desk(own_services: Services, console_app: FastAPI) -> Iterator[Callable[..., TestClient]]:
    """``desk("editor", "Amina")``: somebody signed in over ``own_services``, who sends the form token."""
    console_app.state.services = own_services  # without its lifespan, which would open others

    def sign_in(role: str = "editor", name: str = "Amina") -> TestClient:
        with own_services.sessions.begin() as session:
            account = people.create(session, name, f"{name.lower()}@pimms.example", Role(role), None)
            token = staff_sessions.begin(session, account)
        client = TestClient(console_app, headers={"accept": "text/html"}, cookies={"passerelle_staff": token})
        page = client.get("/staff/compte").text
        client.headers["x-csrf-token"] = re.search(r'name="csrf_token" value="(\w+)"', page)[1]
        return client

    yield sign_in
    console_app.state.services = None
