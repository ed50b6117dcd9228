"""Backup and restore rehearsed on SQLite and PostgreSQL, and an older release's database brought up to date."""

import datetime as dt
import json
import shutil
import tarfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from api.backup import BadBackup, back_up, restore
from api.doctor import Level, examine
from knowledge import trained_models
from knowledge.accounts import people
from knowledge.accounts.models import Role
from knowledge.database import _migrations, migrate, open_engine, revisions, sessions
from knowledge.delivery.models import IncomingMessage, OptOut
from knowledge.directory import DirectoryStore
from knowledge.dumps import DumpFailed, is_empty
from knowledge.errors import DatabaseTooNew
from knowledge.feedback import Feedback
from knowledge.handover.models import CallbackRequest
from knowledge.opening import open_knowledge
from knowledge.settings import Settings
from tests.postgres import a_database

SAID = "je m'appelle Nadia Perrin"
OLDER = Path(__file__).parent / "release_0003.json"


@pytest.fixture(params=["sqlite", "postgresql"])
def lived_in(request, filled: Path, tmp_path: Path) -> Settings:
    """An installation in which people have written, of either kind."""
    var = tmp_path / "var"
    var.mkdir()
    if request.param == "sqlite":
        shutil.copy(filled / "passerelle.db", var)
        settings = Settings(var_dir=var)
        (var / "secret_key").write_text("k" * 43)
    else:
        settings = Settings(var_dir=var, database_url=request.getfixturevalue("postgres"), secret_key="s" * 40)
    database, factory, _ = open_knowledge(settings)
    (var / "models").mkdir()
    (var / "models/passerelle-1.tar.gz").write_bytes(b"a model")
    with factory.begin() as session:
        people.create(session, "Amina", "amina@pimms.example", Role.editor)
        trained_models.register(session, "passerelle-1.tar.gz", "0" * 64, "code")
        trained_models.activate(session, "passerelle-1.tar.gz", "code", "start", compared=False)
        session.add(Feedback(id="f", conversation="c", helpful=False, comment=SAID, created_at=dt.datetime.now(dt.timezone.utc)))
        session.add(CallbackRequest(id="r", conversation="c", first_name="Nadia", phone="+33612345678", subject=SAID))
        sent = {"channel": "sms", "conversation": "c", "sender": "+33612345678", "digest": "d", "kind": "text"}
        session.add(IncomingMessage(provider_id="SM1", text=SAID, **sent))
        session.add(OptOut(conversation="stopped", channel="sms"))
        now = dt.datetime.now(dt.timezone.utc).timestamp()
        event = {"sender_id": "c", "type_name": "user", "timestamp": now, "data": json.dumps({"event": "user", "text": SAID})}
        session.execute(sa.insert(sa.table("events", *map(sa.column, event))).values(**event))
    database.dispose()
    return settings


@pytest.fixture
def elsewhere(lived_in: Settings, tmp_path: Path, request) -> Settings:
    """An empty machine to restore on, of the same kind."""
    var = tmp_path / "elsewhere"
    if not lived_in.database_url:
        yield Settings(var_dir=var)
        return
    with a_database(request.getfixturevalue("postgres_server")) as name:
        url = sa.engine.make_url(lived_in.database).set(database=name).render_as_string()
        yield Settings(var_dir=var, database_url=url, secret_key="s" * 40)


def counted(settings: Settings) -> dict[str, int]:
    tables = ("actions", "questions", "accounts", "trained_models", "opt_outs", "feedback", "callback_requests", "inbox", "events")
    engine = open_engine(settings.database)
    with engine.connect() as connection:
        found = {table: connection.execute(sa.text(f"select count(*) from {table}")).scalar_one() for table in tables}
    engine.dispose()
    return found


