"""What arrives: every entry and event, each kind of message, nothing that is no message."""

import datetime as dt

import graph_events as e
import pytest
from pydantic import SecretStr

from api.channels.meta import messenger_events, whatsapp_events
from api.channels.meta.reading import NotJson, read
from api.channels.meta.signature import is_signed, may_subscribe, sign
from knowledge.delivery.receipts import Receipt

OTHER = SecretStr("another")


def from_page(*entries):
    return messenger_events.messages(read(e.raw(e.page(*entries))), e.PAGE)


def from_number(*messages, **more):
    return whatsapp_events.messages(read(e.raw(e.account(e.value(*messages, **more)))), e.NUMBER)


# The signature


def test_the_published_example_of_a_signature():
    """GitHub documents the same header with a secret, a body and the result ("Validating webhook deliveries")."""
    secret = SecretStr("It's a Secret to Everybody")
    published = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert sign(b"Hello, World!", secret) == published
    assert is_signed(b"Hello, World!", published, secret)


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha1=4f", "sha256=é", "sha256=" + "0" * 64, "SHA256=" + "0" * 64])
def test_other_signatures_are_none(header):
    assert not is_signed(b"{}", header, e.SECRET)


def test_the_signature_is_of_the_very_bytes():
    body = e.raw(e.page([e.said("m", "J’ai reçu une lettre / impôts")]))
    assert b"\\u2019" in body and b"\\/" in body
    assert is_signed(body, sign(body, e.SECRET), e.SECRET)
    assert not is_signed(body + b" ", sign(body, e.SECRET), e.SECRET)
    assert not is_signed(body, sign(body, OTHER), e.SECRET)
    assert not is_signed(body, sign(body, e.SECRET), None)
    assert not is_signed(body, sign(body, SecretStr("")), SecretStr(""))


@pytest.mark.parametrize(
    ("mode", "token", "expected", "may"),
    [
        ("subscribe", "s", SecretStr("s"), True),
        ("subscribe", "x", SecretStr("s"), False),
        ("subscribe", "", None, False),
        ("subscribe", "", SecretStr(""), False),
        ("subscribe", "", SecretStr("s"), False),
        ("unsubscribe", "s", SecretStr("s"), False),
        ("subscribe", "\ud800é", SecretStr("s"), False),
    ],
)
def test_who_may_subscribe(mode, token, expected, may):
    assert may_subscribe(mode, token, expected) is may


# Messenger


def test_the_published_examples():
    """The samples of Meta's references: "messages", "messaging_postbacks", and the test of the field in the application's settings."""
    message = {
        "sender": {"id": "<PSID>"},
        "recipient": {"id": "<PAGE_ID>"},
        "timestamp": 1458692752478,
        "message": {
            "mid": "mid.1457764197618:41d102a3e1ae206a38",
            "text": "hello, world!",
            "quick_reply": {"payload": "<DEVELOPER_DEFINED_PAYLOAD>"},
        },
    }
    postback = {
        "sender": {"id": "<PSID>"},
        "recipient": {"id": "<PAGE_ID>"},
        "timestamp": 1527459824481,
        "postback": {"mid": "m_MESSAGE-ID", "title": "TITLE-FOR-THE-CTA", "payload": "USER-DEFINED-PAYLOAD"},
    }
    found = messenger_events.messages({"object": "page", "entry": [{"id": "<PAGE_ID>", "messaging": [postback, message]}]}, "<PAGE_ID>")
    assert [(one.provider_id, one.sender, one.text) for one in found] == [
        ("mid.1457764197618:41d102a3e1ae206a38", "<PSID>", "<DEVELOPER_DEFINED_PAYLOAD>"),
        ("m_MESSAGE-ID", "<PSID>", "USER-DEFINED-PAYLOAD"),
    ]
    text = {
        "from": "16315551181",
        "id": "ABGGFlA5Fpa",
        "timestamp": "1504902988",
        "type": "text",
        "text": {"body": "this is a text message"},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "16505551111", "phone_number_id": "123456123"},
        "contacts": [{"profile": {"name": "test user name"}, "wa_id": "16315551181"}],
        "messages": [text],
    }
    body = {"object": "whatsapp_business_account", "entry": [{"id": "0", "changes": [{"field": "messages", "value": value}]}]}
    (one,) = whatsapp_events.messages(body, "123456123")
    assert (one.provider_id, one.sender, one.text) == ("ABGGFlA5Fpa", "16315551181", "this is a text message")
    assert one.sent_at == dt.datetime(2017, 9, 8, 20, 36, 28, tzinfo=dt.timezone.utc)


