"""From a person's phone and back, with a platform that repeats, reorders, delays, refuses and loses answers."""

import datetime as dt
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import graph_events as e
import pytest
from graph_server import Fault, Taken, batches

from api.channels import sending
from api.channels.meta import whatsapp
from api.channels.port import Fate, TryLater
from knowledge.delivery import dead_letters
from knowledge.delivery.models import IncomingMessage, OptOut, OutgoingMessage
from knowledge.delivery.outbox import UNKNOWN
from knowledge.delivery.people import pseudonym
from tests.channels.conftest import rows, settled, until

CHANNELS = ["messenger", "whatsapp"]
PERSON = {"messenger": e.PSID, "whatsapp": e.WA_ID}


def written(channel: str, mid: str, text: str, sender: str | None = None, at: int | None = None):
    """One message as an event of its channel."""
    sender = sender or PERSON[channel]
    return e.said(mid, text, sender, at) if channel == "messenger" else e.wa_text(mid, text, sender, at)


def body(channel: str, *events):
    return e.page(list(events)) if channel == "messenger" else e.account(e.value(*events))


def write(platform, channel: str, mid: str, text: str, sender: str | None = None):
    answer = platform.call(channel, body(channel, written(channel, mid, text, sender)))
    assert answer.status_code == 200
    return answer


def shown(taken: Taken) -> str:
    found = taken.body.get("interactive", {}).get("body", {}).get("text") or taken.text
    return found or str(taken.body.get("attachment", ""))


def texts(platform, person: str) -> list[str]:
    return [shown(taken) for taken in platform.to(person)]


def dead(services) -> list[str]:
    return [row.reason for row in rows(services) if row.state == "dead"]


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_answer_arrives_and_the_message_is_marked_as_read(running, platform, channel):
    write(platform, channel, "in.1", "papiers")
    platform.wait_for(lambda: texts(platform, PERSON[channel]) == ["Réponse à papiers"])
    assert running.engine.asked[0].channel == channel
    marks = {"messenger": [(e.PSID, "mark_seen"), (e.PSID, "typing_on")], "whatsapp": [("in.1", "read")]}
    platform.wait_for(lambda: platform.marks == marks[channel])
    until(lambda: [row.state for row in rows(running.services)] == ["delivered"])
    assert platform.refused == []


@pytest.mark.parametrize("channel", CHANNELS)
def test_it_is_acknowledged_at_once_whatever_the_engine_does(running, platform, channel):
    write(platform, channel, "warm", "bonjour")
    running.engine.seconds = 1.5
    taken, any_request = [], []
    for n in range(5):
        began = time.monotonic()
        running.client.get("/healthz")
        any_request.append(time.monotonic() - began)
        began = time.monotonic()
        write(platform, channel, f"in.{n}", "papiers", sender=f"3361234567{n}")
        taken.append(time.monotonic() - began)
    # Beside what any request takes: the machine that runs the tests may be a busy one. None waits for the engine.
    assert min(taken) < 0.2 + min(any_request) and max(taken) < running.engine.seconds
    running.engine.seconds = 0


@pytest.mark.parametrize("channel", CHANNELS)
def test_repeats_are_answered_once(running, platform, channel):
    events = body(channel, written(channel, "in.1", "papiers"))
    with ThreadPoolExecutor(4) as pool:
        assert [answer.status_code for answer in pool.map(lambda _: platform.call(channel, events), range(8))] == [200] * 8
    platform.wait_for(lambda: platform.to(PERSON[channel]))
    platform.call(channel, events)
    until(lambda: settled(running.services))
    assert texts(platform, PERSON[channel]) == ["Réponse à papiers"] and len(running.engine.asked) == 1


@pytest.mark.parametrize("channel", CHANNELS)
def test_batches_are_gone_through_and_each_conversation_keeps_its_order(running, platform, channel):
    second = e.now_ms() if channel == "messenger" else int(time.time())
    people = [f"3361234560{n}" for n in range(3)]
    events = [written(channel, f"in.{who}.{n}", f"{n}", who, second - 10 + n) for n in range(6) for who in people]
    for batch in batches(events, 6):
        assert platform.call(channel, body(channel, *reversed(batch))).status_code == 200
    until(lambda: len(platform.messages) == len(events) and settled(running.services), 20)
    for who in people:
        assert texts(platform, who) == [f"Réponse à {n}" for n in range(6)]


