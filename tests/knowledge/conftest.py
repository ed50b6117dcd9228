"""Databases, a directory small enough to read at a glance, and the real one fitted once."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import sessionmaker

from knowledge.database import migrate, open_engine, sessions
from knowledge.directory import Directory, DirectoryStore
from knowledge.files import DirectoryFiles, read_directory
from knowledge.loader import load
from knowledge.opening import secret_key
from knowledge.search import Search
from knowledge.settings import ROOT, Settings
from tests.postgres import POSTGRES, a_database

SOURCES = """\
sources:
  - id: page
    title: La page de la Ville
    url: https://www.blois.fr
    published: "2021"
  - id: liste
    title: La liste nationale
    published: "2024-08"
"""
HELP_NUMBERS = """\
help_numbers:
  - id: samu
    number: "15"
    name: Samu
    for_whom: Pour une urgence médicale.
    source: page
"""
OUTSIDE = """\
outside:
  - id: recettes
    title: les recettes
    door: "none"
    questions:
      - une recette de gâteau au chocolat
      - comment cuire des pâtes
"""
CLUB = """\
organisation:
  id: club
  name: Le Club
  source: page
  contacts:
    - kind: phone
      value: 02 54 00 00 00
      source: page

actions:
  - id: jardin
    title: Un jardin
    summary: On jardine ensemble.
    themes:
      - vie-de-quartier
    audience:
      text: Pour tous.
      publics:
        - tous-publics
    schedules:
      - text: Le lundi de 9 h à 12 h.
        osm: "Mo 09:00-12:00"
        confidence: exact
        source: page
    source: page
    questions:
      resident:
        - planter des tomates avec les voisins
        - un potager près de chez moi
  - id: velo
    title: Un atelier vélo
    summary: On répare son vélo.
    themes:
      - mobilite
    source: page
    questions:
      resident:
        - réparer mon vélo
        - ma roue de vélo est crevée
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A valid data directory of one organisation and two actions."""
    return write_data(tmp_path / "data")


def write_data(data: Path, club: str = CLUB) -> Path:
    (data / "organisations").mkdir(parents=True)
    (data / "sources.yml").write_text(SOURCES, encoding="utf-8")
    (data / "help_numbers.yml").write_text(HELP_NUMBERS, encoding="utf-8")
    (data / "outside.yml").write_text(OUTSIDE, encoding="utf-8")
    (data / "organisations" / "club.yml").write_text(club, encoding="utf-8")
    return data


@pytest.fixture
def edit_club(data: Path) -> Callable[[str, str], str]:
    """Replaces a text in the organisation's file, which must hold it."""

    def edit(old: str, new: str) -> str:
        path = data / "organisations" / "club.yml"
        before = path.read_text(encoding="utf-8")
        assert old in before
        path.write_text(before.replace(old, new, 1), encoding="utf-8")
        return path.read_text(encoding="utf-8")

    return edit


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'passerelle.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Both databases that Passerelle supports, empty."""
    return request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres")


@pytest.fixture
def empty_engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that was migrated once, for copying."""
    path = tmp_path_factory.mktemp("migrated") / "passerelle.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: Engine) -> Iterator[Engine]:
    """A database that was migrated once, for emptying: PostgreSQL takes half a second to make one and to drop it."""
    with a_database(postgres_server) as name:
        engine = open_engine(f"{POSTGRES}/{name}")
        migrate(engine)
        yield engine
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A migrated database without a directory, on both that Passerelle supports. For tests that leave the tables as they are."""
    if request.param == "sqlite":
        engine = open_engine(request.getfixturevalue("sqlite_url"))
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), str(engine.url.database))
    else:
        migrated = request.getfixturevalue("migrated_postgres")
        empty(migrated)
        engine = open_engine(migrated.url.render_as_string())
    yield engine
    engine.dispose()


def empty(engine: Engine) -> None:
    """Take every row out of a PostgreSQL database, whoever still holds one, and count from one again."""
    database = engine.url.database
    with engine.begin() as connection:
        others = "select pg_terminate_backend(pid) from pg_stat_activity where datname = :name and pid <> pg_backend_pid()"
        connection.execute(sa.text(others), {"name": database})
        connection.execute(sa.text("set local session_replication_role = replica"))  # rows go in any order
        for table in sa.inspect(connection).get_table_names():
            if table != "alembic_version":
                connection.execute(sa.text(f'delete from "{table}"'))
        from_one = "select setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) from pg_sequences"
        connection.execute(sa.text(from_one))


@pytest.fixture
def factory(engine: Engine) -> sessionmaker:
    return sessions(engine)


class FixedStore:
    """Stands for ``DirectoryStore``: hands out the directory that the test put in."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory

    def current(self) -> Directory:
        return self.directory


@pytest.fixture(scope="session")
def store_of() -> type[FixedStore]:
    return FixedStore


@pytest.fixture(scope="session")
def real_files() -> DirectoryFiles:
    return read_directory()


@pytest.fixture(scope="session")
def real_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DirectoryStore]:
    """The real data in a SQLite database."""
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('real') / 'passerelle.db'}")
    migrate(engine)
    load(sessions(engine))
    yield DirectoryStore(sessions(engine), fresh_seconds=0)
    engine.dispose()


@pytest.fixture(scope="session")
def real_directory(real_store: DirectoryStore) -> Directory:
    return real_store.current()


@pytest.fixture(scope="session")
def real_search(real_store: DirectoryStore) -> Search:
    """The real directory, fitted once (some 8 seconds) and kept for as long as it is the same."""
    search = Search(real_store, ROOT / "var" / "search", secret_key(Settings(var_dir=ROOT / "var", database_url=None)))
    search.fit()
    return search
