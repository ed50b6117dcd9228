"""The two webhooks: who may call, what is stored, and that nothing that arrives makes them fail."""

import json
import shutil
from typing import Any

import graph_events as e
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from api.app import create_app
from knowledge.delivery.models import IncomingMessage
from knowledge.opening import open_knowledge
from knowledge.settings import Settings
from tests.channels.fakes import fake_services

CHANNELS = ["messenger", "whatsapp"]
MESSAGE = {
    "messenger": e.page([e.said("m", "bonjour")]),
    "whatsapp": e.account(e.value(e.wa_text("w", "bonjour"))),
}


@pytest.fixture(scope="module")
def hooks(filled, tmp_path_factory):
    """The application with its webhooks, and no token with which answers could leave."""
    folder = tmp_path_factory.mktemp("hooks")
    shutil.copy(filled / "passerelle.db", folder)
    secrets = {f"{channel}_{name}": value for channel in CHANNELS for name, value in (("app_secret", e.SECRET), ("verify_token", e.VERIFY))}
    chosen = Settings(var_dir=folder, messenger_page_id=e.PAGE, whatsapp_phone_number_id=e.NUMBER, **secrets)
    knowledge = open_knowledge(chosen)
    with TestClient(create_app(chosen, lambda _settings: fake_services(chosen, knowledge))) as client:
        while client.get("/readyz").status_code != 200:
            pass
        yield client
    knowledge[0].dispose()


def stored(hooks) -> int:
    with hooks.app.state.services.sessions() as session:
        return session.query(IncomingMessage).count()


def post(hooks, channel: str, body: bytes, secret: SecretStr | None = e.SECRET):
    headers = e.headers(body, secret) if secret else {"content-type": "application/json"}
    return hooks.post(f"/channels/{channel}", content=body, headers=headers)


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_address_is_verified(hooks, channel):
    asked = {"hub.mode": "subscribe", "hub.verify_token": e.VERIFY.get_secret_value(), "hub.challenge": "1158201444"}
    answer = hooks.get(f"/channels/{channel}", params=asked)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    "change", [{"hub.verify_token": "another"}, {"hub.mode": "unsubscribe"}, {"hub.verify_token": ""}, {"hub.mode": ""}]
)
def test_others_are_refused(hooks, channel, change):
    asked = {"hub.mode": "subscribe", "hub.verify_token": e.VERIFY.get_secret_value(), "hub.challenge": "<script>"}
    answer = hooks.get(f"/channels/{channel}", params=asked | change)
    assert answer.status_code == 403 and "<script>" not in answer.text
    assert hooks.get(f"/channels/{channel}").status_code == 403


def test_a_challenge_is_never_a_page(hooks):
    asked = {"hub.mode": "subscribe", "hub.verify_token": e.VERIFY.get_secret_value(), "hub.challenge": "<script>alert(1)</script>"}
    answer = hooks.get("/channels/messenger", params=asked)
    assert answer.headers["content-type"].startswith("text/plain") and answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_is_not_signed_is_not_stored(hooks, channel):
    before, body = stored(hooks), e.raw(MESSAGE[channel])
    for secret in (None, SecretStr("another"), SecretStr("")):
        assert post(hooks, channel, body, secret).status_code == 403
    tampered = body.replace(b"bonjour", b"urgence")
    assert hooks.post(f"/channels/{channel}", content=tampered, headers=e.headers(body)).status_code == 403
    assert stored(hooks) == before


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_message_is_stored_once_however_often_it_comes(hooks, channel):
    before, body = stored(hooks), e.raw(MESSAGE[channel])
    for _ in range(3):
        answer = post(hooks, channel, body)
        assert (answer.status_code, answer.text) == (200, "EVENT_RECEIVED")
    assert stored(hooks) == before + 1


