"""``passerelle staff add``: the first administrator, from a terminal and from a script."""

import os
import pty
import re
import subprocess
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from knowledge.accounts.passwords import password_fits
from knowledge.settings import ROOT

PASSWORD = "quatre tulipes jaunes"
PERSON = ("staff", "add", "--name", "Camille Test", "--email", "Camille@pimms.example")


def row(environment: dict[str, str]) -> tuple:
    engine = sa.create_engine(f"sqlite:///{Path(environment['PASSERELLE_VAR_DIR']) / 'passerelle.db'}", future=True)
    with engine.connect() as connection:
        found = connection.execute(sa.text("select name, email, role, password_hash from accounts")).all()
    engine.dispose()
    assert len(found) <= 1
    return tuple(found[0]) if found else ()


def test_a_script_gives_the_password_by_a_pipe(run, environment: dict[str, str]):
    done = run(*PERSON, "--role", "administrator", say=f"{PASSWORD}\n")
    assert done.returncode == 0, done.stderr
    name, email, role, password_hash = row(environment)
    assert (name, email, role) == ("Camille Test", "camille@pimms.example", "administrator")
    assert password_hash.startswith("$argon2id$") and password_fits(PASSWORD, password_hash)
    assert PASSWORD not in done.stdout + done.stderr
    again = run(*PERSON, say=f"{PASSWORD}\n")
    assert again.returncode == 1 and "exists already" in again.stderr and "Traceback" not in again.stderr


@pytest.mark.parametrize(
    ("password", "said"), [("onze signes", "12 characters"), ("123456789012", "common"), ("Motdepasse2024", "common"), ("", "12")]
)
def test_a_weak_password_is_refused(run, environment: dict[str, str], password: str, said: str):
    done = run(*PERSON, say=password)
    assert done.returncode == 1 and said in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert row(environment) == ()


def test_an_address_that_is_none_is_refused(run):
    done = run("staff", "add", "--name", "Camille", "--email", "camille", say=PASSWORD)
    assert done.returncode == 1 and "e-mail" in done.stderr


def test_a_terminal_is_asked_twice_and_shows_nothing(passerelle: list[str], environment: dict[str, str]):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*passerelle, *PERSON], env=environment, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown, asked, deadline = b"", 0, time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        try:
            shown += os.read(ours, 1024)
        except OSError:  # the terminal is closed
            break
        if len(re.findall(rb"(?:Password|confirmation): ", shown)) > asked:
            asked += 1
            time.sleep(0.3)  # getpass turns the echo off just after it asked
            os.write(ours, f"{PASSWORD}\n".encode())
    os.close(ours)
    assert process.wait(30) == 0, shown
    assert asked == 2 and PASSWORD.encode() not in shown
    assert row(environment)[1] == "camille@pimms.example"
