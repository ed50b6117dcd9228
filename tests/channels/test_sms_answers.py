"""What the real assistant says by SMS: every body within two segments, every emergency in one with the 114."""

import uuid

import pytest

from api.channels import gsm
from api.channels.registry import _common
from api.views import cards
from bot.engine import Message
from tests.channels.test_sms import Sms

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
    "help me he is going to kill me",
]  # fmt: skip


@pytest.fixture
def sms(services) -> Sms:
    return Sms(**_common(services))


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
    assert sms.cost(body) == 1 and "114" in body["text"], said
