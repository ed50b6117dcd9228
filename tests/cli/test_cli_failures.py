"""What an operator can get wrong: one sentence that says what to do, exit code 1, never a traceback."""

import re
import shutil
import socket
from pathlib import Path

import pytest

from api.opening import find_redis
from knowledge.database import open_engine, sessions
from knowledge.editing import changes
from knowledge.editing.history import content, current
from knowledge.errors import BadSettings
from knowledge.files import DATA
from knowledge.settings import Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASSERELLE_RATE_LIMIT_CHAT", "beaucoup"),
        ("PASSERELLE_RETENTION_DAYS", "0"),
    ],
)
def test_a_wrong_setting_is_named(one_sentence, name: str, value: str):
    assert name in one_sentence("kb", "stale", **{name: value})


def test_every_command_names_a_wrong_number_of_processes(one_sentence):
    assert "WEB_CONCURRENCY" in one_sentence("serve", WEB_CONCURRENCY="deux")


def test_a_port_in_use_is_named_with_another_to_try(one_sentence):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = one_sentence("serve", PORT=port)
    assert f"127.0.0.1:{port}" in said and "PORT=" in said


def test_an_unreachable_database_is_named_without_its_password(one_sentence, free_port: str):
    url = "postgresql://ville:secret@127.0.0.1:1/passerelle"
    for command in (["kb", "stale"], ["serve"]):
        said = one_sentence(*command, PASSERELLE_DATABASE_URL=url, PASSERELLE_SECRET_KEY="x" * 32, PORT=free_port)
        assert "PASSERELLE_DATABASE_URL" in said and "127.0.0.1:1" in said and "secret@" not in said


def test_an_address_of_no_database_is_named(one_sentence):
    assert "PASSERELLE_DATABASE_URL" in one_sentence("kb", "load", PASSERELLE_DATABASE_URL="n'importe quoi")


def test_a_server_database_asks_for_the_key(one_sentence, free_port: str):
    url = "postgresql://postgres@127.0.0.1:1/passerelle"
    said = one_sentence("serve", PASSERELLE_DATABASE_URL=url, PORT=free_port)
    assert "PASSERELLE_SECRET_KEY" in said


def test_a_redis_that_does_not_answer_is_named(one_sentence, free_port: str):
    assert "PASSERELLE_REDIS_URL" in one_sentence("serve", PASSERELLE_REDIS_URL="redis://127.0.0.1:1/0", PORT=free_port)


def test_a_folder_that_cannot_be_written_is_named(one_sentence, free_port: str, tmp_path: Path):
    (tmp_path / "file").write_text("not a folder")
    for command in (["serve"], ["ask", "bonjour"]):
        said = one_sentence(*command, PASSERELLE_VAR_DIR=str(tmp_path / "file/var"), PORT=free_port)
        assert "PASSERELLE_VAR_DIR" in said and str(tmp_path / "file") in said


@pytest.mark.soak  # several processes that load everything
def test_a_models_folder_that_cannot_be_written_is_named(one_sentence, environment: dict[str, str]):
    var = Path(environment["PASSERELLE_VAR_DIR"])
    var.mkdir()
    (var / "models").write_text("not a folder")
    assert str(var / "models") in one_sentence("train")


@pytest.fixture
def broken_data(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    shutil.copytree(DATA, data)
    path = data / "organisations/cria-41.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("title:", "tittle:", 1), encoding="utf-8")
    return data


@pytest.mark.parametrize("command", ["check", "load"])
def test_a_broken_data_file_is_named_with_its_line(run, broken_data: Path, command: str):
    done = run("kb", command, "--data", str(broken_data))
    assert done.returncode == 1 and "Traceback" not in done.stderr
    *problems, summary = done.stderr.strip().splitlines()
    assert any(re.search(r"cria-41\.yml:\d+: .*tittle", problem) for problem in problems)
    assert "nothing was loaded" in summary


def test_a_file_that_is_not_yaml_is_named(run, broken_data: Path):
    (broken_data / "sources.yml").write_text("sources: [\n")
    done = run("kb", "check", "--data", str(broken_data))
    assert done.returncode == 1 and "sources.yml" in done.stderr and "Traceback" not in done.stderr


def test_a_data_folder_that_is_not_there_is_named(run, tmp_path: Path):
    done = run("kb", "load", "--data", str(tmp_path / "nowhere"))
    assert done.returncode == 1 and "nowhere" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("address", ["n'importe quoi", "redis://127.0.0.1:1/0", "http://127.0.0.1"])
def test_no_address_of_a_redis_gets_further(address: str):
    with pytest.raises(BadSettings, match="PASSERELLE_REDIS_URL"):
        find_redis(Settings(redis_url=address))


def test_an_unknown_command_is_refused(run):
    done = run("danse")
    assert done.returncode == 2 and "danse" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.soak  # several processes that load everything
def test_files_that_would_undo_what_agents_changed_are_refused(run, one_sentence, environment, tmp_path):
    """Until ``--replace`` says that it is meant."""
    assert run("kb", "load").returncode == 0
    engine = open_engine(f"sqlite:///{environment['PASSERELLE_VAR_DIR']}/passerelle.db")
    with sessions(engine).begin() as session:
        sheet = content(current(session, "source", "page-2021")[0])
        changes.save(session, "source", "page-2021", {**sheet, "title": "La page de la Ville"}, 0, by="Amina")
    engine.dispose()
    data = tmp_path / "data"
    shutil.copytree(DATA, data)
    with (data / "sources.yml").open("a", encoding="utf-8") as sources:
        sources.write("  - {id: nouvelle, title: Une nouvelle page}\n")
    refusal = one_sentence("kb", "load", "--data", str(data))
    assert "page-2021" in refusal and "--replace" in refusal
    assert "Directory version 3, loaded" in run("kb", "load", "--data", str(data), "--replace").stdout
