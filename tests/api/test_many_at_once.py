"""Many people at once: nobody gets another person's answer, and no message is lost."""

import asyncio

import httpx
import pytest
import sqlalchemy as sa

from api.wiring import Services

PEOPLE = 16
SUBJECTS = [
    ("j'ai besoin d'aide pour mes papiers de la caf", "et leur numéro ?"),
    ("je veux créer mon entreprise", "c'est où ?"),
    ("je veux apprendre à lire", "c'est pour qui ?"),
    ("faire du sport entre femmes", "c'est gratuit ?"),
    ("mon fils de 17 ans cherche un métier", "et les horaires ?"),
]


async def talk(http: httpx.AsyncClient, subject: tuple[str, ...]) -> list[tuple]:
    """What was answered to each message: the outcome, the ids, the text."""
    conversation, answers = None, []
    for message in subject:
        response = await http.post("/api/chat", json={"message": message, "conversation_id": conversation})
        reply = response.json()
        assert response.status_code == 200 and reply["conversation_id"] == (conversation or reply["conversation_id"])
        conversation = reply["conversation_id"]
        answers.append((reply["outcome"], [card["id"] for card in reply["actions"]], [m["text"] for m in reply["messages"]]))
    return answers


@pytest.fixture
async def http(live_server: str):
    async with httpx.AsyncClient(base_url=live_server, timeout=60) as opened:
        yield opened


async def test_parallel_conversations_never_mix(http: httpx.AsyncClient):
    alone = [await talk(http, subject) for subject in SUBJECTS]
    assert all(outcome != "error" and ids for answers in alone for outcome, ids, _ in answers)
    assert len({answers[1][1][0] for answers in alone}) == len(SUBJECTS)
    together = await asyncio.gather(*(talk(http, SUBJECTS[person % len(SUBJECTS)]) for person in range(PEOPLE)))
    for person, answers in enumerate(together):
        assert answers == alone[person % len(SUBJECTS)]


async def test_messages_of_one_conversation_sent_at_once_are_all_answered(http: httpx.AsyncClient, services: Services):
    first = (await http.post("/api/chat", json={"message": "bonjour"})).json()["conversation_id"]
    said = [f"j'ai besoin d'aide pour mes papiers numéro {i}" for i in range(8)]
    replies = await asyncio.gather(*(http.post("/api/chat", json={"message": text, "conversation_id": first}) for text in said))
    assert [reply.status_code for reply in replies] == [200] * 8
    assert all(reply.json()["outcome"] != "error" for reply in replies)
    with services.database.connect() as connection:
        query = sa.text("select count(*) from events where sender_id = :id and type_name = 'user'")
        assert connection.execute(query, {"id": first}).scalar_one() == 9
