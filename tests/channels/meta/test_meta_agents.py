"""Who asks for a person on Messenger or WhatsApp is answered there by an agent, under no number that anybody sees."""

import datetime as dt
import re
import uuid

import graph_events as e
import httpx
import pytest
import sqlalchemy as sa
from graph_server import Fault

from knowledge.accounts import people, sessions
from knowledge.accounts.models import Role
from knowledge.delivery.models import IncomingMessage
from knowledge.handover import callbacks
from knowledge.handover.models import CallbackRequest, Talk, TalkMessage
from knowledge.moments import utc_now
from tests.channels.conftest import rows, settled, until

PERSON = {"messenger": e.PSID, "whatsapp": e.WA_ID}


@pytest.fixture
def agent_of():
    """``agent_of(running, "editor")``: a client of the console with this role."""
    clients = []

    def sign_in(running, role: str = "agent") -> httpx.Client:
        with running.services.sessions.begin() as session:
            token = sessions.begin(session, people.create(session, "Camille Test", f"{uuid.uuid4().hex}@pimms.example", Role(role), None))
        cookies = {"__Host-passerelle_staff": token}
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


@pytest.fixture
def talk(running, platform, agent_of):
    """``agent, address = talk(channel)``: an agent writes at this address to who asked for a person."""

    def begin(channel: str) -> tuple[httpx.Client, str]:
        tell(platform, channel, "in.1", "RAPPEL")
        until(lambda: settled(running.services))
        with running.services.sessions() as session:
            (asked,) = [one for one in callbacks.queue(session) if one.channel == channel]
        agent = agent_of(running)
        for step in ("prendre", "ouvrir"):
            assert agent.post(f"/staff/rappels/{asked.id}/{step}").status_code == 303
        return agent, f"/staff/conversations/{asked.id}"

    def forget() -> None:
        with running.services.sessions.begin() as session:
            for table in (TalkMessage, Talk, CallbackRequest):
                session.query(table).delete()

    forget()
    yield begin
    forget()


def tell(platform, channel: str, mid: str, text: str, at: int | None = None) -> None:
    body = e.page([e.said(mid, text, at=at)]) if channel == "messenger" else e.account(e.value(e.wa_text(mid, text, at=at)))
    assert platform.call(channel, body).status_code == 200


def grow_old(running) -> None:
    with running.services.sessions.begin() as session:
        session.execute(sa.update(IncomingMessage).values(arrived_at=utc_now() - dt.timedelta(hours=25)))


@pytest.mark.parametrize("channel", ["messenger", "whatsapp"])
def test_an_agent_whose_words_cannot_leave_any_more_keeps_them_and_is_told_why(running, platform, talk, channel):
    agent, address = talk(channel)
    got = len(platform.to(PERSON[channel]))
    assert agent.post(address, data={"text": "Bonjour."}).status_code == 303
    until(lambda: len(platform.to(PERSON[channel])) == got + 1 and settled(running.services))
    assert rows(running.services)[-1].expires_at <= utc_now() + dt.timedelta(hours=24)
    grow_old(running)
    late = agent.post(address, data={"text": "Un mot de trop tard."})
    assert late.status_code == 409 and "plus de 24 heures" in late.text and "Un mot de trop tard." in late.text
    tell(platform, channel, "in.2", "stop")
    until(lambda: settled(running.services))
    stopped = agent.post(address, data={"text": "Un mot de trop."})
    assert stopped.status_code == 409 and "ne veut plus de messages" in stopped.text
    assert len(platform.to(PERSON[channel])) == got + 1 and "de trop" not in agent.get(address).text


@pytest.mark.parametrize("channel", ["messenger", "whatsapp"])
def test_an_agent_is_told_of_words_that_did_not_arrive(running, platform, talk, agent_of, channel):
    agent, address = talk(channel)
    platform.faults.append(Fault(400, *((10, 2018278) if channel == "messenger" else (131047,))))
    assert agent.post(address, data={"text": "Venez demain."}).status_code == 303
    until(lambda: settled(running.services) and not platform.faults)
    said = "«&nbsp;Venez demain.&nbsp;»"
    for seen in (agent.get(address), agent.get(f"{address}/suite?after=1&lost=0")):
        assert "Réponse non partie&nbsp;: plus de 24 heures depuis le dernier message de la personne." in seen.text and said in seen.text
    assert "after=1&amp;lost=1" in seen.text and agent.get(f"{address}/suite?after=1&lost=1").status_code == 204
    letter = rows(running.services)[-1]
    editor = agent_of(running, "editor")
    grow_old(running)
    refused = editor.post(f"/staff/messages/out/{letter.id}/recommencer")
    assert refused.status_code == 409 and "Effacez cette réponse" in refused.text
    tell(platform, channel, "in.2", "encore là")  # the window is open again
    until(lambda: settled(running.services))
    assert editor.post(f"/staff/messages/out/{letter.id}/recommencer").status_code == 303
    platform.wait_for(lambda: platform.to(PERSON[channel])[-1].text == "Venez demain.")
    until(lambda: settled(running.services))
    assert rows(running.services)[0].expires_at is not None and "Réponse non partie" not in agent.get(address).text


@pytest.mark.parametrize("channel", ["messenger", "whatsapp"])
def test_the_window_counts_from_when_the_person_wrote(running, platform, channel):
    long_ago = int(utc_now().timestamp()) - 25 * 3600
    tell(platform, channel, "in.1", "papiers", at=long_ago * (1000 if channel == "messenger" else 1))
    until(lambda: settled(running.services))
    assert [row.reason for row in rows(running.services)] == ["too_late"] and platform.to(PERSON[channel]) == []
