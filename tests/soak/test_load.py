"""Sustained load on the real server: every message sent is answered, in its own conversation."""

import asyncio
import itertools
import time

import httpx
import pytest

pytestmark = pytest.mark.soak

USERS = 8
SECONDS = 60
SAID = [
    "bonjour",
    "jarive pa a lire le courié",
    "et leur numéro ?",
    "mon fils de 17 ans cherche un petit boulot",
    "c'est où ?",
    "je veux faire du sport entre femmes",
    "c'est gratuit ?",
    "merci",
]


@pytest.mark.timeout(300)
async def test_a_minute_of_eight_users_loses_and_mixes_nothing(live_server):
    answered = await asyncio.gather(*(_talk(live_server, user, time.monotonic() + SECONDS) for user in range(USERS)))
    assert min(answered) > 10
    print(f"{sum(answered)} messages answered in {SECONDS} s by {USERS} users, none lost")


async def _talk(address: str, user: int, until: float) -> int:
    conversation, answered = None, 0
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        for turn in itertools.count(user):
            if time.monotonic() > until:
                return answered
            said = SAID[turn % len(SAID)]
            response = await client.post("/api/chat", json={"message": said, "conversation_id": conversation})
            assert response.status_code == 200, response.text
            reply = response.json()
            assert conversation in (None, reply["conversation_id"])
            assert reply["outcome"] != "error"
            assert reply["messages"][0]["text"]
            conversation = reply["conversation_id"]
            answered += 1
    return answered
