"""What the real assistant says by SMS: every body within two segments, every emergency in one with the 114; the commonest
needs get who, telephone and where at once, and a number does what the visible number says."""

import dataclasses
import re
import uuid

import pytest

from api.channels import gsm
from api.channels.registry import _common
from api.channels.wording import notice
from api.opening import CONTACT_ROOM, complete_channels
from api.views import cards
from api.web.sheet import sheet
from bot.engine import Message
from knowledge.delivery import kept
from knowledge.errors import BadSettings
from tests.channels.test_sms import Sms, says_number

SAID = [
    "bonjour", "merci", "au revoir", "aide", "tu es un robot ?", "t'es nul",
    "je veux apprendre le français", "autre chose ?", "le deuxième",
    "et les horaires ?", "c'est où ?", "leur numéro ?", "c'est gratuit ?", "c'est pour qui ?", "je veux parler à quelqu'un",
    "jarive pa a lire le courié", "je cherche un travail pour mon fils de 17 ans", "du sport entre femmes", "je ne sais pas", "asdf qwer",
    "je veux renouveler mon passeport", "ما هي المساعدة", "I need help with my papers", "c'est encore en cours ?", "d'où vient l'info ?",
]  # fmt: skip
EMERGENCIES = [
    "mon mari me frappe", "il y a le feu chez moi", "je veux mourir", "mon père fait un malaise", "on me harcèle sur internet",
    "je dors dehors ce soir", "mon voisin frappe son enfant", "je suis sourd et j'ai besoin des secours", "au secours",
    "help me he is going to kill me", "je vais me tuer",
]  # fmt: skip
NEEDS = [
    "Je veux apprendre le français", "Je cherche du travail", "Que peut faire un jeune pour trouver un métier ?",
    "J'ai besoin d'aide pour mes papiers", "J'ai besoin d'aide pour me soigner", "travail et logement", "du sport entre femmes",
    "je ne comprends rien au courrier de la CAF", "créer une entreprise", "passer le permis de conduire", "apprendre l'ordinateur",
    "je me sens seul", "je veux connaître mes droits", "échanger des savoirs", "je veux faire du sport et apprendre le français",
]  # fmt: skip


@pytest.fixture
def sms(services) -> Sms:
    return Sms(**_common(services))


NOTICES = ["start", "contact", "no_more", "too_many", "failed", "call", "call_again"]


@pytest.mark.parametrize("name", NOTICES)
def test_every_fixed_sms_is_one_message_of_two_segments_at_most(services, sms, name):
    room = CONTACT_ROOM - len("https://passerelle.blois.example")
    settings = services.settings.copy(update={"sms_contact": "x" * room, "public_url": "https://passerelle.blois.example"})
    complete_channels(settings)
    (body,) = sms.plain(notice(dataclasses.replace(services, settings=settings), name))
    assert sms.cost(body) <= 2 and gsm.is_gsm(body["text"])


def test_an_answer_to_contact_that_would_be_longer_is_refused_at_start(services):
    with pytest.raises(BadSettings, match="Shorten PASSERELLE_SMS_CONTACT by"):
        complete_channels(services.settings.copy(update={"sms_contact": "x" * CONTACT_ROOM}))


def test_the_answer_to_what_cannot_be_read_is_one_message(sms):
    (body,) = sms.attachment()
    assert sms.cost(body) <= 2


async def test_a_conversation_by_sms_never_takes_more_than_two_segments_a_message(services, sms):
    conversation, counted = uuid.uuid4().hex, []
    for said in SAID:
        reply = await services.engine.respond(Message(conversation, said, "sms"))
        bodies = sms.render(reply, cards(services, reply.actions))
        assert bodies and all(body["text"].strip() and sms.cost(body) <= 2 for body in bodies), said
        counted.append(sms.cost(bodies[0]))
        whole = " ".join(message.text for message in reply.messages)
        if gsm.is_gsm(gsm.spell(whole)):
            assert all(gsm.is_gsm(body["text"]) for body in bodies), said
    print(f"{len(counted)} answers: {counted.count(1)} of one segment, {counted.count(2)} of two")


@pytest.mark.parametrize("said", EMERGENCIES)
async def test_an_emergency_is_one_segment_with_the_114(services, sms, said):
    reply = await services.engine.respond(Message(uuid.uuid4().hex, said, "sms"))
    assert reply.outcome == "emergency"
    (body,) = sms.render(reply, cards(services, reply.actions))
    assert sms.cost(body) == 1 and says_number(body["text"], "114"), said


def shown(text: str) -> dict[int, str]:
    """The numbers that an SMS shows, and what follows each: « 2. Danse », « 2 Danse », « … 2 Danse. PLUS »."""
    return {int(number): words for number, words in re.findall(r"(?:^|(?<=[.!?] ))([1-9])\.? (?=[^\d\W])([^\n]+)", text, re.MULTILINE)}


@pytest.mark.parametrize("need", NEEDS)
async def test_a_need_gets_the_essential_at_once_and_numbers_do_what_they_say(services, sms, need):
    conversation, numbered = uuid.uuid4().hex, 0
    reply = await services.engine.respond(Message(conversation, need, "sms"))
    found = cards(services, reply.actions)
    assert found, reply
    titles = {gsm.spell(card["title"]): card["id"] for card in cards(services, services.store.current().by_id)}
    quick = {one.payload: gsm.spell(one.title) for message in reply.messages for one in message.quick_replies}
    with services.sessions() as session:  # never committed
        bodies = kept.keep(session, conversation, sms.render(reply, found), 1)
        first = bodies[0]["text"]
        print(f"{need} → {first}")
        listed = [card for card in found[:3] if gsm.spell(card["title"])[:25] in first]
        for card in listed if reply.outcome == "clarify" else found[:1]:
            assert card in listed
            assert all(contact["value"] in first for contact in card["contacts"] if contact["kind"] == "phone"), card["id"]
        best = sheet(found[0])
        contacts, places = best["phone"] or best["contact"], found[0]["places"]
        assert gsm.spell(contacts[0].text) in first if contacts else places or "demandez au PIMMS" in first
        assert not places or gsm.spell(places[0]["address"] or places[0]["name"]) in first
        while bodies:
            (body,) = bodies
            assert sms.cost(body) <= 2
            for number, words in shown(body["text"]).items():
                session.expire_all()  # each message has a session of its own
                payload = kept.chosen(session, conversation, str(number))
                meant = quick.get(payload) or next(title for title, id_ in titles.items() if f'"{id_}"' in payload)
                assert words.startswith(meant) or words.split("...")[0] in meant, (number, body)
                numbered += 1
            session.expire_all()
            bodies = kept.more(session, conversation, 1)
        session.rollback()
    print(f"  {numbered} numbers")


@pytest.mark.parametrize("need", ["Je veux apprendre le français", "Je cherche du travail", "je me sens seul"])
async def test_one_two_and_three_lead_to_the_actions_of_the_list_one_after_the_other(services, sms, need):
    conversation = uuid.uuid4().hex

    async def say(text):
        reply = await services.engine.respond(Message(conversation, text, "sms"))
        with services.sessions.begin() as session:
            (first,) = kept.keep(session, conversation, sms.render(reply, cards(services, reply.actions)), 1)
        return reply.actions, first["text"]

    actions, listed = await say(need)
    for number, line in zip((1, 2, 3), listed.split("\n"), strict=False):
        with services.sessions() as session:
            payload = kept.chosen(session, conversation, str(number))
        found, text = await say(payload)
        assert found[0] == actions[number - 1]
        assert line.startswith(f"{number} ") and text.startswith(line[2:27])