@pytest.mark.parametrize(
    ("channel", "fault"),
    [
        ("messenger", Fault(400, 613)),
        ("messenger", Fault(400, 4, 2018022)),
        ("messenger", Fault(500, 2)),
        ("messenger", Fault(503, page="<html>Service Unavailable</html>")),
        ("whatsapp", Fault(429, 130429)),
        ("whatsapp", Fault(400, 131056, headers={"retry-after": "0"})),
        ("messenger", Fault(500, 1, taken=False, seconds=0.8)),
    ],
)
def test_what_passes_is_tried_again_and_arrives_once(running, platform, channel, fault, monkeypatch):
    monkeypatch.setattr(whatsapp, "_STATUS_BY", dt.timedelta(seconds=0.3))
    platform.faults.extend([fault, fault])
    write(platform, channel, "in.1", "papiers")
    until(lambda: platform.to(PERSON[channel]) and settled(running.services))
    assert texts(platform, PERSON[channel]) == ["Réponse à papiers"] and dead(running.services) == []


@pytest.mark.parametrize(
    ("channel", "fault", "reason"),
    [
        ("messenger", Fault(400, 100, 2018001), "graph_100_2018001"),
        ("messenger", Fault(400, 10, 2018278), "window"),
        ("whatsapp", Fault(400, 131026), "graph_131026"),
        ("whatsapp", Fault(400, 131047), "window"),
    ],
)
def test_what_is_for_good_is_a_dead_letter_with_its_reason_and_holds_up_nobody(running, platform, channel, fault, reason):
    platform.faults.append(fault)
    write(platform, channel, "in.1", "papiers")
    until(lambda: dead(running.services) == [reason])
    write(platform, channel, "in.2", "permis")
    platform.wait_for(lambda: texts(platform, PERSON[channel]) == ["Réponse à permis"])


@pytest.mark.parametrize(("channel", "code"), [("messenger", 551), ("whatsapp", 131050)])
def test_who_wants_no_messages_is_not_written_to(running, platform, channel, code):
    platform.faults.append(Fault(400, code))
    write(platform, channel, "in.1", "papiers")
    until(lambda: settled(running.services) and not platform.faults)
    assert texts(platform, PERSON[channel]) == []
    with running.services.sessions() as session:
        assert session.query(OptOut).count() == 1
    assert [(row.state, row.body, row.recipient) for row in rows(running.services)] == [("dead", None, None)]
    write(platform, channel, "in.2", "permis")
    platform.wait_for(lambda: texts(platform, PERSON[channel]) == ["Réponse à permis"])


@pytest.mark.parametrize("channel", CHANNELS)
def test_stop_is_obeyed_until_the_person_writes_again(running, platform, channel):
    running.engine.seconds = 0.3
    write(platform, channel, "in.1", "Stop !")
    until(lambda: settled(running.services))
    assert texts(platform, PERSON[channel]) == [] and running.engine.asked == []
    assert platform.marks == []  # three dots, and then nothing
    write(platform, channel, "in.2", "permis")
    platform.wait_for(lambda: texts(platform, PERSON[channel]) == ["Réponse à permis"])


LOST = [Fault(taken=True, seconds=0.8), Fault(502, page="<html>Bad Gateway</html>", taken=True), Fault(500, 131000, taken=True)]


@pytest.mark.parametrize("tells", [True, False], ids=["told by the hook", "asked for"])
@pytest.mark.parametrize("fault", LOST, ids=["silence", "gateway", "failure"])
def test_a_messenger_answer_that_left_without_our_hearing_of_it_is_not_sent_again(running, platform, fault, tells):
    platform.tells = tells
    platform.faults.append(fault)
    write(platform, "messenger", "in.1", "papiers")
    until(lambda: platform.to(e.PSID) and settled(running.services))
    write(platform, "messenger", "in.2", "permis")
    platform.wait_for(lambda: len(platform.to(e.PSID)) > 1)
    assert texts(platform, e.PSID) == ["Réponse à papiers", "Réponse à permis"]


