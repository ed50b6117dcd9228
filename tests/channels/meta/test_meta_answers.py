"""What the real assistant says on Messenger and WhatsApp: every answer whole and within the platforms' limits."""

import uuid
from typing import Any

import pytest
import yaml
from graph_limits import messenger_problems, whatsapp_problems

from api.channels.meta.messenger import Messenger
from api.channels.meta.whatsapp import WhatsApp
from api.views import cards
from bot.engine import Message, Reply
from knowledge.settings import ROOT

PUBLIC = "https://passerelle.example"
HELD = [held for path in sorted((ROOT / "tests/conversations").glob("*.yml")) for held in yaml.safe_load(path.read_text(encoding="utf-8"))]
EMERGENCIES = {
    "mon pere est tombé il respire plu": "15",
    "il y a le feu chez moi": "18",
    "mon voisin me menace avec un couteau": "17",
    "je veux mourir": "3114",
    "mon voisin frappe son enfant": "119",
    "je dors dehors ce soir": "115",
}


@pytest.fixture
def both(services) -> list[Any]:
    def known() -> list[str]:
        return [number.number for number in services.store.current().help_numbers]

    return [Messenger(None, "1", PUBLIC, known), WhatsApp(None, "1", PUBLIC, known)]


def check(services, channel: Any, reply: Reply) -> list[dict[str, Any]]:
    """Render ``reply`` and hold it against the limits and its own text."""
    bodies = channel.render(reply, cards(services, reply.actions))
    if channel.name == "messenger":
        problems = [messenger_problems(body["message"]) for body in bodies]
        told = [body["message"].get("text") or body["message"]["attachment"]["payload"].get("text", "") for body in bodies]
    else:
        problems = [whatsapp_problems(body) for body in bodies]
        told = [body["text"]["body"] if body["type"] == "text" else body["interactive"]["body"]["text"] for body in bodies]
    assert problems == [[]] * len(bodies), (reply, problems)
    rest = "".join("".join(told).split())
    for said in reply.messages:
        _, found, rest = rest.partition("".join(said.text.split()))
        assert found, said.text
    return bodies


@pytest.mark.parametrize("held", HELD[::4], ids=lambda held: held["name"])
async def test_conversations_on_both(services, both, held):
    for channel in both:
        conversation, buttons = uuid.uuid4().hex, {}
        for turn in held["turns"]:
            said = turn["say"] if "say" in turn else buttons[turn["tap"]]
            reply = await services.engine.respond(Message(conversation, said, channel.name))
            check(services, channel, reply)
            buttons = {quick.title: quick.payload for one in reply.messages for quick in one.quick_replies}


async def test_every_action_on_both(services, both):
    conversation, counted = uuid.uuid4().hex, []
    for action_id in services.store.current().by_id:
        reply = await services.engine.respond(Message(conversation, f'/choose_nth{{"action_id": "{action_id}"}}', "messenger"))
        assert reply.actions == (action_id,)
        counted += [len(check(services, channel, reply)) for channel in both]
    assert max(counted) <= 3


@pytest.mark.parametrize(("said", "number"), EMERGENCIES.items())
async def test_an_emergency_is_its_number_and_a_button_to_it(services, both, said, number):
    for channel in both:
        reply = await services.engine.respond(Message(uuid.uuid4().hex, said, channel.name))
        assert reply.outcome == "emergency"
        first, second = check(services, channel, reply)
        assert f"{number}" in str(first).split("gratuit")[0]
        assert f"'{PUBLIC}/urgences/{number}'" in str(second)
