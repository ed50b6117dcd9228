"""Rare words and a number, said by web, SMS and Messenger to the real engine, are nowhere once they are erased: not in the
database, its file and its journal, Redis, the data folder, nor the log. Only what the platforms themselves keep is not ours."""

import contextlib
import dataclasses
import logging
import uuid
from collections.abc import Iterator
from types import SimpleNamespace

import graph_events as e
import httpx
import pytest
import redis
import sqlalchemy as sa
from graph_server import VERSION
from pydantic import SecretStr

from api.app import create_app
from knowledge.database import wipe_journal
from tests.channels.conftest import settled, sign, until, write
from tests.conftest import serving

PHONE, PERSON = "+33612345943", "7765432109876543"  # the second: an id of Messenger
# In no other test, and understood as nothing: so they are kept for learning as well.
RARE = {"web": "schnurzpiepegal", "sms": "krambambuli", "messenger": "zwetschgenwasser"}


@pytest.fixture
def here(services, twilio, twilio_server, platform, platform_server, quick, needs_redis) -> Iterator[SimpleNamespace]:
    """The whole assistant, real engine and all, with SMS and Messenger on loopback and its limits counted in Redis."""
    changes = {
        "twilio_account_sid": "AC123", "twilio_auth_token": SecretStr("token"), "twilio_from": "+33700000001",
        "twilio_api_url": twilio_server[1],
        "public_url": "https://passerelle.example", "graph_url": f"{platform_server[1]}/{VERSION}", "messenger_app_secret": e.SECRET,
        "messenger_verify_token": e.VERIFY, "messenger_page_token": e.TOKEN, "messenger_page_id": e.PAGE,
        "redis_url": f"{needs_redis}/8", "rate_limit_chat": 100,
    }  # fmt: skip
    settings = services.settings.copy(update=changes)
    own = dataclasses.replace(services, settings=settings)
    with contextlib.ExitStack() as stack:
        counters = stack.enter_context(redis.Redis.from_url(settings.redis_url))
        counters.flushdb()
        address = stack.enter_context(serving(create_app(settings, lambda _settings: own)))
        platform.hook = address
        client = stack.enter_context(httpx.Client(base_url=address, timeout=120))
        yield SimpleNamespace(client=client, services=own, redis=counters)
        platform.finish()
        counters.flushdb()


def say(here: SimpleNamespace, text: str, conversation: str | None = None) -> str:
    body = {"message": text, "conversation_id": conversation, "request_id": str(uuid.uuid4())}
    answer = here.client.post("/api/chat", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["conversation_id"]


def left(here: SimpleNamespace, words: list[str]) -> list[str]:
    """Where one of ``words`` still stands."""
    found = []
    with here.services.database.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            # As tuples: a row by itself is shown shortened.
            rows = "\n".join(str(tuple(row)) for row in connection.execute(sa.text(f'select * from "{table}"'))).lower()
            found += [f"{table}: {word}" for word in words if word in rows]
    for path in here.services.settings.var_dir.rglob("*"):
        if path.is_file() and "models" not in path.parts and "search" not in path.parts:
            content = path.read_bytes().lower()
            found += [f"{path.name}: {word}" for word in words if word.encode() in content]
    keys = {key: here.redis.get(key) if here.redis.type(key) == b"string" else b"" for key in here.redis.scan_iter()}
    found += [f"redis: {word}" for word in words for key, value in keys.items() if word.encode() in key.lower() + (value or b"").lower()]
    search = here.services.search._index
    return found + ["search"] * bool(search.score.cache_info().currsize or search.topic.cache_info().currsize)


def confirm(here: SimpleNamespace, twilio) -> None:
    for one in twilio.created:
        form = {"MessageSid": one["sid"], "MessageStatus": "delivered", "AccountSid": "AC123", "To": one["to"]}
        path = "/channels/twilio/status"
        headers = {"x-twilio-signature": sign(path, form)}
        assert here.client.post(path, data=form, headers=headers).status_code == 200


def test_what_was_said_is_nowhere_once_it_is_erased(here, twilio, platform, caplog, capfd) -> None:
    caplog.set_level(logging.INFO)
    numbers = [PHONE, PHONE.lstrip("+"), "0612345943", "06 12 34 59 43", PERSON]
    words = [*RARE.values(), *numbers]
    # By web: a need, feedback with a comment, a call-back.
    web = say(here, f"je voudrais un {RARE['web']}")
    say(here, f"vous n'avez pas de {RARE['web']} du tout", web)
    feedback = {"conversation_id": web, "helpful": False, "comment": f"je cherche {RARE['web']}"}
    assert here.client.post("/api/feedback", json=feedback).status_code == 204
    asked = {"first_name": RARE["web"], "phone": PHONE, "subject": f"un {RARE['web']}", "consent": True, "conversation_id": web}
    assert here.client.post("/api/callbacks", json=asked).status_code == 201
    # By SMS, with the number in the queue of call-backs; by Messenger.
    for number, text in enumerate((f"je veux un {RARE['sms']}", f"et le {RARE['sms']} alors", "RAPPEL")):
        assert write(here.client, text, f"SMr{number}", PHONE).status_code == 200
    platform.call("messenger", e.page([e.said("m_rare", f"un {RARE['messenger']} svp", PERSON)]))
    until(lambda: settled(here.services) and len(twilio.created) >= 3 and platform.to(PERSON), 60)
    there = left(here, words)
    assert {*(f"events: {word}" for word in RARE.values()), f"callback_requests: {PHONE}", f"feedback: {RARE['web']}"} <= set(there)
    assert [place for place in there if place.startswith("missed_questions")]

    assert here.client.delete(f"/api/conversations/{web}").status_code == 204
    assert write(here.client, "EFFACER", "SMr9", PHONE).status_code == 200
    platform.call("messenger", e.page([e.said("m_gone", "effacez mes messages", PERSON)]))
    until(lambda: settled(here.services) and "C'est effacé" in twilio.bodies()[-1] and "effacé" in platform.to(PERSON)[-1].text, 60)
    # Until Twilio confirms that the last answer arrived its number must be known.
    confirm(here, twilio)
    until(lambda: settled(here.services))
    wipe_journal(here.services.database)  # as the worker does every ten minutes, and each erasure and purge
    with contextlib.suppress(AssertionError):
        until(lambda: not left(here, words))
    assert left(here, words) == []
    logged = (caplog.text + "".join(capfd.readouterr())).lower()
    assert [word for word in words if word in logged] == []