def test_a_backup_brings_back_the_directory_and_the_work_but_nobodys_words(lived_in: Settings, elsewhere: Settings, tmp_path: Path):
    before, file = counted(lived_in), tmp_path / "backup.tar.gz"
    written = back_up(lived_in, file)
    assert file.stat().st_mode & 0o077 == 0
    assert written == ["database", "models/passerelle-1.tar.gz", *([] if lived_in.secret_key else ["secret_key"])]
    erased = restore(elsewhere, file, replace=False, keep_people=False, say=lambda _text: None)
    after = counted(elsewhere)
    for kept in ("actions", "questions", "accounts", "trained_models", "opt_outs"):
        assert after[kept] == before[kept] > 0, kept
    assert (after["feedback"], after["callback_requests"], after["inbox"], after["events"]) == (0, 0, 0, 0)
    assert erased["events"] and (erased["feedback"], erased["callback_requests"]) == (1, 1)
    assert (elsewhere.var_dir / "models/passerelle-1.tar.gz").read_bytes() == b"a model"
    if not elsewhere.database_url:
        key = elsewhere.var_dir / "secret_key"
        assert key.read_text() == "k" * 43 and key.stat().st_mode & 0o077 == 0
        content = (elsewhere.var_dir / "passerelle.db").read_bytes()
        assert not [words for words in (SAID, "+33612345678") if words.encode() in content]
    # Over what is there only when told to, and then with what people wrote, if that is safe.
    with pytest.raises(BadBackup, match="--replace"):
        restore(elsewhere, file, replace=False, keep_people=False, say=lambda _text: None)
    restore(elsewhere, file, replace=True, keep_people=True, say=lambda _text: None)
    assert counted(elsewhere) == before
    assert not [path.name for path in elsewhere.var_dir.iterdir() if path.name.startswith(".restore-")]


def test_what_is_past_its_retention_is_erased_even_when_people_are_kept(lived_in: Settings, elsewhere: Settings, tmp_path: Path):
    engine = open_engine(lived_in.database)
    with sessions(engine).begin() as session:
        long_ago = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=31)
        session.execute(sa.update(Feedback).values(created_at=long_ago))
        session.execute(sa.text("update events set timestamp = :then").bindparams(then=long_ago.timestamp()))
    engine.dispose()
    back_up(lived_in, tmp_path / "backup.tar.gz")
    restore(elsewhere, tmp_path / "backup.tar.gz", replace=False, keep_people=True, say=lambda _text: None)
    after = counted(elsewhere)
    assert (after["feedback"], after["events"], after["callback_requests"]) == (0, 0, 1)


