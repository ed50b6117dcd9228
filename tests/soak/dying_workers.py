"""A nursery of workers: each is forked, works on the real database, and is killed at a random moment.

``python -m tests.soak.dying_workers DATABASE_URL API_URL KILLS``; after the last kill one worker goes on until it is ended.
"""

import asyncio
import datetime as dt
import os
import random
import signal
import sys
import threading
import time
from types import SimpleNamespace

from api.channels import sending
from api.channels.twilio import Twilio
from api.channels.worker import Worker
from api.own_answers import OwnAnswers
from knowledge.database import open_engine, sessions
from knowledge.delivery import inbox, outbox
from knowledge.directory import DirectoryStore
from knowledge.settings import Settings
from tests.channels.fakes import Engine, Still

# Whoever dies is replaced in a second, and not after a minute.
inbox.LEASE = outbox.LEASE = dt.timedelta(seconds=1)
sending.PROVIDER_SECONDS = 0.8
# A message that was in hand at each of many deaths is not at fault here.
inbox.MOST_ATTEMPTS = outbox.MOST_ATTEMPTS = sending.MOST_ATTEMPTS = 10_000


def work(database_url: str, api_url: str, directory, ready: int) -> None:
    """Work as a serving process does, until killed; say on ``ready`` when it begins."""
    threading.Thread(target=_die_with, args=(os.getppid(),), daemon=True).start()
    settings = Settings(channel_rate_limit=0, sms_daily_segments=0)
    database = open_engine(database_url)
    engine = Engine()
    engine.seconds = 0.02
    store = SimpleNamespace(current=lambda: directory)
    services = SimpleNamespace(
        settings=settings,
        database=database,
        sessions=sessions(database),
        store=store,
        search=Still(),
        engine=engine,
        answers=OwnAnswers(),
        broker=None,
    )
    channel = Twilio("AC123", "token", "+33700000001", "https://passerelle.example", api_url, text_number=lambda: "114", countries="FR")
    os.write(ready, b".")
    asyncio.run(Worker(services, {"sms": channel}).run())


def _die_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main(database_url: str, api_url: str, kills: int) -> None:
    database = open_engine(database_url)
    directory = DirectoryStore(sessions(database)).current()
    database.dispose()
    for number in range(kills + 1):
        begins, ready = os.pipe()
        child = os.fork()
        if child == 0:
            work(database_url, api_url, directory, ready)
            os._exit(0)
        os.close(ready)
        os.read(begins, 1)
        os.close(begins)
        if number == kills:
            print("the last one works", flush=True)
            sys.stdin.readline()
        else:
            time.sleep(random.uniform(0.05, 0.6))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    print(f"killed {kills} times", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