def test_every_entry_and_every_event_is_gone_through_oldest_first():
    late, early = e.now_ms(), e.now_ms() - 5000
    found = from_page([e.said("m3", "trois", at=late), e.said("m1", "un", at=early - 1)], [], [e.said("m2", "deux", at=early)])
    assert [(one.provider_id, one.text) for one in found] == [("m1", "un"), ("m2", "deux"), ("m3", "trois")]
    assert {(one.channel, one.sender, one.kind) for one in found} == {("messenger", e.PSID, "text")}
    assert found[2].sent_at == dt.datetime.fromtimestamp(late / 1000, dt.timezone.utc)


@pytest.mark.parametrize(
    ("event", "text", "kind"),
    [
        (e.quick_reply("m", "Les horaires", "/ask_hours"), "/ask_hours", "text"),
        (e.postback("m", "En savoir plus", '/choose_nth{"action_id": "pimms"}'), '/choose_nth{"action_id": "pimms"}', "text"),
        (e.postback(None, "Démarrer", "Bonjour"), "Bonjour", "text"),
        (e.attached("m", "image"), "", "attachment"),
        (e.attached("m", "audio"), "", "attachment"),
        (e.attached("m", "location", coordinates={"lat": 47.59, "long": 1.33}), "", "attachment"),
        (e.attached("m", "image", url="https://cdn.example/like.png", sticker_id=369239263222822), "", "attachment"),
        (e.said("m", "c'est quoi ?", attachments=[{"type": "image", "payload": {}}]), "c'est quoi ?", "text"),
        (e.said("m", "oui", reply_to={"mid": "m0"}), "oui", "text"),
        (e.said("m", "\x00bon\ud800jour"), "bonjour", "text"),
    ],
)
def test_each_kind_of_message_is_read(event, text, kind):
    (one,) = from_page([event])
    assert (one.text, one.kind) == (text, kind)
    assert one.provider_id


@pytest.mark.parametrize(
    "event",
    [
        e.echo("m", "la réponse"),
        e.event(delivery={"mids": ["m"], "watermark": 1458668856253}),
        e.event(read={"watermark": 1458668856253}),
        e.event(reaction={"mid": "m", "action": "react", "emoji": "❤"}),
        e.event(optin={"ref": "x"}),
        e.event(referral={"ref": "x", "source": "SHORTLINK"}),
        e.event(message={"mid": "m", "is_deleted": True}),
        e.event(message={"mid": "m"}),
        e.event(message={"text": "without an id"}),
        e.event(message_edit={"mid": "m", "text": "corrigé", "num_edit": 1}),
        e.event(something_new={"in": 2027}),
        {"message": {"mid": "m", "text": "nobody"}},
        {"sender": {"id": "1" * 101}, "message": {"mid": "m", "text": "an id that is none"}},
        {},
        {"sender": [], "message": "x"},
    ],
)
def test_what_is_no_message_is_passed_over(event):
    assert from_page([event]) == []


def test_other_pages_and_objects_are_not_ours():
    body = e.page([e.said("m", "bonjour")], page_id="1")
    assert messenger_events.messages(body, e.PAGE) == []
    assert len(messenger_events.messages(body, "me")) == 1
    assert messenger_events.messages(body | {"object": "instagram"}, "me") == []
    standby = {"object": "page", "entry": [{"id": e.PAGE, "standby": [e.said("m", "bonjour")]}]}
    assert messenger_events.messages(standby, e.PAGE) == []


def test_a_postback_without_an_id_has_the_same_key_each_time():
    event = e.postback(None, "Démarrer", "Bonjour")
    (first,), (again,) = from_page([event]), from_page([event])
    (other,) = from_page([event | {"timestamp": event["timestamp"] + 1}])
    assert first.provider_id == again.provider_id != other.provider_id


def test_long_ids_are_kept_as_digests():
    (one,), (other,) = from_page([e.said("m" * 900, "a")]), from_page([e.said("m" * 901, "a")])
    assert len(one.provider_id) <= 200 and one.provider_id != other.provider_id


@pytest.mark.parametrize("at", [None, "x", 1e300, -1e300, float("nan"), 10**15, [], True])
def test_moments_that_are_none_are_now(at):
    (one,) = messenger_events.messages({"object": "page", "entry": [{"messaging": [e.said("m", "a") | {"timestamp": at}]}]}, "me")
    assert one.sent_at <= dt.datetime.now(dt.timezone.utc) + dt.timedelta(minutes=5)


def test_our_own_echo_proves_that_a_message_left():
    body = e.page(
        [e.echo("m1", "la réponse", "key-1"), e.echo("m2", "by a person in the page's inbox"), e.said("m3", "x", metadata="key-2")]
    )
    assert messenger_events.receipts(body, e.PAGE) == [Receipt("messenger", "m1", "key-1", arrived=True)]


