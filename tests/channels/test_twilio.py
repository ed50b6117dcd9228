"""SMS by Twilio, end to end: signed webhooks in, the REST API (played on loopback) out."""

import asyncio
import threading
import time

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from api.app import create_app
from api.channels.commands import read_command
from api.channels.sms import SmsChannel
from api.wiring import Ground, Services
from knowledge.delivery import inbox
from knowledge.delivery.models import IncomingMessage
from knowledge.delivery.people import pseudonym
from knowledge.settings import Settings
from tests.channels.conftest import NUMBER, PERSON, rows, settled, sign, until, write
from tests.channels.fakes import fake_services

FORM = "application/x-www-form-urlencoded"
SMS, STATUS = "/channels/twilio/sms", "/channels/twilio/status"


def test_the_signature_is_the_one_of_the_providers_published_example():
    """https://www.twilio.com/docs/usage/security (and the SDK's own tests)."""
    form = {"CallSid": "CA1234567890ABCDE", "Digits": "1234", "From": "+14158675309", "To": "+18005551212", "Caller": "+14158675309"}
    address = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert RequestValidator("12345").validate(address, form, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


def test_what_is_not_signed_by_the_provider_is_refused(running):
    here = running()
    form = {"MessageSid": "SM1", "From": PERSON, "To": NUMBER, "Body": "bonjour"}
    good = sign(SMS, form)
    for path, signature, sent in [
        (SMS, None, form),
        (SMS, "x" * 28, form),
        (SMS, "é", form),
        (SMS, good, form | {"Body": "autre"}),
        (SMS, sign(SMS, form, token="another"), form),
        (STATUS, good, form),
    ]:
        headers = {"x-twilio-signature": signature.encode()} if signature else {}
        assert here.client.post(path, data=sent, headers=headers).status_code == 403
    headers = {"x-twilio-signature": good, "host": "evil.example", "x-forwarded-host": "evil.example"}
    assert here.client.post(SMS, data=form, headers=headers).status_code == 200  # the address is a setting, not a header
    assert len(rows(here.services, IncomingMessage)) == 1


def test_without_settings_every_webhook_refuses(running):
    here = running(twilio_account_sid=None)
    assert here.write("bonjour", "SM1").status_code == 403
    assert here.client.post("/channels/sms", json={}).status_code == 403


def test_a_message_is_acknowledged_with_an_empty_answer_and_answered_by_the_api(running, twilio):
    here = running()
    response = here.write("le permis ?", "SM1")
    assert response.status_code == 200 and response.headers["content-type"].startswith("text/xml")
    assert response.text.endswith("<Response/>")
    until(lambda: twilio.created)
    (sent,) = twilio.seen
    callback = sent.pop("StatusCallback")
    assert sent == {"To": PERSON, "From": NUMBER, "Body": "Réponse à le permis ?"}
    until(lambda: settled(here.services))
    assert callback == f"https://passerelle.example{STATUS}?key={rows(here.services)[0].key}"
    assert here.engine.remembered == ["le permis ?"]
    assert here.engine.asked[0].conversation_id == pseudonym("k" * 32, "sms", PERSON)


def test_it_is_acknowledged_at_once_whatever_the_engine_does(running, twilio):
    here = running()
    here.engine.seconds = 1.0
    here.write("un", "SM0", sender="+33612345679")
    spent = []
    for number in range(1, 6):
        begun = time.monotonic()
        here.write("deux", f"SM{number}", sender=f"+3361234568{number}")
        spent.append(time.monotonic() - begun)
    assert sorted(spent)[2] < 0.2
    until(lambda: len(twilio.created) == 6, 10)


def test_what_comes_while_the_model_is_loaded_is_kept_and_answered_after(knowledge, tmp_path, twilio, twilio_server, quick):
    """Twilio repeats for seconds, loading takes longer."""
    chosen = Settings(
        var_dir=tmp_path, twilio_account_sid="AC123", twilio_auth_token="token", twilio_from=NUMBER,
        twilio_api_url=twilio_server[1], public_url="https://passerelle.example",
    )  # fmt: skip
    services, opened, loaded = fake_services(chosen, knowledge), threading.Event(), threading.Event()

    def load(_settings: Settings) -> Services:
        assert opened.wait(10)
        app.state.channels.open(Ground(chosen, services.sessions, services.store, services.secret_key, services.database))
        assert loaded.wait(10)
        return services

    app = create_app(chosen, load)
    with TestClient(app) as client:
        assert write(client, "trop tôt", "SM0").status_code == 503
        opened.set()
        until(lambda: app.state.channels.ground)
        assert write(client, "bonjour", "SM1").status_code == 200
        assert client.post("/api/chat", json={"message": "bonjour"}).status_code == 503
        assert client.get("/readyz").status_code == 503 and twilio.created == []
        assert [row.state for row in rows(services, IncomingMessage)] == ["waiting"]
        loaded.set()
        until(lambda: twilio.created and settled(services))
    assert twilio.bodies() == ["Réponse à bonjour"]


def test_repeats_and_the_order_of_a_conversation(running, twilio):
    here = running()
    for number in range(6):
        for _ in range(3):
            assert here.write(f"message {number}", f"SM{number}").status_code == 200
    until(lambda: len(twilio.created) == 6)
    here.write("message 2", "SM2")
    until(lambda: settled(here.services))
    assert twilio.bodies() == [f"Réponse à message {number}" for number in range(6)]


def test_the_plain_number_and_the_words_are_gone_after_delivery(running, twilio):
    here = running()
    here.write("mon secret", "SM1")
    until(lambda: [row.state for row in rows(here.services)] == ["sent"])
    (row,) = rows(here.services)
    assert row.recipient == PERSON  # until the provider confirms
    assert _status(here, twilio.created[0]["sid"], "delivered").status_code == 200
    (row,), (came,) = rows(here.services), rows(here.services, IncomingMessage)
    assert (row.state, row.recipient, row.body) == ("delivered", None, None)
    assert (came.state, came.sender, came.text) == ("done", None, None)
    _status(here, twilio.created[0]["sid"], "failed", ErrorCode="30003")  # late, out of order
    assert rows(here.services)[0].state == "delivered"


def test_what_was_not_delivered_in_the_end_is_a_dead_letter(running, twilio):
    here = running()
    here.write("bonjour", "SM1")
    until(lambda: [row.state for row in rows(here.services)] == ["sent"])
    _status(here, twilio.created[0]["sid"], "undelivered", ErrorCode="30005")
    (row,) = rows(here.services)
    assert (row.state, row.reason, row.recipient) == ("dead", "twilio_30005", PERSON)
    assert _status(here, "SM-of-nobody", "delivered").status_code == 200


@pytest.mark.parametrize(
    ("status", "code", "ends"), [("delivered", None, ("delivered", None)), ("failed", "30006", ("dead", "twilio_30006"))]
)
def test_a_status_that_overtakes_our_own_commit_is_not_lost(running, twilio, monkeypatch, status, code, ends):
    here = running()

    async def tell(message, callback):
        more = {"ErrorCode": code} if code else {}
        answer = await asyncio.to_thread(_status, here, message["sid"], status, callback.removeprefix("https://passerelle.example"), **more)
        assert answer.status_code == 200

    monkeypatch.setattr(twilio, "tell", tell)
    twilio.behave.append("told_before_the_answer")
    here.write("bonjour", "SM1")
    until(lambda: twilio.created and settled(here.services))
    time.sleep(0.2)  # the answer to our call comes now, and changes nothing
    assert [(row.state, row.reason) for row in rows(here.services)] == [ends]
    assert len(twilio.created) == 1


def test_the_key_in_the_address_of_a_status_is_signed(running, twilio):
    here = running()
    here.write("bonjour", "SM1")
    until(lambda: [row.state for row in rows(here.services)] == ["sent"])
    form = {"MessageSid": twilio.created[0]["sid"], "MessageStatus": "failed", "To": PERSON}
    forged = here.client.post(f"{STATUS}?key=other", data=form, headers={"x-twilio-signature": sign(STATUS, form)})
    assert forged.status_code == 403 and rows(here.services)[0].state == "sent"


@pytest.mark.parametrize(
    "trouble",
    [
        [(429, {"code": 20429, "message": "Too Many Requests", "status": 429}, {"retry-after": "0"})],
        [(503, {}, {}), (500, {"code": 20500}, {})],
        ["created_then_500"],
        [(503, {}, {}), "created_then_500"],
    ],
)
def test_a_provider_in_trouble_gets_the_message_once(running, twilio, trouble):
    here = running()
    twilio.behave += trouble
    here.write("bonjour", "SM1")
    until(lambda: settled(here.services))
    assert twilio.bodies() == ["Réponse à bonjour"]
    assert [row.state for row in rows(here.services)] == ["sent"]


@pytest.mark.parametrize("way", ["created_then_silence", "silence"])
def test_a_provider_that_goes_silent_gets_the_message_once(running, twilio, way, monkeypatch):
    monkeypatch.setattr(sendings(), "PROVIDER_SECONDS", 0.3)
    here = running()
    twilio.behave.append(way)
    here.write("bonjour", "SM1")
    until(lambda: settled(here.services))
    assert twilio.bodies() == ["Réponse à bonjour"]


@pytest.mark.parametrize(("status", "code"), [(400, 21211), (400, 21614), (403, 20003), (400, 21408)])
def test_what_it_refuses_for_good_is_a_dead_letter_and_the_next_message_goes_on(running, twilio, status, code):
    here = running()
    twilio.behave.append((status, {"code": code, "message": "no", "status": status}, {}))
    here.write("un", "SM1"), here.write("deux", "SM2")
    until(lambda: settled(here.services))
    assert [(row.state, row.reason) for row in rows(here.services)] == [("dead", f"twilio_{code}"), ("sent", None)]
    assert twilio.bodies() == ["Réponse à deux"]


def test_who_has_told_twilio_to_stop_is_written_to_no_more(running, twilio):
    here = running()
    twilio.behave.append((400, {"code": 21610, "message": "Attempt to send to unsubscribed recipient"}, {}))
    here.write("un", "SM1")
    until(lambda: settled(here.services))
    here.write("deux", "SM2")
    until(lambda: settled(here.services))
    assert twilio.created == []
    assert rows(here.services)[0].recipient is None


def test_stop_and_start_are_obeyed(running, twilio):
    here = running()
    for number, said in enumerate(["bonjour", "Arrêt.", "encore ?", "PLUS", "aide", "start"]):
        here.write(said, f"SM{number}")
        until(lambda: settled(here.services))
    assert len(twilio.created) == 2 and twilio.bodies()[1].startswith("Bonjour, je suis Passerelle")
    for number, said in enumerate(["STOP", "le permis", "START", "le velo"], 10):
        here.write(said, f"SM{number}", sender="+33612345670")
    until(lambda: settled(here.services))
    assert len(twilio.created) == 4 and twilio.bodies()[-1] == "Réponse à le velo"


COMMANDS = SmsChannel.commands


@pytest.mark.parametrize(
    "said",
    [
        "STOP SVP",
        "stop sms",
        "Arrêter",
        "se désabonner",
        "Stop, s'il vous plaît !",
        "arrêtez les messages",
        "Unsubscribe",
        "STOPALL",
        "quit",
    ],
)
def test_stop_is_understood_as_people_write_it(said):
    assert read_command(said, COMMANDS) == "stop"


@pytest.mark.parametrize(
    "said",
    ["arrêt maladie", "arrêter de fumer", "arrêt de bus", "stop violence", "je veux arrêter l'école", "la fin du bail", "plus d'aide", ""],
)
def test_a_need_that_begins_like_stop_is_none(said):
    assert read_command(said, COMMANDS) is None


def test_what_is_in_doubt_when_stop_comes_does_not_leave(running, twilio, monkeypatch):
    here = running()
    monkeypatch.setattr(sendings(), "DOUBT_SECONDS", 2.0)
    twilio.behave.append((500, {"code": 20500}, {}))
    here.write("bonjour", "SM1")
    until(lambda: [(row.state, row.owner) for row in rows(here.services)] == [("sending", None)])
    here.write("STOP", "SM2")
    until(lambda: settled(here.services))
    assert twilio.created == [] and [(row.reason, row.recipient) for row in rows(here.services)] == [("stopped", None)]


def test_more_choices_contact_and_pictures(running, twilio):
    here = running()
    for number, said in enumerate(["long", "PLUS", "plus", "choix", "2", "contact"]):
        here.write(said, f"SM{number}")
        until(lambda: settled(here.services))
    bodies = twilio.bodies()
    assert "numéro 0 " in bodies[0] and bodies[0].endswith("PLUS pour la suite.")
    assert "numéro 0 " not in bodies[1] and bodies[1] != bodies[2]
    assert bodies[3] == "Lequel ?\n1 Permis\n2 Vélo" and bodies[4] == "Réponse à payload Vélo"
    assert "02 54 56 19 40" in bodies[5] or "PIMMS" in bodies[5]
    here.write("", "SM8", NumMedia="1")
    until(lambda: len(twilio.created) == 7)
    assert twilio.bodies()[6].startswith("Je ne peux lire que des mots")


def test_an_emergency_leaves_when_the_days_money_is_spent(running, twilio):
    here = running(sms_daily_segments=1)
    for number, said in enumerate(["un", "deux", "urgence"]):
        here.write(said, f"SM{number}")
        until(lambda: settled(here.services))
    assert twilio.bodies() == ["Réponse à un", "Appelez tout de suite le 15 (Samu) ou le 112.\nSans parler : SMS au 114."]
    assert [row.reason for row in rows(here.services)] == [None, "daily_limit", None]


@pytest.mark.parametrize("sender", ["+33899123456", "+447911123456", "36111", "ORANGE", "+3399999", ""])
def test_surcharged_foreign_and_nameless_senders_get_no_answer(running, twilio, sender):
    here = running()
    here.write("bonjour", "SM1", sender=sender)
    here.write("bonjour", "SM2")
    until(lambda: len(twilio.created) == 1 and settled(here.services))
    assert twilio.created[0]["to"] == PERSON


def test_a_foreign_number_is_answered_where_it_is_allowed(running, twilio):
    here = running(sms_countries="FR, GB")
    here.write("hello", "SM1", sender="+447400123456")
    until(lambda: twilio.created)


def test_two_robots_do_not_talk_for_ever(running, twilio):
    here = running()
    for number in range(12):
        here.write("Je suis en réunion", f"SM{number}")
        until(lambda: settled(here.services))
    assert len(twilio.created) == 3
    here.write("Réponse automatique : je suis absent", "SM99")
    until(lambda: settled(here.services))
    assert len(twilio.created) == 3


def test_who_asks_for_the_rest_is_no_robot(running, twilio):
    here = running()
    for number, said in enumerate(["long", *["PLUS"] * 5]):
        here.write(said, f"SM{number}")
        until(lambda: settled(here.services))
    assert len(twilio.created) == 6 and len(set(twilio.bodies())) == 6 and twilio.bodies()[5].startswith("C'est tout")


def test_an_emergency_beyond_the_limit_is_answered_also_when_only_the_engine_hears_it(running, twilio):
    here = running(channel_rate_limit=2)
    for number, said in enumerate(["un", "deux", "trois", "quatre", "je vais me tuer", "urgence"]):
        here.write(said, f"SM{number}")
        until(lambda: settled(here.services))
    assert len(twilio.created) == 5 and twilio.bodies()[3] == "Réponse à je vais me tuer" and "le 15" in twilio.bodies()[4]
    assert [row.kind for row in rows(here.services, IncomingMessage)][2:] == ["told", "ignored", "emergency", "emergency"]


def test_who_writes_too_much_is_told_once(running, twilio):
    here = running(channel_rate_limit=3)
    for number in range(7):
        here.write(f"message {number}", f"SM{number}")
        until(lambda: settled(here.services))
    assert len(twilio.created) == 4 and "beaucoup de messages" in twilio.bodies()[3]


def test_an_engine_that_fails_is_asked_again_and_in_the_end_the_person_is_told(running, twilio):
    here = running()
    here.engine.failures = 2
    here.write("un", "SM1")
    until(lambda: settled(here.services))
    here.engine.failures = 99
    here.write("deux", "SM2")
    until(lambda: settled(here.services), 15)
    assert twilio.bodies()[0] == "Réponse à un" and "panne" in twilio.bodies()[1]
    assert [row.state for row in rows(here.services, IncomingMessage)] == ["done", "dead"]


def test_a_message_that_ended_its_process_each_time_lets_the_next_pass(running, twilio):
    here = running()
    with here.services.sessions.begin() as session:
        conversation = pseudonym("k" * 32, "sms", PERSON)
        inbox.store(session, [inbox.Incoming("sms", "SM1", conversation, PERSON, "poison", "digest")])
        session.execute(sa.update(IncomingMessage).values(attempts=inbox.MOST_ATTEMPTS))
    here.write("bonjour", "SM2")
    until(lambda: settled(here.services))
    assert "panne" in twilio.bodies()[0] and twilio.bodies()[1] == "Réponse à bonjour"
    assert [row.state for row in rows(here.services, IncomingMessage)] == ["dead", "done"]
    assert [message.text for message in here.engine.asked] == ["bonjour"]


TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)


@pytest.fixture(scope="module")
def fields():
    return ["MessageSid", "From", "Body", "NumMedia", "MessageStatus", "ErrorCode", "SmsSid"]


def test_no_signed_body_makes_it_fail(running, fields):
    here = running()

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
    @given(path=st.sampled_from([SMS, STATUS]), form=st.dictionaries(st.sampled_from(fields) | TEXTS, TEXTS, max_size=8))
    def posted(path, form):
        response = here.client.post(path, data=form, headers={"x-twilio-signature": sign(path, form)})
        assert response.status_code in (200, 403)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(path=st.sampled_from([SMS, STATUS]), raw=st.binary(max_size=200), kind=st.sampled_from([FORM, "x"]))
    def raw_posted(path, raw, kind):
        response = here.client.post(path, content=raw, headers={"x-twilio-signature": sign(path, {}), "content-type": kind})
        assert response.status_code in (200, 403)

    posted(), raw_posted()


def _status(here, sid, status, path=STATUS, **more):
    form = {"MessageSid": sid, "MessageStatus": status, "To": PERSON} | more
    return here.client.post(path, data=form, headers={"x-twilio-signature": sign(path, form)})


def sendings():
    from api.channels import sending

    return sending
