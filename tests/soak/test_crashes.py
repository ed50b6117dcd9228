"""Killing the worker at random moments under load: no message is lost, none is answered twice, and the order holds."""

import itertools
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from api.channels.port import Arrived, receive
from knowledge.delivery.models import DEAD, SENDING, WAITING, IncomingMessage, OutgoingMessage
from knowledge.opening import open_knowledge
from knowledge.settings import ROOT, Settings
from tests.channels.fakes import FakeTwilio
from tests.conftest import serving

pytestmark = pytest.mark.soak

PEOPLE, MESSAGES = 60, 6
PATIENCE_SECONDS = 150


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("kind", "kills"), [("postgresql", 140), ("sqlite", 60)])
def test_a_worker_killed_at_random_moments_loses_nothing_and_says_nothing_twice(kind, kills, request, tmp_path):
    url = request.getfixturevalue("postgres") if kind == "postgresql" else f"sqlite:///{tmp_path / 'passerelle.db'}"
    database, factory, _ = open_knowledge(Settings(database_url=url, var_dir=tmp_path))
    services = SimpleNamespace(sessions=factory, secret_key="k" * 32)
    fake = FakeTwilio()
    fake.slow = 0.05
    with serving(fake.app()) as address:
        command = [sys.executable, "-m", "tests.soak.dying_workers", url, address, str(kills)]
        nursery = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        done = threading.Event()
        try:
            writing = threading.Thread(target=_write, args=(services, kills, done))
            writing.start()
            assert nursery.stdout.readline() == "the last one works\n"
            by_the_dead = len(fake.created)
            writing.join()
            deadline = time.monotonic() + PATIENCE_SECONDS
            while _open(factory) and time.monotonic() < deadline:
                time.sleep(0.2)
            assert nursery.communicate("\n", timeout=20)[0] == f"killed {kills} times\n"
        finally:
            done.set()
            nursery.kill()
    with factory() as session:
        came, states = session.execute(sa.select(sa.func.count()).select_from(IncomingMessage)).scalar_one(), Counter()
        states.update(session.execute(sa.select(OutgoingMessage.state)).scalars())
        in_doubt = session.execute(sa.select(sa.func.count()).where(OutgoingMessage.attempts > 1)).scalar_one()
    database.dispose()
    answered = Counter((one["to"], one["body"]) for one in fake.created)
    print(f"{kind}: {kills} kills; {came} messages in, {len(fake.created)} answers out, {by_the_dead} of them by workers that were killed")
    print(f"{in_doubt} answers were in doubt; {dict(states)}")
    wanted = [(_number(person), f"Réponse à message {number}") for person in range(PEOPLE) for number in range(MESSAGES)]
    # The kills did hit: much was done between them, and some in the midst of being sent.
    assert by_the_dead > kills and in_doubt > kills / 20
    assert answered == Counter(wanted)
    assert states[DEAD] == 0 and came == len(wanted)
    for person in range(PEOPLE):
        said = [one["body"] for one in fake.created if one["to"] == _number(person)]
        assert said == sorted(said)


def _write(services, kills: int, done: threading.Event) -> None:
    """Everybody writes their messages in turn, some twice, over the time of all kills."""
    turns = list(itertools.product(range(MESSAGES), random.sample(range(PEOPLE), PEOPLE)))
    for number, person in turns:
        if done.wait(kills * 0.3 / len(turns)):
            return
        message = Arrived("sms", f"SM{person}-{number}", _number(person), f"message {number}")
        for _ in range(random.choice([1, 1, 2])):
            receive(services, [message])


def _number(person: int) -> str:
    return f"+336123456{person:02d}"


def _open(factory) -> int:
    with factory() as session:
        waiting = (sa.select(sa.func.count()).where(table.state.in_((WAITING, SENDING))) for table in (IncomingMessage, OutgoingMessage))
        return sum(session.execute(one).scalar_one() for one in waiting)
