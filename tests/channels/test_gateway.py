"""SMS by a gateway that speaks JSON: signed webhooks in, an idempotent API (played on loopback) out."""

import hashlib
import hmac
import json
from types import SimpleNamespace

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from api.channels import gsm, sending
from api.opening import complete_channels
from knowledge.delivery import wishes
from knowledge.errors import BadSettings
from knowledge.settings import Settings
from tests.channels.conftest import PERSON, rows, settled, until
from tests.channels.test_sms import says_number
from tests.conftest import serving

OURS = "+33700000002"


@pytest.fixture(scope="module")
def operator():
    """An operator's API: one message for each ``Idempotency-Key``; ``behave`` is a queue of statuses after which it may have it."""
    here = SimpleNamespace(created={}, behave=[])
    app = FastAPI()

    @app.get("/readyz")
    def readyz():
        return {}

    @app.post("/messages")
    async def create(request: Request):
        assert request.headers["authorization"] == "Bearer secret-token"
        body, key = await request.json(), request.headers["idempotency-key"]
        assert body["reference"] == key and body["from"] == OURS
        status, created = here.behave.pop(0) if here.behave else (201, True)
        if created:
            here.created.setdefault(key, body)
        return JSONResponse({"id": f"id-{key}"} if status < 300 else {"error": "x"}, status)

    with serving(app) as here.address:
        yield here


@pytest.fixture
def gateway(running, operator):
    def start(keyed=True):
        operator.created.clear(), operator.behave.clear()
        return running(
            twilio_account_sid=None, twilio_auth_token=None, twilio_from=None, sms_gateway_url=f"{operator.address}/messages",
            sms_gateway_token="secret-token", sms_gateway_secret="shared", sms_gateway_from=OURS, sms_gateway_keyed=keyed,
        )  # fmt: skip

    return start


def post(here, body, path="/channels/sms", signature=None):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = "sha256=" + hmac.new(b"shared", raw, hashlib.sha256).hexdigest()
    return here.client.post(path, content=raw, headers={"x-signature": (signature or signed).encode()})


def texts(operator):
    return [body["text"] for body in operator.created.values()]


def test_a_message_in_and_its_answer_out(gateway, operator):
    here = gateway()
    for _ in range(2):
        assert post(here, {"id": 7, "from": PERSON, "text": "bonjour"}).status_code == 204
    until(lambda: operator.created and settled(here.services))
    assert texts(operator) == ["Réponse à bonjour"]
    (sent,) = rows(here.services)
    assert post(here, {"id": sent.provider_id, "status": "delivered"}, "/channels/sms/status").status_code == 204
    assert [(row.state, row.recipient) for row in rows(here.services)] == [("delivered", None)]


@pytest.mark.parametrize("written", ["33612345678", "0612345678", "0033612345678"])
def test_a_number_as_french_operators_write_it_is_answered(gateway, operator, written):
    here = gateway()
    assert post(here, {"id": "1", "from": written, "text": "bonjour"}).status_code == 204
    until(lambda: operator.created and settled(here.services))
    assert [body["to"] for body in operator.created.values()] == [PERSON]
    assert len({message.conversation_id for message in here.engine.asked}) == 1


def test_who_is_not_answered_is_logged_without_the_number(gateway, operator, caplog):
    here = gateway()
    post(here, {"id": "1", "from": "36111", "text": "Gagnez un lot"})
    until(lambda: settled(here.services))
    assert not operator.created and "5 characters" in caplog.text and "36111" not in caplog.text
    post(here, {"id": "2", "from": OURS.lstrip("+"), "text": "Réponse à bonjour"})
    until(lambda: settled(here.services))
    assert not operator.created and not here.engine.asked


def test_after_stop_only_an_emergency_is_answered(gateway, operator):
    here = gateway()
    for number, said in enumerate(["STOP", "le permis", "urgence", "et maintenant ?"]):
        post(here, {"id": number, "from": PERSON, "text": said})
        until(lambda: settled(here.services))
    (answer,) = texts(operator)
    assert gsm.segments(answer) == 1 and says_number(answer, "114")
    with here.services.sessions() as session:
        assert wishes.has_stopped(session, here.engine.asked[0].conversation_id)


def test_the_answer_to_an_emergency_from_before_stop_does_not_leave(gateway, operator, monkeypatch):
    here = gateway()
    monkeypatch.setattr(sending, "_DOUBT_SECONDS", 2.0)
    operator.behave += [(500, False)]
    post(here, {"id": "1", "from": PERSON, "text": "urgence"})
    until(lambda: [row.owner for row in rows(here.services) if row.state == "sending"] == [None])
    post(here, {"id": "2", "from": PERSON, "text": "STOP"})
    until(lambda: settled(here.services))
    assert texts(operator) == [] and [row.reason for row in rows(here.services)] == ["stopped"]


def test_what_is_not_signed_is_refused(gateway):
    here = gateway()
    for signature in ("sha256=00", "é", "sha256=" + "0" * 64):
        assert post(here, {"id": "1", "from": PERSON, "text": "x"}, signature=signature).status_code == 403
    assert here.client.post("/channels/sms", json={}).status_code == 403
    assert here.client.post("/channels/twilio/sms", data={}).status_code == 403


def test_in_doubt_a_gateway_with_keys_is_asked_by_sending_again(gateway, operator):
    here = gateway()
    operator.behave += [(500, True), (503, False), (429, False)]
    post(here, {"id": "1", "from": PERSON, "text": "bonjour"})
    until(lambda: settled(here.services))
    assert texts(operator) == ["Réponse à bonjour"] and [row.state for row in rows(here.services)] == ["sent"]


def test_in_doubt_a_gateway_without_keys_gets_nothing_twice(gateway, operator):
    here = gateway(keyed=False)
    operator.behave += [(500, True)]
    post(here, {"id": "1", "from": PERSON, "text": "bonjour"})
    until(lambda: settled(here.services))
    assert len(operator.created) == 1
    assert [(row.state, row.reason, row.recipient) for row in rows(here.services)] == [("dead", "maybe_sent", PERSON)]


def test_no_signed_body_makes_it_fail(gateway):
    here = gateway()
    leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
    fields = st.dictionaries(st.sampled_from(["id", "from", "text", "status", "error"]), leaf | st.lists(leaf, max_size=2))
    anything = st.recursive(leaf, lambda inner: st.lists(inner, max_size=3), max_leaves=4) | fields
    bodies = anything.map(lambda body: json.dumps(body).encode()) | st.binary(max_size=99)

    @hypothesis_settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
    @given(path=st.sampled_from(["/channels/sms", "/channels/sms/status"]), body=bodies)
    def posted(path, body):
        assert post(here, body, path).status_code in (204, 422)

    posted()
    assert post(here, b"[" * 9000, "/channels/sms").status_code == 422


def test_settings_that_lack_a_part_are_refused_with_one_sentence():
    complete_channels(Settings())
    with pytest.raises(BadSettings, match="PASSERELLE_TWILIO_AUTH_TOKEN"):
        complete_channels(Settings(twilio_account_sid="AC1", twilio_from=OURS))
