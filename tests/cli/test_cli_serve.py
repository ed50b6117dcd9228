"""``passerelle serve``: it says where it answers, answers, and stops when told."""

import contextlib
import os
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from knowledge.accounts import people
from knowledge.accounts.models import Role
from knowledge.database import open_engine, sessions
from knowledge.handover import callbacks, talks
from knowledge.settings import ROOT

PAPERS = "j'ai besoin d'aide pour mes papiers de la caf"
STARTING_SECONDS, STOPPING_SECONDS = 200, 10


@pytest.fixture
def serve(
    passerelle: list[str], with_model: dict[str, str], free_port: str, tmp_path: Path
) -> Iterator[Callable[..., contextlib.AbstractContextManager[str]]]:
    """Serve on a free port until the block ends, then stop it as an operator does; the output is in ``serve.log``."""
    log = tmp_path / "serve.log"

    @contextlib.contextmanager
    def start(**changes: str) -> Iterator[str]:
        address = f"http://127.0.0.1:{free_port}"
        with log.open("w") as output:
            process = subprocess.Popen(
                [*passerelle, "serve"],
                env={**with_model, **changes, "PORT": free_port},
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            deadline = time.monotonic() + STARTING_SECONDS
            while not _ready(address):
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
            yield address
            process.send_signal(signal.SIGTERM)
            process.wait(STOPPING_SECONDS)
        finally:
            # The workers too, whatever went wrong: they are in the session that was started here.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        with pytest.raises(httpx.ConnectError):  # no worker is left behind
            httpx.get(f"{address}/healthz")

    yield start


def _ready(address: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{address}/readyz").status_code == 200
    return False


def _talk(address: str, conversations: int) -> None:
    """Follow-ups reach the conversation whichever process answers them: each opens a connection."""
    for _ in range(conversations):
        first = httpx.post(f"{address}/api/chat", json={"message": PAPERS}, timeout=30).json()
        assert first["actions"][0]["id"] == "pimms"
        for question in ("et leur numéro ?", "c'est où ?", "quels horaires ?"):
            body = {"message": question, "conversation_id": first["conversation_id"]}
            reply = httpx.post(f"{address}/api/chat", json=body, timeout=30).json()
            assert [card["id"] for card in reply["actions"]] == ["pimms"], question


@pytest.mark.soak
def test_it_serves_on_the_port_asked_for(serve, tmp_path: Path):
    with serve() as address:
        _wait_for_workers(tmp_path / "serve.log", 1)
        _talk(address, 2)
    said = (tmp_path / "serve.log").read_text()
    assert f"Passerelle answers on {address}" in said and "54 actions" in said
    assert "Traceback" not in said and "Warning" not in said
    assert PAPERS not in said


@pytest.mark.soak
def test_two_processes_share_conversations_and_leave_them_to_the_agent_who_writes(
    serve, services, postgres: str, needs_redis: str, tmp_path: Path
):
    key = services.secret_key  # by which the trained model was signed
    settings = {"PASSERELLE_DATABASE_URL": postgres, "PASSERELLE_SECRET_KEY": key, "PASSERELLE_REDIS_URL": f"{needs_redis}/9"}
    with serve(WEB_CONCURRENCY="2", PASSERELLE_RATE_LIMIT_CHAT="0", **settings) as address:
        _wait_for_workers(tmp_path / "serve.log", 2)
        _talk(address, 6)
        for _ in range(4):  # whichever process is asked, it tells of both
            counted = httpx.get(f"{address}/metrics").text
            answers = re.findall(r'^passerelle_messages_total\{channel="web",outcome="\w+"\} ([\d.]+)$', counted, re.M)
            assert sum(map(float, answers)) == 24
            assert 'passerelle_ready{part="engine"} 1.0' in counted
        database = open_engine(postgres)
        try:
            _hold_a_talk(address, sessions(database))
        finally:
            database.dispose()
    assert "Traceback" not in (tmp_path / "serve.log").read_text()


@pytest.mark.soak
def test_workers_share_what_was_loaded_and_one_that_dies_is_replaced(serve, tmp_path: Path):
    log = tmp_path / "serve.log"
    before = {child.pid for child in psutil.Process().children()}
    with serve(WEB_CONCURRENCY="2", PASSERELLE_RATE_LIMIT_CHAT="0") as address:
        _wait_for_workers(log, 2)
        _talk(address, 2)
        (parent,) = (child for child in psutil.Process().children() if child.pid not in before)
        workers = parent.children()
        assert len(workers) == 2  # who stood at the door has left
        shares, sizes = ([getattr(worker.memory_full_info(), kind) for worker in workers] for kind in ("pss", "rss"))
        assert sum(shares) < 0.6 * sum(sizes)
        workers[0].kill()
        _wait_for_workers(log, 3)
        _talk(address, 4)
    assert "Traceback" not in log.read_text()


@pytest.mark.soak
def test_told_to_stop_it_is_not_ready_and_answers_until_the_balancer_has_seen_it(
    passerelle: list[str], with_model: dict[str, str], free_port: str
):
    address, settings = f"http://127.0.0.1:{free_port}", {**with_model, "PORT": free_port, "PASSERELLE_DRAIN_SECONDS": "5"}
    process = subprocess.Popen([*passerelle, "serve"], env=settings, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + STARTING_SECONDS
        while not _ready(address):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        while httpx.get(f"{address}/readyz").status_code == 200:
            assert time.monotonic() < deadline
        assert httpx.post(f"{address}/api/chat", json={"message": "bonjour"}, timeout=30).json()["outcome"] == "greet"
        process.wait(5 + STOPPING_SECONDS)
    finally:
        process.kill()
        process.wait()


def _hold_a_talk(address: str, factory) -> None:
    """Every request opens a connection, so that both processes are asked."""

    def say(text: str, conversation: str | None = None) -> dict:
        return httpx.post(f"{address}/api/chat", json={"message": text, "conversation_id": conversation}, timeout=30).json()

    conversation, request_id = say("bonjour")["conversation_id"], str(uuid.uuid4())
    body = {"first_name": "Nadia", "phone": "06 12 34 56 78", "subject": "la CAF", "consent": True}
    asked = httpx.post(f"{address}/api/callbacks", json={**body, "conversation_id": conversation, "request_id": request_id})
    assert asked.status_code == 201
    with factory.begin() as session:
        agent = people.create(session, "Anne", "anne@pimms.example", Role.agent)
        assert callbacks.take(session, request_id, agent) and talks.open_talk(session, request_id, agent)
    for number in range(1, 13):
        assert say(f"message {number}", conversation)["outcome"] == "handoff"
    written = httpx.get(f"{address}/api/conversations/{conversation}/messages").json()
    assert [(m["number"], m["text"]) for m in written["messages"]] == [(n, f"message {n}") for n in range(1, 13)]
    with factory.begin() as session:
        assert callbacks.close(session, request_id, agent)
    for _ in range(4):
        assert say(PAPERS, conversation)["actions"][0]["id"] == "pimms"


def _wait_for_workers(log: Path, workers: int) -> None:
    deadline = time.monotonic() + STARTING_SECONDS
    while log.read_text().count("Passerelle answers on") < workers:
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)