def test_the_same_id_on_the_other_channel_is_another_message(hooks):
    before = stored(hooks)
    post(hooks, "messenger", e.raw(e.page([e.said("same", "bonjour")])))
    post(hooks, "whatsapp", e.raw(e.account(e.value(e.wa_text("same", "bonjour")))))
    assert stored(hooks) == before + 2


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 50_000])
def test_what_is_signed_and_no_object_is_a_bad_request(hooks, channel, body):
    answer = post(hooks, channel, body)
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "invalid_request"


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_thousand_messages_at_once_are_taken_and_more_than_three_megabytes_are_not(hooks, channel):
    before = stored(hooks)
    many = {
        "messenger": e.page([e.said(f"many{n}", "x" * 200) for n in range(1000)]),
        "whatsapp": e.account(*(e.value(e.wa_text(f"many{n}", "x" * 200)) for n in range(1000))),
    }
    assert post(hooks, channel, e.raw(many[channel])).status_code == 200
    assert stored(hooks) == before + 1000
    assert post(hooks, channel, b" " * 3_145_729).status_code == 413


# Anything in the documented places, and the documented things anywhere.
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([e.PAGE, e.NUMBER, "page", "messages"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    "object", "entry", "id", "messaging", "changes", "value", "field", "metadata", "phone_number_id", "messages", "statuses",
    "sender", "recipient", "message", "mid", "text", "is_echo", "quick_reply", "payload", "postback", "attachments", "timestamp",
    "from", "from_user_id", "type", "interactive", "button_reply", "list_reply", "button", "body", "errors", "code", "status",
    "biz_opaque_callback_data", "image",
]  # fmt: skip


@st.composite
def twisted(draw: st.DrawFn) -> Any:
    """A real body of which some parts are something else, missing, or doubled."""
    samples = [
        e.page(
            [
                e.said("m", "bonjour", quick_reply={"payload": "x"}),
                e.echo("m", "x", "key"),
                e.postback(None, "t", "p"),
                e.attached("m", "image"),
            ]
        ),
        e.account(e.value(e.wa_text("w", "x"), e.wa_tapped("w2", "list_reply", "y"), statuses=[e.status("w3", "failed", "k", 131026)])),
    ]

    def twist(found: Any) -> Any:
        way = draw(st.integers(0, 24))
        if way == 0:
            return draw(ANY)
        if isinstance(found, dict):
            kept = {key: twist(inner) for key, inner in found.items() if draw(st.integers(0, 24))}
            return kept | ({draw(st.sampled_from(NAMES)): draw(ANY)} if way == 1 else {})
        return [twist(inner) for inner in found] * (2 if way == 2 else 1) if isinstance(found, list) else found

    return twist(draw(st.sampled_from(samples)))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(CHANNELS), twisted() | ANY | st.dictionaries(st.sampled_from(NAMES), ANY))
def test_no_signed_body_makes_it_fail(hooks, channel, events):
    body = json.dumps(events).encode()
    assert post(hooks, channel, body).status_code == (200 if isinstance(events, dict) else 400)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(CHANNELS), st.binary(max_size=200))
def test_no_signed_bytes_make_it_fail(hooks, channel, body):
    assert post(hooks, channel, body).status_code in (200, 400)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(CHANNELS), twisted(), st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=80))
def test_nothing_unsigned_is_stored(hooks, channel, events, signature):
    before = stored(hooks)
    sent = hooks.post(
        f"/channels/{channel}", content=json.dumps(events).encode(), headers={"x-hub-signature-256": signature.encode("latin-1")}
    )
    assert sent.status_code == 403
    assert stored(hooks) == before


@pytest.mark.parametrize("channel", CHANNELS)
def test_without_settings_nobody_gets_in(filled, tmp_path, channel):
    shutil.copy(filled / "passerelle.db", tmp_path)
    bare = Settings(var_dir=tmp_path)
    knowledge = open_knowledge(bare)
    with TestClient(create_app(bare, lambda _settings: fake_services(bare, knowledge))) as client:
        while client.get("/readyz").status_code != 200:
            pass
        body = e.raw(MESSAGE[channel])
        assert client.post(f"/channels/{channel}", content=body, headers=e.headers(body, SecretStr(""))).status_code == 403
        assert client.get(f"/channels/{channel}", params={"hub.mode": "subscribe", "hub.verify_token": ""}).status_code == 403
    knowledge[0].dispose()
