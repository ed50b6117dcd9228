"""Fixtures that need the whole assistant: opened once a run, on files in a temporary folder.

The trained model is the one of ``var/`` (fingerprinted, so never a stale one); it is trained first
when it is missing, which takes about a minute.
"""

import contextlib
import os
import re
import socket
import threading
import time
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from api.processor import choose_routines

choose_routines()  # before anything imports NumPy

from knowledge.directory import Directory  # noqa: E402
from knowledge.files import read_directory  # noqa: E402
from tests.postgres import POSTGRES, a_database  # noqa: E402

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")

STARTING_SECONDS = 120
# For httpx: what is asked on loopback has no certificate, and reading the list of authorities takes a tenth of a second.
NO_TLS = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """While one process trains the model for its first file, the others run what needs none; what is slow does not come last.

    xdist hands out files in this order with ``--no-loadscope-reorder``.
    """
    files = Counter(item.path for item in items)
    with_model = {item.path for item in items if "settings" in getattr(item, "fixturenames", ())}
    largest = max(with_model, key=lambda path: files[path], default=None)

    def order(item: pytest.Item) -> tuple:
        slow = item.path.parent.name in ("browser", "cli")
        return item.path != largest, item.path in with_model, not slow, -files[item.path], str(item.path)

    items.sort(key=order)


@pytest.fixture(scope="session")
def settings(tmp_path_factory):
    """Settings of a fresh installation, with the model and the fitted search of this checkout."""
    from bot.training import ensure_model, models_of
    from knowledge.opening import secret_key
    from knowledge.settings import ROOT, Settings

    key = secret_key(Settings(var_dir=ROOT / "var", database_url=None))
    model = ensure_model(ROOT / "var", key, print)
    folder = tmp_path_factory.mktemp("var")
    (folder / "models").mkdir()
    for path in models_of(ROOT / "var").glob(f"{model.name}*"):
        (folder / "models" / path.name).symlink_to(path)
    # What was made here is only read with the key that it was signed with.
    (folder / "secret_key").write_text(key)
    (ROOT / "var" / "search").mkdir(exist_ok=True)
    (folder / "search").symlink_to(ROOT / "var" / "search")
    return Settings(var_dir=folder, rate_limit_chat=0, rate_limit_sign_in=0)


@pytest.fixture(scope="session")
def directory() -> Directory:
    """What the files hold, without a database."""
    return Directory.from_records(1, read_directory())


@pytest.fixture(scope="session")
def filled(tmp_path_factory) -> Path:
    """A folder with a database that holds the real directory; for copying."""
    from knowledge.opening import open_knowledge
    from knowledge.settings import Settings

    folder = tmp_path_factory.mktemp("filled")
    database, _, _ = open_knowledge(Settings(var_dir=folder))
    with database.connect() as connection:
        connection.execute(sa.text("pragma wal_checkpoint(truncate)"))
    database.dispose()
    return folder


@pytest.fixture(scope="session")
def clock():
    """The clock of the engine and the actions; tests that set it put it back."""
    from bot.evaluation import SettableClock

    return SettableClock()


@pytest.fixture(scope="session")
def services(settings, clock):
    """The running parts: directory, search, Rasa engine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow, Keras and Rasa deprecate on import
        from api.wiring import open_services

        opened = open_services(settings, now=clock)
    yield opened
    opened.database.dispose()


@pytest.fixture(scope="session")
def app(settings, services):
    """The real application over the services above."""
    from api.app import create_app

    return create_app(settings, lambda _settings: services)


@pytest.fixture(scope="session")
def live_server(app) -> Iterator[str]:
    """Base URL of the application under a real server on loopback."""
    with serving(app) as address:
        yield address


@contextlib.contextmanager
def serving(app) -> Iterator[str]:
    """Run ``app`` under uvicorn on a free port until the block ends."""
    import uvicorn

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", ws="none", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + STARTING_SECONDS
    with httpx.Client(base_url=address, verify=NO_TLS) as client:
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if client.get("/readyz").status_code == 200:
                    break
            time.sleep(0.02)
    yield address
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def client(live_server) -> Iterator[httpx.Client]:
    """A real HTTP client of the live server."""
    with httpx.Client(base_url=live_server, timeout=30, verify=NO_TLS) as opened:
        yield opened


@pytest.fixture
def open_app(services) -> Iterator[Callable]:
    """Start an application with changed settings over the running services; ``open_`` replaces how it opens them."""
    from fastapi.testclient import TestClient

    from api.app import create_app

    with contextlib.ExitStack() as opened:

        def start(open_=None, wait: bool = True, **changes) -> TestClient:
            changed = services.settings.copy(update=changes)
            client = opened.enter_context(TestClient(create_app(changed, open_ or (lambda _settings: services))))
            deadline = time.monotonic() + 10
            while wait and client.get("/readyz").status_code != 200:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            return client

        yield start


@pytest.fixture
def add_account(services):
    """Add an account with this role straight to the database; returns it."""
    from knowledge.accounts import people
    from knowledge.accounts.models import Role

    def add(role: str = "agent", password: str | None = None, name: str = "Camille Test"):
        with services.sessions.begin() as session:
            return people.create(session, name, f"{uuid.uuid4().hex}@pimms.example", Role(role), password)

    return add


@pytest.fixture
def staff(live_server, services, add_account) -> Iterator[Callable[..., httpx.Client]]:
    """``staff("editor")``: a client signed in with this role, which sends the form token with every request."""
    from knowledge.accounts import sessions

    with contextlib.ExitStack() as opened:

        def sign_in(role: str = "agent") -> httpx.Client:
            with services.sessions.begin() as session:
                token = sessions.begin(session, add_account(role))
            cookie = {"passerelle_staff": token}
            headers = {"accept": "text/html"}
            client = opened.enter_context(httpx.Client(base_url=live_server, timeout=30, cookies=cookie, headers=headers, verify=NO_TLS))
            page = client.get("/staff").text
            client.headers["x-csrf-token"] = re.search(r'name="csrf_token" value="(\w+)"', page)[1]
            return client

        yield sign_in


def _skip_or_fail(reason: str) -> None:
    """Where CI says that everything is there, something missing is a failure."""
    pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


@pytest.fixture(scope="session")
def needs_redis() -> str:
    """The address of the local Redis; skips without one."""
    import redis

    url = "redis://127.0.0.1:6379"
    with redis.Redis.from_url(url, socket_connect_timeout=3) as server:
        try:
            server.ping()
        except redis.RedisError as error:
            _skip_or_fail(f"no Redis answers at {url}: {error}")
    return url


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Engine]:
    """The local PostgreSQL; skips without one."""
    server = sa.create_engine(f"{POSTGRES}/postgres", isolation_level="AUTOCOMMIT", future=True, connect_args={"connect_timeout": 3})
    try:
        server.connect().close()
    except sa.exc.OperationalError as error:
        _skip_or_fail(f"no PostgreSQL answers at {POSTGRES}: {str(error.orig).strip()}")
    yield server
    server.dispose()


@pytest.fixture
def postgres(postgres_server: Engine) -> Iterator[str]:
    """The URL of a new database on the local PostgreSQL, dropped afterwards."""
    with a_database(postgres_server) as name:
        yield f"{POSTGRES}/{name}"
