"""A running application with SMS by Twilio, whose API is played on loopback; the engine is a fake one, all else is real."""

import shutil
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import httpx
import pytest
import sqlalchemy as sa
from twilio.request_validator import RequestValidator

from api.app import create_app
from api.channels import sending
from knowledge.delivery import outbox
from knowledge.delivery.models import IncomingMessage, OutgoingMessage
from knowledge.opening import open_knowledge
from knowledge.settings import Settings
from tests.channels.fakes import FakeTwilio, fake_services
from tests.conftest import NO_TLS, serving

PUBLIC = "https://passerelle.example"
NUMBER, PERSON = "+33700000001", "+33612345678"


@pytest.fixture
def knowledge(filled, tmp_path):
    shutil.copy(filled / "passerelle.db", tmp_path / "passerelle.db")
    opened = open_knowledge(Settings(var_dir=tmp_path))
    yield opened
    opened[0].dispose()


@pytest.fixture
def quick(monkeypatch):
    """Waits of tests are short."""
    monkeypatch.setattr(outbox, "_FIRST_PAUSE", 0.02)
    monkeypatch.setattr(sending, "_DOUBT_SECONDS", 0.02)
    monkeypatch.setattr("api.channels.answering._PAUSE_SECONDS", 0.02)
    monkeypatch.setattr("api.channels.worker._LOOK_SECONDS", 0.05)


@pytest.fixture(scope="session")
def twilio_server() -> Iterator[tuple[FakeTwilio, str]]:
    fake = FakeTwilio()
    with serving(fake.app()) as address:
        yield fake, address


@pytest.fixture
def twilio(twilio_server) -> FakeTwilio:
    """Twilio's API, forgetful."""
    fake, _ = twilio_server
    fake.created.clear(), fake.behave.clear(), fake.seen.clear()
    return fake


@pytest.fixture
def running(knowledge, tmp_path, twilio, twilio_server, quick) -> Iterator[Callable]:
    """``running(setting=…)``: the application under a real server; tools to write to it as Twilio does."""
    import contextlib

    with contextlib.ExitStack() as stack:

        def start(**changes) -> SimpleNamespace:
            values = {
                "twilio_account_sid": "AC123", "twilio_auth_token": "token", "twilio_from": NUMBER,
                "twilio_api_url": twilio_server[1], "public_url": PUBLIC, "rate_limit_chat": 0,
            }  # fmt: skip
            settings = Settings(var_dir=tmp_path, **(values | changes))
            services = fake_services(settings, knowledge)
            address = stack.enter_context(serving(create_app(settings, lambda _settings: services)))
            client = stack.enter_context(httpx.Client(base_url=address, timeout=10, verify=NO_TLS))
            return SimpleNamespace(client=client, services=services, engine=services.engine, write=lambda *a, **k: write(client, *a, **k))

        yield start


def sign(path: str, form: dict[str, str], token: str = "token") -> str:
    return RequestValidator(token).compute_signature(PUBLIC + path, form)


def write(client: httpx.Client, text: str, sid: str, sender: str = PERSON, **more: str) -> httpx.Response:
    """Send an SMS as Twilio does."""
    form = {"MessageSid": sid, "From": sender, "To": NUMBER, "Body": text, "NumMedia": "0", "AccountSid": "AC123"} | more
    path = "/channels/twilio/sms"
    return client.post(path, data=form, headers={"x-twilio-signature": sign(path, form)})


def until(condition: Callable[[], object], seconds: float = 8) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def rows(services, table=OutgoingMessage):
    with services.sessions() as session:
        return list(session.execute(sa.select(table).order_by(table.id)).scalars())


def settled(services) -> bool:
    """Nothing is on its way any more."""
    open_ = ("waiting", "sending")
    return not [row for table in (IncomingMessage, OutgoingMessage) for row in rows(services, table) if row.state in open_]
