"""Who asks for a person by SMS is answered by SMS; what did not leave stands in the console."""

import re

import httpx
import pytest

from knowledge.accounts import people, sessions
from knowledge.accounts.models import Role
from knowledge.delivery.models import IncomingMessage, OutgoingMessage
from knowledge.handover import callbacks, talks
from tests.channels.conftest import PERSON, rows, settled, until


@pytest.fixture
def signed_in():
    """``signed_in(here, "editor")``: a client of the console with this role."""
    clients = []

    def sign_in(here, role="agent") -> httpx.Client:
        with here.services.sessions.begin() as session:
            account = people.create(session, "Camille Test", f"{role}@pimms.example", Role(role), None)
            token = sessions.begin(session, account)
        client = httpx.Client(
            base_url=here.client.base_url, cookies={"__Host-passerelle_staff": token}, headers={"accept": "text/html"}, timeout=20
        )
        clients.append(client)
        client.headers["x-csrf-token"] = re.search(r'name="csrf_token" value="(\w+)"', client.get("/staff/compte").text)[1]
        return client

    yield sign_in
    for client in clients:
        client.close()


def say(here, text, sid, **more):
    here.write(text, sid, **more)
    until(lambda: settled(here.services))


def test_a_person_is_asked_for_answers_and_leaves_by_sms(running, twilio, signed_in):
    here = running(public_url="https://passerelle.example")
    say(here, "RAPPEL", "SM1")
    say(here, "rappel", "SM2")
    assert "C'est noté" in twilio.bodies()[0] and "attend déjà" in twilio.bodies()[1]
    with here.services.sessions() as session:
        (asked,) = callbacks.queue(session)
    assert asked.phone == PERSON
    agent = signed_in(here)
    assert "Par SMS" in agent.get("/staff/rappels").text
    assert agent.post(f"/staff/rappels/{asked.id}/prendre").status_code == 303
    assert agent.post(f"/staff/rappels/{asked.id}/ouvrir").status_code == 303
    assert agent.post(f"/staff/conversations/{asked.id}", data={"text": "Bonjour, quel âge a votre fille ?"}).status_code == 303
    until(lambda: settled(here.services))
    assert twilio.bodies()[-1] == "Bonjour, quel age a votre fille ?"
    say(here, "elle a 12 ans", "SM3")
    assert "elle a 12 ans" in agent.get(f"/staff/conversations/{asked.id}").text
    assert [message.text for message in here.engine.asked] == []
    agent.post(f"/staff/conversations/{asked.id}/fermer")
    say(here, "merci", "SM4")
    assert twilio.bodies()[-1] == "Réponse à merci"


def test_an_agent_reads_every_word_whatever_the_limits_say(running, twilio, signed_in):
    here = running(channel_rate_limit=2)
    say(here, "choix", "SM0")
    say(here, "RAPPEL", "SM1")
    with here.services.sessions() as session:
        (asked,) = callbacks.queue(session)
    agent = signed_in(here)
    agent.post(f"/staff/rappels/{asked.id}/prendre"), agent.post(f"/staff/rappels/{asked.id}/ouvrir")
    answered = len(twilio.created)
    said = [
        "1",
        "plus",
        *["je suis en route"] * 4,
        "on m'a dit de ne pas répondre",
        "message automatique",
        "un dernier mot",
        "STOP",
        "et encore",
    ]
    for number, text in enumerate(said, 2):
        say(here, text, f"SM{number}")
    with here.services.sessions() as session:
        assert [message.text for message in talks.messages(session, asked.conversation)] == said
    say(here, "toujours là ?", "SM99", sender="+33612345670"), say(here, "bonjour", "SM98", sender="+447911123456")
    assert (
        "(répétés, automatiques, trop nombreux, après STOP ou d'un numéro refusé)&nbsp;: 1."
        in signed_in(here, "editor").get("/staff/messages").text
    )
    assert len(twilio.created) < answered + len(said) and not any("beaucoup de messages" in body for body in twilio.bodies())


def test_an_agents_long_message_leaves_whole_and_asks_for_nothing(running, twilio, signed_in):
    here = running()
    say(here, "RAPPEL", "SM1")
    with here.services.sessions() as session:
        (asked,) = callbacks.queue(session)
    agent = signed_in(here)
    for step in ("prendre", "ouvrir"):
        agent.post(f"/staff/rappels/{asked.id}/{step}")
    agent.post(f"/staff/conversations/{asked.id}", data={"text": "Voici ce que vous pouvez faire. " * 16})
    until(lambda: settled(here.services))
    (_, *parts) = twilio.bodies()
    assert len(parts) == 2 and "PLUS" not in "".join(parts) and "".join(parts).count("Voici") == 16


def test_what_did_not_leave_is_tried_again_or_dropped_by_an_editor(running, twilio, signed_in):
    here = running()
    for number in (1, 2):
        twilio.behave.append((400, {"code": 21408, "message": "no"}, {}))
        say(here, f"message {number}", f"SM{number}")
    assert signed_in(here, "agent").get("/staff/messages").status_code == 403
    editor = signed_in(here, "editor")
    page = editor.get("/staff/messages").text
    assert page.count("Réponse à message") == 2 and "twilio_21408" in page and PERSON not in page
    first, second = (row.id for row in rows(here.services))
    assert editor.post(f"/staff/messages/out/{first}/recommencer").status_code == 303
    assert editor.post(f"/staff/messages/out/{second}/effacer").status_code == 303
    until(lambda: settled(here.services))
    assert twilio.bodies() == ["Réponse à message 1"]
    assert editor.post(f"/staff/messages/out/{first}/recommencer").status_code == 409
    assert editor.post(f"/staff/messages/in/{10**30}/effacer").status_code == 409
    assert "Rien n'attend" in editor.get("/staff/messages").text


def test_a_message_that_the_engine_never_answered_is_asked_again(running, twilio, signed_in):
    here = running()
    here.engine.failures = 5
    here.write("bonjour", "SM1")
    until(lambda: settled(here.services), 15)
    editor = signed_in(here, "administrator")
    assert "Message sans réponse" in editor.get("/staff/messages").text
    (message,) = rows(here.services, IncomingMessage)
    assert editor.post(f"/staff/messages/in/{message.id}/recommencer").status_code == 303
    until(lambda: settled(here.services))
    assert twilio.bodies()[-1] == "Réponse à bonjour"


def test_erasing_a_conversation_erases_its_messages(running, twilio):
    here = running()
    say(here, "bonjour", "SM1")
    conversation = here.engine.asked[0].conversation_id
    assert here.client.delete(f"/api/conversations/{conversation}").status_code == 204
    (id_alone,) = rows(here.services, IncomingMessage)
    assert rows(here.services) == [] and (id_alone.sender, id_alone.text, id_alone.digest) == (None, None, "")
    say(here, "bonjour", "SM1")  # repeated by the provider
    assert len(here.engine.asked) == 1


@pytest.mark.parametrize("stopped", [False, True])
def test_effacer_erases_all_that_came_before_and_says_so(running, twilio, stopped):
    here = running()
    say(here, "je cherche un zwiebelkuchen", "SM1")
    if stopped:
        say(here, "STOP", "SM2")
    said = len(twilio.bodies())
    here.write("Effacez mes messages svp", "SM3"), here.write("bonjour", "SM4")
    until(lambda: settled(here.services))
    assert [body[:14] for body in twilio.bodies()[said:]] == ([] if stopped else ["C'est effacé :", "Réponse à bonj"])
    assert all("zwiebelkuchen" not in str(vars(row)) for table in (IncomingMessage, OutgoingMessage) for row in rows(here.services, table))
