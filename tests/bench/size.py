"""What a directory of so many services costs: ``python -m tests.bench.size [10000 100000] [--database URL]``.

Each size is measured in a process of its own, on a database of its own (SQLite in a temporary folder; or the empty
database at URL), through the real application: reading, fitting, searching, an edit, a whole reload while people are
answered, an agent's keystrokes in the console, and the pages that list. Times are the wall's and the processor's
(of the process; of a search, of its thread), because other work on the machine is not the directory's. Memory is the process's.
"""

import argparse
import dataclasses
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
from types import SimpleNamespace

import httpx
import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from api.opening import secret_key
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
from knowledge.search.index import Index
from knowledge.settings import ROOT, Settings
from tests.large import files_of

# What lists: each asked for once.
PAGES = [
    "/annuaire", "/annuaire?suite=50000", "/annuaire?theme=sport&ouvert=1", "/api/actions", "/api/actions?theme=sport&age=17",
    "/sitemap.xml", "/sitemap-1.xml", "/staff/annuaire", "/staff/annuaire?q=velo", "/staff/a-verifier", "/staff/questions",
]  # fmt: skip
Moment = tuple[float, float]
# Of this installation, with which its model and its ranker are signed.
KEY = secret_key(Settings(var_dir=ROOT / "var"))
SIZES = [10_000, 100_000]
SEARCHES = 300
# A search that something else of the machine slowed is not slow each time.
ROUNDS = 5
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
        yield "processors; waiting for them (load)", f"{os.cpu_count()}; {os.getloadavg()[0]:.1f}"
        begun, before = now(), memory()
        directory = store.current()
        directory.prepare()
        yield "read from the database, at the start", since(begun)
        yield "memory of the directory", f"{memory() - before:.0f} MB"
        search, begun, before = Search(store, ROOT / "var" / "search", KEY), now(), memory()
        search.fit()
        yield "fit of the search", since(begun)
        yield "memory of the search", f"{memory() - before:.0f} MB"
        asked = questions(directory.entries)
        yield "search, as one waits: median, 95 %", spread(timed(search.find, asked, time.perf_counter))
        rounds = [timed(search.find, asked, time.thread_time) for _ in range(ROUNDS)]
        yield "search, its own processor time: median, 95 %", spread(rounds[0])
        yield f"the same, each question's least of {ROUNDS}", spread(np.min(rounds, axis=0).tolist())
        generated = [entry for entry in directory.entries if entry.id.startswith("service-")]
        real = dataclasses.replace(directory, entries=tuple(e for e in directory.entries if not e.id.startswith("service-")))
        small = Search(SimpleNamespace(current=lambda: real))  # type: ignore[arg-type]
        small._index = Index(real, older=search._index)
        rounds = [timed(small.find, asked, time.thread_time) for _ in range(ROUNDS)]
        yield f"for comparison, of the {len(real.entries)} real ones alone", spread(np.min(rounds, axis=0).tolist())
        edits = [since(edited(store, search, entry), digits=2) for entry in generated[-3:]]
        yield "an edit, to the next answer that knows it: three of them", "; ".join(edits)
        yield from reloaded(store, search, asked)
        yield "memory after the reload; at most", f"{memory():.0f} MB; {peak():.0f} MB"
        yield from over_http(var, url)


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


def edited(store: DirectoryStore, search: Search, entry: Entry) -> Moment:
    """Edit a sheet; returns when the message that must know it began."""
    with store._sessions.begin() as session:
        record, seen = current(session, "action", entry.id)
        changes.save(session, "action", entry.id, {**content(record), "title": f"Apiculture {entry.id}"}, seen, "size")
    begun = now()
    assert search.find(f"apiculture {entry.id}").hits[0].entry.id == entry.id
    return begun


def reloaded(store: DirectoryStore, search: Search, asked: list[str]) -> Iterator[tuple[str, str]]:
    """Load everything anew and answer meanwhile."""
    load_anew(store._sessions)
    begun, waits, own, before = now(), [], [], search._index
    known = store.current().version
    while search._index is before or store._reading.locked():
        one, thread = time.perf_counter(), time.thread_time()
        assert search.find(asked[len(waits) % len(asked)]).hits
        waits.append(time.perf_counter() - one)
        own.append(time.thread_time() - thread)
        time.sleep(0.05)
    yield "reload and refit, beside answers", since(begun)
    yield "answers meanwhile; as one waits: median, 95 %, longest", f"{len(waits)}; {spread(waits)}, {1000 * max(waits):.0f} ms"
    yield "the same, their own processor time", f"{spread(own)}, {1000 * max(own):.0f} ms"
    assert store.current().version == known


def load_anew(factory: sessionmaker) -> None:
    """Another sentence for every generated service, as a load ends that no history says more of."""
    actions = models.Base.metadata.tables["actions"]
    with factory.begin() as session:
        generated = sa.update(actions).where(actions.columns.slug.like("service-%"))
        session.execute(generated.values(summary=actions.columns.summary + " C'est nouveau."))
        newer = {"version": models.DirectoryVersion.version + 1, "loaded_at": sa.func.current_timestamp()}
        session.execute(sa.update(models.DirectoryVersion).values(**newer))


def over_http(var: Path, url: str) -> Iterator[tuple[str, str]]:
    """The console's results as one types, from the request to its last byte: what htmx asks for at each letter; and pages."""
    from api.app import create_app
    from bot.training import ENDING_OF_SIGNATURE, ensure_model
    from tests.conftest import serving

    model = ensure_model(ROOT / "var", KEY, print)
    (var / "models").mkdir()
    for path in (model, model.with_name(model.name + ENDING_OF_SIGNATURE)):
        (var / "models" / path.name).symlink_to(path)
    (var / "search").symlink_to(ROOT / "var" / "search")
    settings = Settings(var_dir=var, database_url=url, rate_limit_chat=0, rate_limit_sign_in=0, secret_key=KEY)
    times: list[float] = []
    with serving(create_app(settings)) as address:
        with sessions(open_engine(url)).begin() as session:
            account = people.create(session, "size", "size@pimms.example", Role("editor"), None)
            token = staff_sessions.begin(session, account)
        with httpx.Client(base_url=address, cookies={"passerelle_staff": token}, headers={"hx-target": "results"}, timeout=60) as client:
            client.get("/staff", params={"q": "bonjour"})
            for text in TYPED:
                for letters in range(3, len(text) + 1):
                    begun = time.perf_counter()
                    page = client.get("/staff", params={"q": text[:letters]})
                    times.append(time.perf_counter() - begun)
                    assert page.status_code == 200 and re.search(r"data-for=", page.text)
            yield "keystroke to results over HTTP: median, 95 %", spread(times)
            for path in PAGES:
                begun = time.perf_counter()
                page = client.get(path, headers={"hx-target": ""})
                assert page.status_code == 200, path
                yield f"`{path}`", f"{1000 * (time.perf_counter() - begun):.0f} ms, {len(page.content) / 1000:.0f} kB"


def memory() -> float:
    """What the process holds, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def now() -> Moment:
    return time.monotonic(), time.process_time()


def since(begun: Moment, digits: int = 1) -> str:
    return f"{time.monotonic() - begun[0]:.{digits}f} s, of the processor {time.process_time() - begun[1]:.{digits}f} s"


def spread(times: list[float]) -> str:
    half, most = np.percentile(times, [50, 95]) * 1000
    return f"{half:.1f} ms, {most:.1f} ms"


if __name__ == "__main__":
    main()
