"""What is counted of real messages, and the page and the file that show it."""

import csv
import io
import re
from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa

from api.wiring import Services
from knowledge.figures.models import Count
from knowledge.schedules import now_in_paris

PAPERS = "j'ai besoin d'aide pour mes papiers de la caf"
OUTSIDE = "je voudrais une recette de gâteau au chocolat"


@pytest.fixture(autouse=True)
def from_nothing(services: Services) -> Iterator[None]:
    with services.sessions.begin() as session:
        session.execute(sa.delete(Count))
    yield


def counts(services: Services) -> dict[tuple[str, str], int]:
    with services.sessions() as session:
        return {(row.series, row.name): row.count for row in session.execute(sa.select(Count)).scalars()}


def say(client: httpx.Client, message: str, conversation: str | None = None) -> str:
    return client.post("/api/chat", json={"message": message, "conversation_id": conversation}).json()["conversation_id"]


def test_messages_are_counted_by_what_became_of_them(client: httpx.Client, services: Services):
    conversation = say(client, PAPERS)
    say(client, "/ask_hours", conversation)
    say(client, "au secours mon mari me frappe")
    say(client, OUTSIDE)
    client.post("/api/feedback", json={"conversation_id": conversation, "helpful": True, "comment": None})
    found = counts(services)
    outside = {key: found.pop(key) for key in list(found) if key[0] == "outside"}
    assert sum(outside.values()) == 1
    assert sum(n for (series, _), n in found.items() if series == "part") == 4
    assert {key: n for key, n in found.items() if key[0] != "part"} == {
        ("conversation", ""): 3,
        ("outcome", "answer"): 2,
        ("outcome", "emergency"): 1,
        ("outcome", "out_of_scope"): 1,
        ("need", "pimms"): 1,  # the follow-up is none
        ("feedback", "helpful"): 1,
    }


def test_a_failure_to_count_costs_nobody_an_answer(client: httpx.Client, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("insert", {}, Exception("disk full"))

    monkeypatch.setattr("api.recording.count", fail)
    assert client.post("/api/chat", json={"message": PAPERS, "conversation_id": None}).json()["outcome"] == "answer"


def test_the_page_and_the_file_mask_small_numbers(staff, client: httpx.Client, services: Services):
    for _ in range(6):
        say(client, PAPERS)
    say(client, OUTSIDE)
    agent = staff()
    page = agent.get("/staff/chiffres")
    assert page.status_code == 200 and "moins de 5" in page.text
    title = services.store.current().by_id["pimms"].action.title
    assert re.search(rf'{re.escape(title)}</th><td class="figure">6</td>', page.text.replace("&#39;", "'"))
    assert "<rect" in page.text and "style=" not in page.text

    file = agent.get("/staff/chiffres.csv")
    assert file.headers["content-type"].startswith("text/csv")
    read = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig")), delimiter=";"))
    assert {(row["mesure"], row["code"], row["nom"]): row["nombre"] for row in read}["Besoins", "pimms", title] == "6"
    assert {row["nombre"] for row in read if row["mesure"] == "Ce qu'aucune action ne couvre"} == {"<5"}
    assert all(row["nom"] for row in read) and {row["canal"] for row in read} == {"Site"}


def test_what_has_no_topic_and_what_is_rare_are_one_row(staff, services: Services):
    topics = [topic.id for topic in services.store.current().outside][:2]
    with services.sessions.begin() as session:
        for name, times in (("", 12), (topics[0], 2), (topics[1], 7)):
            session.add(Count(day=now_in_paris().date(), channel="web", series="outside", name=name, count=times))
    agent = staff()
    page = agent.get("/staff/chiffres").text
    assert re.findall(r'Sujets inconnus ou rares</th><td class="figure">(\d+)', page) == ["14"]
    read = csv.DictReader(io.StringIO(agent.get("/staff/chiffres.csv").content.decode("utf-8-sig")), delimiter=";")
    assert {row["nom"]: row["nombre"] for row in read if not row["code"]} == {"Sujets inconnus ou rares": "12"}


@pytest.mark.parametrize("query", ["semaines=0", "semaines=x", "semaines=1000", "canal=" + "x" * 30])
def test_a_period_that_is_none_is_refused(staff, query: str):
    assert staff().get(f"/staff/chiffres?{query}").status_code == 422
