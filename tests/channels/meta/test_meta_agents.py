"""Who asks for a person on Messenger or WhatsApp is answered there by an agent, under no number that anybody sees."""

import re
import uuid

import graph_events as e
import httpx
import pytest
from graph_server import Fault

from knowledge.accounts import people, sessions
from knowledge.accounts.models import Role
from knowledge.handover import callbacks
from tests.channels.conftest import settled, until

PERSON = {"messenger": e.PSID, "whatsapp": e.WA_ID}


@pytest.fixture
def agent_of():
    """``agent_of(running, "editor")``: a client of the console with this role."""
    clients = []

    def sign_in(running, role: str = "agent") -> httpx.Client:
        with running.services.sessions.begin() as session:
            token = sessions.begin(session, people.create(session, "Camille Test", f"{uuid.uuid4().hex}@pimms.example", Role(role), None))
        cookies = {"passerelle_staff": token}
        client = httpx.Client(base_url=running.client.base_url, cookies=cookies, headers={"accept": "text/html"}, timeout=20)
        clients.append(client)
        client.headers["x-csrf-token"] = re.search(r'name="csrf_token" value="(\w+)"', client.get("/staff/compte").text)[1]
        return client

    yield sign_in
    for client in clients:
        client.close()


@pytest.mark.parametrize(("channel", "code", "subcode"), [("messenger", 10, 2018278), ("whatsapp", 131047, None)])
def test_what_came_too_late_stands_in_the_console_with_its_words_and_its_reason(running, platform, agent_of, channel, code, subcode):
    platform.faults.append(Fault(400, code, subcode))
    body = e.page([e.said("in.1", "choix")]) if channel == "messenger" else e.account(e.value(e.wa_text("in.1", "choix")))
    platform.call(channel, body)
    until(lambda: settled(running.services) and not platform.faults)
    page = agent_of(running, "editor").get("/staff/messages").text
    assert "<p>Lequel ?</p>" in page and "plus de 24 heures depuis le dernier message de la personne" in page
    assert PERSON[channel] not in page


@pytest.mark.parametrize("channel", ["messenger", "whatsapp"])
def test_an_agent_answers_where_the_person_is(running, platform, agent_of, channel):
    def write(mid: str, text: str) -> list[str]:
        body = e.page([e.said(mid, text)]) if channel == "messenger" else e.account(e.value(e.wa_text(mid, text)))
        assert platform.call(channel, body).status_code == 200
        until(lambda: settled(running.services))
        return [taken.text for taken in platform.to(PERSON[channel])]

    # The payload of the button that stands under every answer that names a person.
    assert write("in.1", "RAPPEL")[-1] == "C'est noté. Une personne du PIMMS vous répond ici. Elle peut lire vos messages."
    assert "attend déjà" in write("in.2", "rappel")[-1]
    with running.services.sessions() as session:
        (asked,) = [one for one in callbacks.queue(session) if one.channel == channel]
    assert (asked.channel, asked.address, asked.phone) == (channel, PERSON[channel], None)
    agent = agent_of(running)
    page = agent.get("/staff/rappels").text
    assert f"Par {channel}" in page.replace("Messenger", "messenger").replace("WhatsApp", "whatsapp") and PERSON[channel] not in page
    assert agent.post(f"/staff/rappels/{asked.id}/prendre").status_code == 303
    assert agent.post(f"/staff/rappels/{asked.id}/ouvrir").status_code == 303
    assert agent.post(f"/staff/conversations/{asked.id}", data={"text": "Bonjour, quel âge a votre fille ?"}).status_code == 303
    platform.wait_for(lambda: platform.to(PERSON[channel])[-1].text == "Bonjour, quel âge a votre fille ?")
    until(lambda: settled(running.services))
    write("in.3", "elle a 12 ans")
    assert "elle a 12 ans" in agent.get(f"/staff/conversations/{asked.id}").text
    assert running.engine.asked == []
    agent.post(f"/staff/conversations/{asked.id}/fermer")
    assert write("in.4", "merci")[-1] == "Réponse à merci"
    assert platform.refused == []
