"""Meta on loopback, and a running application that it calls; the engine is a fake one, all else is real."""

import datetime as dt
import shutil
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import graph_events as e
import httpx
import pytest
from graph_server import VERSION, Platform

from api.app import create_app
from api.channels.meta import graph
from api.views import card
from knowledge.delivery.models import IncomingMessage, Kept, OptOut, OutgoingMessage
from knowledge.opening import open_knowledge
from knowledge.settings import Settings
from tests.channels.conftest import settled, until
from tests.channels.fakes import fake_services
from tests.conftest import NO_TLS, serving

PUBLIC = "https://passerelle.example"


@pytest.fixture(scope="session")
def cards(filled) -> list[dict[str, Any]]:
    """The cards of the whole directory."""
    database, _, store = open_knowledge(Settings(var_dir=filled))
    directory = store.current()
    found = [card(entry, directory, dt.datetime(2026, 11, 24, 10, tzinfo=dt.timezone.utc)) for entry in directory.entries]
    database.dispose()
    return found


@pytest.fixture(scope="session")
def platform_server() -> Iterator[tuple[Platform, str]]:
    platform = Platform()
    with serving(platform.app) as address:
        yield platform, address
    platform.close()


@pytest.fixture
def platform(platform_server) -> Platform:
    """Meta, forgetful, quiet and well."""
    platform, _ = platform_server
    for kept in (platform.messages, platform.marks, platform.refused, platform.faults):
        kept.clear()
    platform.hook, platform.tells = "", True
    return platform


@pytest.fixture(scope="module")
def application(filled, tmp_path_factory, platform_server) -> Iterator[SimpleNamespace]:
    """The application under a real server, one for all tests of a module."""
    folder = tmp_path_factory.mktemp("meta")
    shutil.copy(filled / "passerelle.db", folder)
    settings = Settings(
        var_dir=folder,
        public_url=PUBLIC,
        rate_limit_chat=0,
        channel_rate_limit=0,
        graph_url=f"{platform_server[1]}/{VERSION}",
        messenger_app_secret=e.SECRET,
        messenger_verify_token=e.VERIFY,
        messenger_page_token=e.TOKEN,
        messenger_page_id=e.PAGE,
        whatsapp_app_secret=e.SECRET,
        whatsapp_verify_token=e.VERIFY,
        whatsapp_token=e.TOKEN,
        whatsapp_phone_number_id=e.NUMBER,
    )
    knowledge = open_knowledge(settings)
    services = fake_services(settings, knowledge)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph, "_TIMEOUT", httpx.Timeout(0.5, connect=5, pool=5))
        app = create_app(settings, lambda _settings: services)
        with serving(app) as address, httpx.Client(base_url=address, timeout=10, verify=NO_TLS) as client:
            yield SimpleNamespace(app=app, address=address, client=client, services=services, engine=services.engine)
    knowledge[0].dispose()


@pytest.fixture
def running(application, platform, quick) -> Iterator[SimpleNamespace]:
    """The application, which the platform calls, without anybody's messages."""
    engine = application.engine
    engine.seconds, engine.failures = 0.0, 0
    engine.asked.clear()
    platform.hook = application.address
    yield application
    platform.faults.clear()
    until(lambda: settled(application.services))
    platform.finish()
    with application.services.sessions.begin() as session:
        for table in (IncomingMessage, OutgoingMessage, Kept, OptOut):
            session.query(table).delete()
