"""Opening and migrating a database, on SQLite and on PostgreSQL."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.engine import Engine

from knowledge import models
from knowledge.database import MIGRATIONS, alone, migrate, open_engine, sessions
from knowledge.errors import DatabaseUnavailable
from knowledge.tables import Base

ROOT = Path(__file__).parents[2]
RASA_EVENTS = "create table events (id integer primary key, sender_id varchar(255))"


def tables(engine: Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names())


def differences(engine: Engine) -> list:
    with engine.connect() as connection:
        ours = {"compare_type": True, "include_object": lambda _o, name, kind, _r, _t: (kind, name) != ("table", "events")}
        return compare_metadata(MigrationContext.configure(connection, opts=ours), Base.metadata)


def test_migrating_from_nothing_makes_every_table(empty_engine: Engine) -> None:
    assert tables(empty_engine) == set()
    migrate(empty_engine)
    assert tables(empty_engine) == set(Base.metadata.tables) | {"alembic_version", "events"}


def test_the_models_equal_the_migrations(engine: Engine) -> None:
    assert differences(engine) == []


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    before = tables(engine)
    migrate(engine)
    assert tables(engine) == before
    assert differences(engine) == []


def test_the_conversations_of_an_older_database_are_left_alone(empty_engine: Engine) -> None:
    with empty_engine.begin() as connection:
        connection.execute(sa.text(RASA_EVENTS))
    columns = sa.inspect(empty_engine).get_columns("events")
    migrate(empty_engine)
    assert [column["name"] for column in sa.inspect(empty_engine).get_columns("events")] == [column["name"] for column in columns]


def test_the_downgrade_removes_what_the_upgrade_made(empty_engine: Engine) -> None:
    engine = empty_engine
    migrate(engine)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        connection.commit()
    assert tables(engine) == {"alembic_version"}
    migrate(engine)
    assert differences(engine) == []


def test_constraint_names_follow_the_convention(engine: Engine) -> None:
    found, inspector = {}, sa.inspect(engine)
    for table in Base.metadata.tables:
        found[inspector.get_pk_constraint(table)["name"]] = f"pk_{table}"
        for key in inspector.get_foreign_keys(table):
            found[key["name"]] = f"fk_{table}_{key['constrained_columns'][0]}_{key['referred_table']}"
        for unique in inspector.get_unique_constraints(table):
            found[unique["name"]] = f"uq_{table}_{unique['column_names'][0]}"
        for index in inspector.get_indexes(table):
            if not index.get("duplicates_constraint"):
                found[index["name"]] = f"ix_{table}_{index['column_names'][0]}"
        for check in inspector.get_check_constraints(table):
            assert re.fullmatch(rf"ck_{table}_[a-z_]+", check["name"])
    assert {name: wanted for name, wanted in found.items() if name != wanted} == {}
    assert len(found) > 40


def test_the_database_itself_refuses_a_contact_without_an_owner(engine: Engine) -> None:
    with sessions(engine)() as session, pytest.raises(sa.exc.IntegrityError):
        session.add(models.Source(id="s", slug="s", title="s"))
        session.flush()
        session.add(models.Contact(id="c", position=0, kind="phone", value="15", source_id="s"))
        session.flush()


def test_the_database_itself_refuses_an_unknown_source(engine: Engine) -> None:
    with sessions(engine)() as session, pytest.raises(sa.exc.IntegrityError):
        session.add(models.Organisation(id="o", slug="o", name="o", source_id="nowhere"))
        session.commit()


START = """
import sys
from pathlib import Path
from knowledge.database import migrate, open_engine
from knowledge.loader import load_if_empty
engine = open_engine(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
migrate(engine)
print("loaded" if load_if_empty(engine, Path(sys.argv[2])) else "found", flush=True)
"""


def test_processes_that_start_at_once_on_an_empty_database_load_it_once(database_url: str, data: Path) -> None:
    run = [sys.executable, "-c", START, database_url, str(data)]
    processes = [subprocess.Popen(run, cwd=ROOT, stdin=-1, stdout=-1, stderr=-1, text=True) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=30) for process in processes]
    assert sorted(out.strip() for out, _ in outputs) == ["found", "loaded"], outputs
    engine = open_engine(database_url)
    with engine.connect() as connection:
        assert connection.execute(sa.select(models.DirectoryVersion.version)).scalar_one() == 1
    engine.dispose()


def test_the_set_up_lock_is_released_after_an_error(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), alone(engine):
        raise ZeroDivisionError
    with alone(engine):
        pass


UNUSABLE = {
    "nobody listens": "postgresql://agent:s3cret@127.0.0.1:1/passerelle",
    "password in the query": "postgresql://127.0.0.1:1/passerelle?user=agent&password=s3cret",
    "unknown kind": "postgres://agent:s3cret@127.0.0.1/passerelle",
    "driver not installed": "mysql://agent:s3cret@127.0.0.1/passerelle",
    "port that is no number": "postgresql://agent:s3cret@127.0.0.1:port/passerelle",
    "no address at all": "s3cret",
    "folder that cannot be made": "sqlite:////proc/s3cret/../nowhere/passerelle.db",
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_an_unusable_database_gives_one_sentence_without_the_password(case: str) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        open_engine(UNUSABLE[case])
    message = str(caught.value)
    assert "PASSERELLE_DATABASE_URL" in message
    assert "\n" not in message
    assert "s3cret" not in message.replace("/proc/s3cret", "")


def test_a_wrong_database_name_is_said_without_the_password(postgres: str) -> None:
    url = sa.engine.make_url(postgres).set(database="nowhere", password="s3cret")
    with pytest.raises(DatabaseUnavailable, match="nowhere") as caught:
        open_engine(url.render_as_string(hide_password=False))
    assert "s3cret" not in str(caught.value)


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("ceci n'est pas une base" * 100, encoding="utf-8")
    with pytest.raises(DatabaseUnavailable, match=r"notes\.db"):
        open_engine(f"sqlite:///{tmp_path / 'notes.db'}")


def test_the_folder_of_a_new_sqlite_database_is_made(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'var' / 'deep' / 'passerelle.db'}")
    migrate(engine)
    assert (tmp_path / "var" / "deep" / "passerelle.db").exists()
