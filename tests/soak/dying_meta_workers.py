"""The nursery of ``dying_workers`` with Messenger and WhatsApp in the place of SMS.

``python -m tests.soak.dying_meta_workers DATABASE_URL GRAPH_URL KILLS``
"""

import asyncio
import datetime as dt
import os
import sys
import threading
from types import SimpleNamespace

from api.channels import sending
from api.channels.meta import opening, whatsapp
from api.channels.worker import Worker
from api.own_answers import OwnAnswers
from knowledge.database import open_engine, sessions
from knowledge.settings import Settings
from tests.channels.fakes import Engine, Still
from tests.soak import dying_workers

sending.DOUBT_SECONDS = 0.5
# The platform tells within milliseconds here; on a busy machine within a second or two. Each worker counts anew, and
# what was begun before it is a dead letter after that.
whatsapp._STATUS_BY = dt.timedelta(seconds=6)


def work(database_url: str, graph_url: str, directory, ready: int) -> None:
    """Work as a serving process does, until killed; say on ``ready`` when it begins. Secrets come by the environment."""
    threading.Thread(target=dying_workers._die_with, args=(os.getppid(),), daemon=True).start()
    settings = Settings(channel_rate_limit=0, graph_url=graph_url)
    engine = Engine()
    engine.seconds = 0.02
    store = SimpleNamespace(current=lambda: directory)
    database = open_engine(database_url)
    known = {"settings": settings, "database": database, "sessions": sessions(database), "store": store}
    services = SimpleNamespace(**known, search=Still(), engine=engine, answers=OwnAnswers(), broker=None)
    channels = {channel.name: channel for channel in (opening.messenger(services), opening.whatsapp(services))}
    os.write(ready, b".")
    asyncio.run(Worker(services, channels).run())


if __name__ == "__main__":
    dying_workers.work = work
    dying_workers.main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
