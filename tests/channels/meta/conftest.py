"""Meta on loopback, and a running application that it calls; the engine is a fake one, all else is real."""

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import graph_events as e
import httpx
import pytest
from graph_server import VERSION, Platform

from api.app import create_app
from api.channels.meta import graph
from api.opening import open_knowledge
from api.views import card
from knowledge.settings import Settings
from tests.channels.fakes import fake_services
from tests.conftest import serving

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


@pytest.fixture
def platform(platform_server) -> Platform:
    """Meta, forgetful, quiet and well."""
    platform, _ = platform_server
    for kept in (platform.messages, platform.marks, platform.refused, platform.faults):
        kept.clear()
    platform.hook, platform.tells = "", True
    return platform


@pytest.fixture
def meta_settings(tmp_path, platform_server) -> dict[str, Any]:
    return {
        "var_dir": tmp_path,
        "public_url": PUBLIC,
        "rate_limit_chat": 0,
        "channel_rate_limit": 0,
        "graph_url": f"{platform_server[1]}/{VERSION}",
        "messenger_app_secret": e.SECRET,
        "messenger_verify_token": e.VERIFY,
        "messenger_page_token": e.TOKEN,
        "messenger_page_id": e.PAGE,
        "whatsapp_app_secret": e.SECRET,
        "whatsapp_verify_token": e.VERIFY,
        "whatsapp_token": e.TOKEN,
        "whatsapp_phone_number_id": e.NUMBER,
    }


@pytest.fixture
def meta(knowledge, meta_settings, platform, quick, monkeypatch) -> Iterator[Callable[..., SimpleNamespace]]:
    """``meta(setting=…)``: the application under a real server, which the platform calls."""
    monkeypatch.setattr(graph, "_TIMEOUT", httpx.Timeout(0.5, connect=5, pool=5))
    with contextlib.ExitStack() as stack:

        def start(**changes: Any) -> SimpleNamespace:
            services = fake_services(Settings(**(meta_settings | changes)), knowledge)
            platform.hook = stack.enter_context(serving(create_app(services.settings, lambda _settings: services)))
            stack.callback(platform.finish)
            client = stack.enter_context(httpx.Client(base_url=platform.hook, timeout=10))
            return SimpleNamespace(client=client, services=services, engine=services.engine)

        yield start