@pytest.mark.parametrize("fault", LOST, ids=["silence", "gateway", "failure"])
def test_a_whatsapp_answer_that_left_without_our_hearing_of_it_is_not_sent_again(running, platform, fault):
    platform.faults.append(fault)
    write(platform, "whatsapp", "in.1", "papiers")
    until(lambda: platform.to(e.WA_ID) and settled(running.services))
    assert texts(platform, e.WA_ID) == ["Réponse à papiers"]
    until(lambda: [row.state for row in rows(running.services)] == ["delivered"])


def test_a_whatsapp_answer_of_which_no_status_comes_waits_for_a_person_and_goes_out_once(running, platform, monkeypatch):
    monkeypatch.setattr(whatsapp, "_STATUS_BY", dt.timedelta(seconds=0.3))
    platform.faults.append(Fault(500, 1, taken=False, seconds=0.8))
    write(platform, "whatsapp", "in.1", "papiers")
    until(lambda: [row.state for row in rows(running.services)] == ["dead"])
    (letter,) = rows(running.services)
    assert letter.reason == UNKNOWN and letter.body and texts(platform, e.WA_ID) == []
    with running.services.sessions.begin() as session:
        assert dead_letters.again(session, "out", letter.id)
    until(lambda: texts(platform, e.WA_ID) == ["Réponse à papiers"])


async def test_while_a_status_may_still_come_nobody_says_that_a_message_did_not_leave():
    channel = whatsapp.WhatsApp(None, e.NUMBER, "", list)
    now = dt.datetime.now(dt.timezone.utc)
    channel._since = now - dt.timedelta(hours=1)
    with pytest.raises(TryLater) as doubt:
        await channel.fate(e.WA_ID, {}, "key", now - dt.timedelta(seconds=100))
    assert doubt.value.maybe_sent
    assert await channel.fate(e.WA_ID, {}, "key", now - dt.timedelta(seconds=121)) == (Fate.unknown, None)


async def test_after_a_restart_nobody_says_that_what_was_begun_before_did_not_leave():
    channel = whatsapp.WhatsApp(None, e.NUMBER, "", list)
    now = dt.datetime.now(dt.timezone.utc)
    before = now - dt.timedelta(hours=3)
    with pytest.raises(TryLater):  # the statuses that were refused meanwhile are still to come
        await channel.fate(e.WA_ID, {}, "key", before)
    channel._since = now - dt.timedelta(seconds=121)
    assert await channel.fate(e.WA_ID, {}, "key", before) == (Fate.unknown, None)


def test_a_whatsapp_answer_in_doubt_after_a_restart_is_not_sent_again_and_a_late_status_ends_the_doubt(running, platform, monkeypatch):
    monkeypatch.setattr(whatsapp, "_STATUS_BY", dt.timedelta(seconds=0.1))
    channel = running.app.state.channels.by_name["whatsapp"]
    monkeypatch.setattr(channel, "_since", dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=0.5))  # as if restarted then
    platform.tells = False
    platform.faults.append(Fault(taken=True, seconds=0.8))
    write(platform, "whatsapp", "in.1", "papiers")
    until(lambda: dead(running.services) == ["maybe_sent"])
    (taken,) = platform.to(e.WA_ID)
    platform.call("whatsapp", e.account(e.value(statuses=[e.status(taken.id, "delivered", taken.key)])))
    assert [(row.state, row.body) for row in rows(running.services)] == [("delivered", None)]
    assert len(platform.to(e.WA_ID)) == 1


def test_a_whatsapp_message_that_fails_later_is_a_dead_letter_with_its_words(running, platform):
    platform.tells = False
    write(platform, "whatsapp", "in.1", "papiers")
    (taken,) = platform.wait_for(lambda: platform.to(e.WA_ID))
    failed = e.account(e.value(statuses=[e.status(taken.id, "failed", taken.key, 131026)]))
    platform.call("whatsapp", failed)
    until(lambda: dead(running.services) == ["graph_131026"])
    assert rows(running.services)[0].body is not None