def test_a_damaged_backup_changes_nothing(lived_in: Settings, tmp_path: Path):
    before, file = counted(lived_in), tmp_path / "backup.tar.gz"
    back_up(lived_in, file)
    content = file.read_bytes()
    cases = {"cut short": content[: len(content) // 2], "no backup": b"ceci n'est pas une sauvegarde", "empty": b""}
    for case, damaged in cases.items():
        (tmp_path / "damaged").write_bytes(damaged)
        with pytest.raises(BadBackup, match="nothing was restored"):
            restore(lived_in, tmp_path / "damaged", replace=True, keep_people=False, say=lambda _text: None)
        assert counted(lived_in) == before, case


def _forged(tmp_path: Path, name: str) -> Path:
    """A backup whose manifest names a file outside of where files belong."""
    (tmp_path / "content").write_text("x")
    (tmp_path / "manifest").write_text(json.dumps({"format": 1, "kind": "sqlite", "sha256": {name: "0"}}))
    with tarfile.open(tmp_path / "forged", "w:gz") as archive:
        archive.add(tmp_path / "manifest", "manifest.json")
        archive.add(tmp_path / "content", name)
    return tmp_path / "forged"


@pytest.mark.parametrize("name", ["../secret_key", "models/../../x", "/etc/x", "models/a/b"])
def test_a_forged_backup_writes_nowhere_else(tmp_path: Path, name: str):
    with pytest.raises(BadBackup, match="nothing was restored"):
        restore(Settings(var_dir=tmp_path / "var"), _forged(tmp_path, name), True, False, lambda _text: None)


def test_a_restore_that_the_database_refuses_leaves_what_was_there(postgres: str, tmp_path: Path):
    """What is no dump, and a database that somebody works in."""
    from knowledge.dumps import dump, load

    engine = open_engine(postgres)
    migrate(engine)
    engine.dispose()
    (tmp_path / "dump").write_bytes(b"PGDMP no dump")
    with pytest.raises(DumpFailed, match="pg_restore"):
        load(postgres, tmp_path / "dump")
    dump(postgres, tmp_path / "whole")
    with engine.connect(), pytest.raises(DumpFailed, match="stop Passerelle"):
        load(postgres, tmp_path / "whole")
    assert not is_empty(engine)
    engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_database_of_an_older_release_is_brought_up_to_date_with_everything_in_it(kind: str, request, tmp_path: Path):
    """``release_0003.json`` holds the rows that the release with revision 0003 left, some of each table."""
    url = request.getfixturevalue("postgres") if kind == "postgresql" else f"sqlite:///{tmp_path / 'old.db'}"
    rows = json.loads(OLDER.read_text(encoding="utf-8"))
    engine, config = open_engine(url), _migrations()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        connection.commit()
    metadata = sa.MetaData()
    metadata.reflect(engine)
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            for row in rows.get(table.name, []):
                connection.execute(sa.insert(table).values(**{name: _typed(table.c[name], value) for name, value in row.items()}))
    settings = Settings(database_url=url, var_dir=tmp_path, secret_key="k" * 40)
    said = [finding for finding in examine(settings) if finding.about == "database"]
    assert said[0].level is Level.warning and "0003" in said[0].said
    migrate(engine)
    with engine.connect() as connection:
        found, newest = revisions(connection)
        assert found == newest
        for name, old in rows.items():
            assert connection.execute(sa.text(f"select count(*) from {name}")).scalar_one() == len(old), name
        assert connection.execute(sa.text("select comment from feedback")).scalar_one() == rows["feedback"][0]["comment"]
    directory = DirectoryStore(sessions(engine)).current()
    assert {entry.id for entry in directory.entries} == {row["slug"] for row in rows["actions"]}
    assert all(entry.action.questions for entry in directory.entries)
    engine.dispose()


def _typed(column: sa.Column, value: object) -> object:
    """JSON knows no dates."""
    kinds = {sa.DateTime: dt.datetime, sa.Date: dt.date, sa.Time: dt.time}
    python = next((kinds[kind] for kind in kinds if isinstance(column.type, kind)), None)
    return python.fromisoformat(str(value)) if python and value is not None else value


def test_a_newer_database_is_refused_in_one_sentence_and_the_doctor_says_so(one_sentence, environment, filled: Path):
    var = Path(environment["PASSERELLE_VAR_DIR"])
    var.mkdir()
    shutil.copy(filled / "passerelle.db", var)
    engine = open_engine(f"sqlite:///{var / 'passerelle.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(DatabaseTooNew):
        migrate(engine)
    engine.dispose()
    assert "9999" in one_sentence("evaluate")
    found = {finding.about: finding for finding in examine(Settings(var_dir=var))}
    assert found["database"].level is Level.problem and "9999" in found["database"].said


def test_the_doctor_names_what_is_wrong_and_what_to_do(lived_in: Settings):
    found = {finding.about: finding for finding in examine(lived_in)}
    assert (found["database"].level, found["clock"].level) == (Level.ok, Level.ok)
    assert found["model"].level is Level.problem and "damaged or exchanged" in found["model"].said
    assert "facts to verify" in found["directory"].said
    changes = {"redis_url": "redis://127.0.0.1:1/0", "public_url": "http://passerelle.example", "twilio_from": "+33700000001"}
    worse = list(examine(lived_in.copy(update=changes), workers=2))
    assert {finding.about for finding in worse if finding.level is Level.problem} == {"settings", "redis", "model"}
    assert all(finding.to_do for finding in worse if finding.level is not Level.ok)
    (lived_in.var_dir / "models/passerelle-1.tar.gz").unlink()
    assert "missing" in next(finding.said for finding in examine(lived_in) if finding.about == "model")


def test_the_doctor_prints_json_and_exits_with_1_for_a_problem(run):
    done = run("doctor", "--json", PASSERELLE_DATABASE_URL="postgresql://a:secret@127.0.0.1:1/x", PASSERELLE_SECRET_KEY="k" * 40)
    assert done.returncode == 1 and "secret" not in done.stdout
    found = json.loads(done.stdout)
    assert {"about": "database", "level": "problem"}.items() <= found[-1].items() and found[-1]["to_do"]
