"""Commands that succeed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from api import cli
from api.cli import app


def test_the_knowledge_base_is_loaded_once(run):
    assert "54 actions" in run("kb", "load").stdout
    again = run("kb", "load")
    assert again.returncode == 0 and "nothing changed" in again.stdout


def test_the_files_are_held_to_their_sources(run):
    done = run("kb", "check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "54 actions" in done.stdout


def test_what_is_old_is_listed_with_its_source(run):
    done = run("kb", "stale")
    *facts, summary = done.stdout.strip().splitlines()
    assert done.returncode == 0 and summary == f"{len(facts)} facts to verify."
    assert len(facts) > 54 and any(" pimms  " in fact and "http" in fact for fact in facts)


def test_purging_erases_what_is_older_and_says_so(run, environment: dict[str, str]):
    var = Path(environment["PASSERELLE_VAR_DIR"])
    var.mkdir()
    database = sa.create_engine(f"sqlite:///{var}/passerelle.db", future=True)
    with database.begin() as connection:
        connection.execute(sa.text("create table events (id integer primary key, sender_id text, timestamp float)"))
        connection.execute(sa.text("insert into events (sender_id, timestamp) values ('old', 1), ('old', 2), ('new', 1), ('new', 9e9)"))
    done = run("purge", PASSERELLE_RETENTION_DAYS="7")
    assert done.returncode == 0 and "3 rows of events" in done.stdout and "(7 days" in done.stdout
    with database.connect() as connection:
        assert connection.execute(sa.text("select distinct sender_id from events")).scalars().all() == ["new"]
    database.dispose()


def test_help_lists_every_command():
    runner = CliRunner()
    said = runner.invoke(app, ["--help"]).stdout + runner.invoke(app, ["kb", "--help"]).stdout
    for command in ("serve", "ask", "chat", "train", "evaluate", "purge", "load", "check", "export", "import", "stale"):
        assert command in said


@pytest.mark.slow
@pytest.mark.soak  # loads everything in a process of its own
def test_a_question_is_answered_in_the_terminal(run, with_model):
    done = run("ask", "j'ai besoin d'aide pour mes papiers de la caf")
    assert done.returncode == 0, done.stderr
    assert "PIMMS" in done.stdout and "02 54 45 34 54" in done.stdout and "[1]" in done.stdout
    assert "Traceback" not in done.stderr and "Warning" not in done.stderr


def test_a_conversation_in_the_terminal_follows_numbers_and_is_forgotten(services, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cli, "_services", lambda: services)
    before = _conversations(services)
    # In a thread of its own, as the command runs a loop of its own.
    with ThreadPoolExecutor(1) as threads:
        said = "j'ai besoin d'aide pour mes papiers de la caf\n1\net les horaires ?\n\n"
        done = threads.submit(CliRunner().invoke, app, ["chat"], input=said).result()
    assert done.exit_code == 0, done.output
    assert done.stdout.count("02 54 45 34 54") >= 2 and "Quand" in done.stdout
    assert _conversations(services) == before


def _conversations(services) -> set[str]:
    with services.database.connect() as connection:
        return set(connection.execute(sa.text("select distinct sender_id from events")).scalars())
