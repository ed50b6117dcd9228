"""Killing the worker at random moments while people write on Messenger and WhatsApp: nothing lost, nothing twice, in order."""

import itertools
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
import sqlalchemy as sa

from api.app import create_app
from knowledge.delivery.models import DEAD, IncomingMessage, OutgoingMessage
from knowledge.delivery.people import pseudonym
from knowledge.opening import open_knowledge
from knowledge.settings import ROOT, Settings
from tests.channels.fakes import fake_services
from tests.conftest import serving
from tests.soak.test_crashes import _open

sys.path.insert(0, str(ROOT / "tests/channels/meta"))
import graph_events as e  # noqa: E402
from graph_server import VERSION, Platform  # noqa: E402

pytestmark = pytest.mark.soak

KILLS, MESSAGES, PATIENCE_SECONDS = 30, 6, 90
SECRET_KEY = "k" * 32
PEOPLE = [("messenger", f"62549393946283{n:02}") for n in range(20)] + [("whatsapp", f"336123456{n:02}") for n in range(20)]


@pytest.mark.timeout(400)
def test_workers_that_die_lose_nothing_and_say_nothing_twice(postgres, tmp_path):
    secrets = {
        f"{channel}_{name}": value
        for channel in ("messenger", "whatsapp")
        for name, value in (("app_secret", e.SECRET), ("verify_token", e.VERIFY))
    }
    # The hooks are up all the time, in a process without a worker: it has no token with which answers could leave.
    hooks = Settings(
        database_url=postgres,
        var_dir=tmp_path,
        secret_key=SECRET_KEY,
        messenger_page_id=e.PAGE,
        whatsapp_phone_number_id=e.NUMBER,
        **secrets,
    )
    knowledge = open_knowledge(hooks)
    database, factory, _ = knowledge
    platform, done = Platform(), threading.Event()
    app = create_app(hooks, lambda _settings: fake_services(hooks, knowledge))
    with serving(platform.app) as meta, serving(app) as platform.hook:
        command = [sys.executable, "-m", "tests.soak.dying_meta_workers", postgres, f"{meta}/{VERSION}", str(KILLS)]
        nursery = subprocess.Popen(command, cwd=ROOT, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            writing = threading.Thread(target=_write, args=(platform, done))
            writing.start()
            assert nursery.stdout.readline() == "the last one works\n"
            by_the_dead = len(platform.messages)
            writing.join()
            deadline = time.monotonic() + PATIENCE_SECONDS
            while _open(factory) and time.monotonic() < deadline:
                time.sleep(0.2)
            assert nursery.communicate("\n", timeout=20)[0] == f"killed {KILLS} times\n"
        finally:
            done.set()
            nursery.kill()
        platform.close()
    with factory() as session:
        came = session.execute(sa.select(sa.func.count()).select_from(IncomingMessage)).scalar_one()
        in_doubt = session.execute(sa.select(sa.func.count()).where(OutgoingMessage.attempts > 1)).scalar_one()
        states = Counter(session.execute(sa.select(OutgoingMessage.state)).scalars())
        letters = list(session.execute(sa.select(OutgoingMessage).where(OutgoingMessage.state == DEAD)).scalars())
    database.dispose()
    print(f"{KILLS} kills; {came} messages in, {len(platform.messages)} answers out, {by_the_dead} of them by workers that were killed")
    print(f"{in_doubt} answers were in doubt; {dict(states)}")
    assert by_the_dead > KILLS and in_doubt > KILLS / 20
    assert came == len(PEOPLE) * MESSAGES
    # WhatsApp cannot be asked: what it surely or perhaps does not have is left to a person, with its words.
    assert {(letter.channel, letter.reason) for letter in letters} <= {("whatsapp", "maybe_sent")}
    for channel, person in PEOPLE:
        mine = pseudonym(SECRET_KEY, channel, person)
        unsent = [letter.body["text"]["body"] for letter in letters if letter.conversation == mine]
        said = [taken.text for taken in platform.to(person)]
        assert said == [answer for number in range(MESSAGES) if (answer := f"Réponse à message {number}") not in unsent]


def _environment() -> dict[str, str]:
    tokens = {
        "PASSERELLE_MESSENGER_APP_SECRET": e.SECRET.get_secret_value(),
        "PASSERELLE_MESSENGER_PAGE_TOKEN": e.TOKEN.get_secret_value(),
        "PASSERELLE_MESSENGER_PAGE_ID": e.PAGE,
        "PASSERELLE_WHATSAPP_APP_SECRET": e.SECRET.get_secret_value(),
        "PASSERELLE_WHATSAPP_TOKEN": e.TOKEN.get_secret_value(),
        "PASSERELLE_WHATSAPP_PHONE_NUMBER_ID": e.NUMBER,
    }
    return os.environ | tokens


def _write(platform: Platform, done: threading.Event) -> None:
    """Everybody writes their messages in turn, some are told twice, over the time of all kills."""
    turns = list(itertools.product(range(MESSAGES), random.sample(PEOPLE, len(PEOPLE))))
    for number, (channel, person) in turns:
        if done.wait(KILLS * 0.3 / len(turns)):
            return
        mid, text = f"{person}.{number}", f"message {number}"
        body = e.page([e.said(mid, text, person)]) if channel == "messenger" else e.account(e.value(e.wa_text(mid, text, person)))
        for _ in range(random.choice([1, 1, 2])):
            assert platform.call(channel, body).status_code == 200
