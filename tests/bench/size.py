"""What a directory of so many services costs: ``python -m tests.bench.size [10000 100000] [--database URL]``.

Each size is measured in a process of its own, on a database of its own (SQLite in a temporary folder; or the empty
database at URL), through the real application: reading, fitting, searching, an edit, a whole reload while people are
answered, and an agent's keystrokes in the console. Times are the wall's and, for a search, the thread's own as well,
because other work on the machine is not the directory's. Memory is the process's.
"""

import argparse
import logging
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import sqlalchemy as sa

from knowledge import models
from knowledge.accounts import people
from knowledge.accounts import sessions as staff_sessions
from knowledge.accounts.models import Role
from knowledge.database import migrate, open_engine, sessions
from knowledge.directory import DirectoryStore, Entry
from knowledge.editing import changes
from knowledge.editing.history import content, current
from knowledge.rows import insert
from knowledge.search import Search
from knowledge.settings import ROOT, Settings
from tests.large import files_of

SIZES = [10_000, 100_000]
SEARCHES = 300
TYPED = ["apprendre le francais", "reparer mon velo", "aide papiers caf", "sport pour les femmes", "permis de conduire pas cher"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--database", help="an empty database instead of SQLite; for one size only")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        logging.disable(logging.WARNING)
        for name, value in measured(given.sizes[0], given.database):
            print(f"| {name} | {value} |", flush=True)
        return
    for size in given.sizes:
        print(f"\n| {size:,} services | |\n|---|---:|", flush=True)
        database = ["--database", given.database] if given.database else []
        subprocess.run([sys.executable, "-W", "ignore", "-m", "tests.bench.size", str(size), "--here", *database], check=True)


def measured(size: int, database: str | None) -> Iterator[tuple[str, str]]:
    """Every figure, by its name."""
    with tempfile.TemporaryDirectory(prefix="passerelle-size-") as folder:
        var = Path(folder)
        url = database or f"sqlite:///{var / 'passerelle.db'}"
        fill(url, size)
        store = DirectoryStore(sessions(open_engine(url)), fresh_seconds=0)
        begun, before = time.monotonic(), memory()
        directory = store.current()
        directory.prepare()
        yield "read from the database, at the start", seconds(begun)
        yield "memory of the directory", f"{memory() - before:.0f} MB"
        search, begun, before = Search(store, ROOT / "var" / "search"), time.monotonic(), memory()
        search.fit()
        yield "fit of the search", seconds(begun)
        yield "memory of the search", f"{memory() - before:.0f} MB"
        asked = questions(directory.entries)
        yield "search, its own processor time: median, 95 %", spread(timed(search.find, asked, time.thread_time))
        yield "search, as one waits: median, 95 %", spread(timed(search.find, asked, time.perf_counter))
        yield "an edit, to the next answer that knows it", seconds(edited(store, search, directory.entries[-1]), digits=2)
        yield from reloaded(store, search, asked)
        yield "memory after the reload; at most", f"{memory():.0f} MB; {peak():.0f} MB"
        yield "keystroke to results over HTTP: median, 95 %", spread(keystrokes(var, url))


def fill(url: str, size: int) -> None:
    """Write a directory of so many services into an empty database."""
    engine = open_engine(url)
    migrate(engine)
    with sessions(engine).begin() as session:
        insert(session, files_of(size))
        session.add(models.DirectoryVersion(id=1, version=1, content_hash="size"))
    engine.dispose()


def questions(entries: tuple[Entry, ...]) -> list[str]:
    """What people ask of it: half of it the taught phrasings, half the title and the town of a service."""
    chance = random.Random(7)
    taught = [text for entry in entries for _, text in entry.action.questions.all()]
    asked = chance.sample(taught, SEARCHES // 2)
    for entry in chance.sample(entries[100:], SEARCHES // 2):
        asked.append(f"je cherche {entry.action.title.lower()} a {(entry.action.places[0].city or '').lower()}")
    return asked


def timed(do: Callable[[str], object], asked: list[str], clock: Callable[[], float]) -> list[float]:
    found = []
    for text in asked:
        begun = clock()
        do(text)
        found.append(clock() - begun)
    return found


def edited(store: DirectoryStore, search: Search, entry: Entry) -> float:
    """Edit a sheet; returns when the message that must know it began."""
    with store._sessions.begin() as session:
        record, seen = current(session, "action", entry.id)
        changes.save(session, "action", entry.id, {**content(record), "title": "Apiculture en ruche horizontale"}, seen, "size")
    begun = time.monotonic()
    assert search.find("apiculture en ruche horizontale").hits[0].entry.id == entry.id
    return begun


def reloaded(store: DirectoryStore, search: Search, asked: list[str]) -> Iterator[tuple[str, str]]:
    """Load everything anew and answer meanwhile."""
    with store._sessions.begin() as session:
        values = {"version": models.DirectoryVersion.version + 1, "loaded_at": sa.func.current_timestamp()}
        session.execute(sa.update(models.DirectoryVersion).values(**values))
    begun, waits, before = time.monotonic(), [], search._index
    known = store.current().version
    while search._index is before or store._reading.locked():
        one = time.perf_counter()
        assert search.find(asked[len(waits) % len(asked)]).hits
        waits.append(time.perf_counter() - one)
        time.sleep(0.05)
    yield "reload and refit, beside answers", seconds(begun)
    yield "answers meanwhile; median, 95 %, longest", f"{len(waits)}; {spread(waits)}, {1000 * max(waits):.0f} ms"
    assert store.current().version == known


def keystrokes(var: Path, url: str) -> list[float]:
    """The console's results as one types, from the request to its last byte: what htmx asks for at each letter."""
    from api.app import create_app
    from bot.training import ensure_model, model_path
    from tests.conftest import serving

    ensure_model(ROOT / "var", print)
    (var / "models").mkdir()
    for name in (path := model_path(ROOT / "var"), path.with_name(path.name + ".sha256")):
        (var / "models" / name.name).symlink_to(name)
    (var / "search").symlink_to(ROOT / "var" / "search")
    settings = Settings(var_dir=var, database_url=url, rate_limit_chat=0, rate_limit_sign_in=0, secret_key="0" * 32)
    times: list[float] = []
    with serving(create_app(settings)) as address:
        with sessions(open_engine(url)).begin() as session:
            account = people.create(session, "size", "size@pimms.example", Role("agent"), None)
            token = staff_sessions.begin(session, account)
        with httpx.Client(base_url=address, cookies={"passerelle_staff": token}, headers={"hx-target": "results"}, timeout=60) as client:
            client.get("/staff", params={"q": "bonjour"})
            for text in TYPED:
                for letters in range(3, len(text) + 1):
                    begun = time.perf_counter()
                    page = client.get("/staff", params={"q": text[:letters]})
                    times.append(time.perf_counter() - begun)
                    assert page.status_code == 200 and re.search(r"data-for=", page.text)
    return times


def memory() -> float:
    """What the process holds, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def seconds(begun: float, digits: int = 1) -> str:
    return f"{time.monotonic() - begun:.{digits}f} s"


def spread(times: list[float]) -> str:
    half, most = np.percentile(times, [50, 95]) * 1000
    return f"{half:.1f} ms, {most:.1f} ms"


if __name__ == "__main__":
    main()