# WhatsApp


@pytest.mark.parametrize(
    ("message", "text", "kind"),
    [
        (e.wa_text("w", "papiers"), "papiers", "text"),
        (e.wa_tapped("w", "button_reply", "/ask_hours"), "/ask_hours", "text"),
        (e.wa_tapped("w", "list_reply", "/ask_place"), "/ask_place", "text"),
        (e.wa("w", "button", button={"payload": "Bonjour", "text": "Commencer"}), "Bonjour", "text"),
        (e.wa("w", "image", image={"id": "1", "mime_type": "image/jpeg", "sha256": "…"}), "", "attachment"),
        (e.wa("w", "image", image={"id": "1", "caption": "c'est quoi ce courrier ?"}), "c'est quoi ce courrier ?", "text"),
        (e.wa("w", "audio", audio={"id": "1", "voice": True}), "", "attachment"),
        (e.wa("w", "video", video={"id": "1"}), "", "attachment"),
        (e.wa("w", "document", document={"id": "1", "filename": "a.pdf"}), "", "attachment"),
        (e.wa("w", "sticker", sticker={"id": "1", "animated": False}), "", "attachment"),
        (e.wa("w", "location", location={"latitude": 47.59, "longitude": 1.33}), "", "attachment"),
        (e.wa("w", "contacts", contacts=[{"name": {"formatted_name": "X"}}]), "", "attachment"),
        (e.wa("w", "unsupported", errors=[{"code": 131051, "title": "Message type unknown"}]), "", "attachment"),
    ],
)  # fmt: skip
def test_each_kind_of_whatsapp_message_is_read(message, text, kind):
    (one,) = from_number(message)
    assert (one.channel, one.provider_id, one.sender, one.text, one.kind) == ("whatsapp", "w", e.WA_ID, text, kind)


def test_who_has_a_user_name_writes_without_a_number():
    message = e.wa_text("w", "papiers")
    del message["from"]
    (one,) = from_number(message | {"from_user_id": "FR.13491208655302741918"})
    assert one.sender == "FR.13491208655302741918"


@pytest.mark.parametrize(
    "message",
    [
        e.wa("w", "reaction", reaction={"message_id": "w0", "emoji": "👍"}),
        e.wa("w", "system", system={"body": "changed", "type": "user_changed_number"}),
        e.wa("w", "request_welcome"),
        e.wa("w", "something_new", something_new={}),
        e.wa("w", "text", text={"body": "  "}),
        e.wa("w", "interactive", interactive={"type": "nfm_reply", "nfm_reply": {"response_json": "{}"}}),
        {"type": "text", "text": {"body": "nobody"}},
    ],
)
def test_what_is_no_whatsapp_message_is_passed_over(message):
    assert from_number(message) == []


def test_other_numbers_fields_and_objects_are_not_ours():
    assert from_number(e.wa_text("w", "x"), number="1") == []
    assert whatsapp_events.messages(e.account(e.value(e.wa_text("w", "x")), field="account_update"), e.NUMBER) == []
    assert whatsapp_events.messages(e.account(e.value(e.wa_text("w", "x"))) | {"object": "page"}, e.NUMBER) == []


@pytest.mark.parametrize(
    ("status", "receipt"),
    [
        (e.status("w", "sent", "k"), Receipt("whatsapp", "w", "k")),
        (e.status("w", "delivered", "k"), Receipt("whatsapp", "w", "k", arrived=True)),
        (e.status("w", "read"), Receipt("whatsapp", "w", None, arrived=True)),
        (e.status("w", "failed", "k", 131026), Receipt("whatsapp", "w", "k", arrived=False, reason="graph_131026")),
        (e.status("w", "failed", "k", 131047), Receipt("whatsapp", "w", "k", arrived=False, reason="window")),
        (e.status("w", "failed", "k", 131050), Receipt("whatsapp", "w", "k", arrived=False, reason="graph_131050", unwanted=True)),
        (e.status("w", "failed"), Receipt("whatsapp", "w", None, arrived=False, reason="failed")),
    ],
)
def test_each_status_is_read(status, receipt):
    assert whatsapp_events.receipts(e.account(e.value(statuses=[status])), e.NUMBER) == [receipt]
    assert from_number(statuses=[status]) == []


def test_statuses_that_are_none_are_passed_over():
    assert whatsapp_events.receipts(e.account(e.value(statuses=[{"id": "w", "status": "warning"}, {"status": "sent"}, 7])), e.NUMBER) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b"null"])
def test_what_is_no_object_is_said_to_be_none(body):
    with pytest.raises(NotJson):
        read(body)