@pytest.mark.parametrize("channel", CHANNELS)
def test_tapping_is_the_same_as_writing_the_payload(running, platform, channel):
    write(platform, channel, "in.1", "choix")
    (taken,) = platform.wait_for(lambda: platform.to(PERSON[channel]))
    if channel == "messenger":
        (first, _) = taken.body["quick_replies"]
        platform.call(channel, e.page([e.quick_reply("in.2", first["title"], first["payload"])]))
    else:
        (first, _) = (button["reply"] for button in taken.body["interactive"]["action"]["buttons"])
        platform.call(channel, e.account(e.value(e.wa_tapped("in.2", "button_reply", first["id"]))))
    until(lambda: len(running.engine.asked) == 2)
    assert running.engine.asked[1].text == "payload Permis"


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_cannot_be_read_is_answered_kindly_and_not_asked_of_the_engine(running, platform, channel):
    voice = (
        e.page([e.attached("in.1", "audio")]) if channel == "messenger" else e.account(e.value(e.wa("in.1", "audio", audio={"id": "1"})))
    )
    platform.call(channel, voice)
    (said,) = platform.wait_for(lambda: texts(platform, PERSON[channel]))
    assert "messages vocaux" in said and running.engine.asked == [] and platform.refused == []


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_emergency_is_the_number_first_then_a_button(running, platform, channel):
    write(platform, channel, "in.1", "urgence")
    platform.wait_for(lambda: len(platform.to(PERSON[channel])) == 2)
    first, second = platform.to(PERSON[channel])
    assert first.text == "Appelez tout de suite le 15 (Samu) ou le 112."
    assert "Appeler le 15" in str(second.body) and "https://passerelle.example/urgences/15" in str(second.body)


@pytest.mark.parametrize("channel", CHANNELS)
def test_who_writes_is_known_by_a_keyed_hash_alone(running, platform, channel, caplog):
    caplog.set_level(logging.DEBUG)
    write(platform, channel, "in.1", "mon mot secret")
    platform.wait_for(lambda: platform.to(PERSON[channel]))
    until(lambda: [row.state for row in rows(running.services)] == ["delivered"])
    (incoming,), (outgoing,) = rows(running.services, IncomingMessage), rows(running.services, OutgoingMessage)
    hashed = pseudonym(running.services.secret_key, channel, PERSON[channel])
    assert incoming.conversation == outgoing.conversation == running.engine.asked[0].conversation_id == hashed
    assert (incoming.sender, incoming.text, outgoing.recipient, outgoing.body) == (None, None, None, None)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("sqlalchemy", "asyncio", "aiosqlite"))]
    assert not [line for line in ours if PERSON[channel] in line or "secret" in line]


def test_both_channels_at_once_with_faults_lose_nothing_and_repeat_nothing(running, platform, monkeypatch):
    """Forty people, three messages each, every delivery told twice, one call in four going wrong in one way or another."""
    monkeypatch.setattr(whatsapp, "_STATUS_BY", dt.timedelta(seconds=0.5))
    monkeypatch.setattr(sending, "DOUBT_SECONDS", 0.2)
    ways = [Fault(400, 613), Fault(500, 2), Fault(taken=True, seconds=0.7), Fault(502, page="…", taken=True)]
    platform.faults.extend(way for way in ways * 8 for way in (way, Fault(), Fault(), Fault()))
    people = [("messenger", f"62549393946283{n:02}") for n in range(8)] + [("whatsapp", f"336123456{n:02}") for n in range(8)]

    def talk(channel: str, who: str) -> None:
        for n in range(3):
            events = body(channel, written(channel, f"{who}.{n}", f"{n}", who))
            for _ in range(2):
                assert platform.call(channel, events).status_code == 200

    threads = [threading.Thread(target=talk, args=one) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(platform.messages) + len(dead(running.services)) >= 3 * len(people) and settled(running.services), 40)
    answers = [f"Réponse à {n}" for n in range(3)]
    assert all(texts(platform, who) == answers for channel, who in people if channel == "messenger")
    # What WhatsApp did not take without saying so waits for a person; nothing is there twice, nor out of order.
    sent = [texts(platform, who) for channel, who in people if channel == "whatsapp"]
    assert all(texts == [answer for answer in answers if answer in texts] for texts in sent)
    assert dead(running.services) == [UNKNOWN] * (3 * len(sent) - sum(map(len, sent)))
