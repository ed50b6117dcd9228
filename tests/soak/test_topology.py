"""Two machines behind nginx, with PostgreSQL, Redis and RabbitMQ (``deploy/loopback.py``): what one does the other knows."""

import asyncio
import contextlib
import itertools
import os
import re
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.orm import sessionmaker

from deploy.loopback import Missing, Topology, make_vhost, rabbitmqctl, topology
from knowledge import model_files, trained_models
from knowledge.accounts import people, sessions
from knowledge.accounts.models import Role
from knowledge.database import MIGRATIONS, alone, open_engine
from knowledge.database import sessions as session_factory
from knowledge.figures.models import Count

pytestmark = [pytest.mark.soak, pytest.mark.timeout(400)]

LIMIT = 40
READ = "jarive pa a lire le courié"
_NEXT = '''"""What the next release might bring, with the locks that it takes."""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "next", "{head}", None, None
def upgrade():
    op.add_column("events", sa.Column("release_note", sa.Text))
    op.create_index("ix_events_next", "events", ["timestamp"])
    op.add_column("feedback", sa.Column("release_note", sa.Text))
def downgrade():
    op.drop_column("feedback", "release_note")
    op.drop_index("ix_events_next", "events")
    op.drop_column("events", "release_note")
'''
_clients = itertools.count(1)


@pytest.fixture(scope="module")
def running() -> Iterator[Topology]:
    with contextlib.ExitStack() as opened:
        try:
            yield opened.enter_context(topology(PASSERELLE_RATE_LIMIT_CHAT=str(LIMIT)))
        except Missing as error:
            pytest.fail(str(error)) if os.environ.get("CI") else pytest.skip(str(error))


@pytest.fixture(scope="module")
def database(running: Topology) -> Iterator[sessionmaker]:
    """The database that all machines share."""
    engine = open_engine(running.database_url)
    yield session_factory(engine)
    engine.dispose()


@pytest.fixture
async def machines(running: Topology) -> AsyncIterator[list[httpx.AsyncClient]]:
    """A new resident's connections to each machine, past nginx."""
    address = {"X-Forwarded-For": f"198.51.100.{next(_clients)}"}
    async with contextlib.AsyncExitStack() as opened:
        yield [
            await opened.enter_async_context(httpx.AsyncClient(base_url=machine.address, headers=address, timeout=60))
            for machine in running.machines
        ]


async def say(client: httpx.AsyncClient, message: str, conversation: str | None = None, **more: str) -> dict:
    response = await client.post("/api/chat", json={"message": message, "conversation_id": conversation, **more})
    assert response.status_code == 200, response.text
    reply = response.json()
    assert reply["outcome"] != "error"
    return reply


def spoken(database: sessionmaker, conversation: str) -> list[str]:
    """Who spoke, in the order in which it was written."""
    said = "select type_name from events where sender_id = :sender and type_name in ('user', 'bot') order by id"
    with database() as session:
        return list(session.execute(sa.text(said), {"sender": conversation}).scalars())


def in_turns(kinds: list[str]) -> int:
    """The number of messages, each of which is followed by its answer."""
    runs = [kind for kind, _ in itertools.groupby(kinds)]
    assert runs == ["user", "bot"] * kinds.count("user")
    return kinds.count("user")


async def test_a_conversation_that_hops_keeps_its_context(machines, database):
    here, there = machines
    first = await say(here, READ)
    conversation = first["conversation_id"]
    asked = ["et les horaires ?", "c'est où ?", "c'est gratuit ?", "et leur numéro ?"]
    for client, message in zip((there, here, there, here), asked, strict=True):
        reply = await say(client, message, conversation)
        assert [action["id"] for action in reply["actions"]][:1] == [first["actions"][0]["id"]]
    assert in_turns(spoken(database, conversation)) == 5


async def test_messages_at_the_same_instant_are_answered_one_after_the_other(machines, database):
    conversation = (await say(machines[0], READ))["conversation_id"]
    for _ in range(4):
        await asyncio.gather(
            *(say(client, message, conversation) for client in machines for message in ("c'est où ?", "et les horaires ?"))
        )
    assert in_turns(spoken(database, conversation)) == 17


async def test_a_message_sent_to_both_is_answered_once(machines, database):
    for _ in range(5):
        sent = str(uuid.uuid4())
        one, other = await asyncio.gather(*(say(client, READ, request_id=sent) for client in machines))
        assert one == other
        assert in_turns(spoken(database, one["conversation_id"])) == 1


async def test_the_rate_is_limited_for_all_machines_together(machines):
    told = [(await client.post("/api/chat", json={"message": "bonjour"})).status_code for client in machines * (LIMIT // 2 + 2)]
    assert told == [200] * LIMIT + [429] * 4


async def test_an_erasure_and_a_call_back_are_known_to_both(machines, staff_of):
    here, there = machines
    conversation = (await say(here, READ))["conversation_id"]
    wish = {
        "first_name": "Amina",
        "phone": "06 12 34 56 78",
        "subject": "un rendez-vous au guichet",
        "consent": True,
        "conversation_id": conversation,
    }
    assert (await here.post("/api/callbacks", json=wish)).status_code == 201
    assert "Amina" in (await staff_of(1).get("/staff/rappels")).text
    assert (await there.delete(f"/api/conversations/{conversation}")).status_code == 204
    assert "Amina" not in (await staff_of(0).get("/staff/rappels")).text
    forgotten = await say(here, "et les horaires ?", conversation)
    assert not forgotten["actions"]


async def test_a_migration_and_another_model_lose_no_message(running, database, tmp_path):
    async with under_load(running) as answered:
        await asyncio.to_thread(_migrate, running.database_url, tmp_path)
        name = await asyncio.to_thread(_activate_a_copy, running, database, tmp_path)
        await asyncio.wait_for(_has_taken_over(running, name), 90)
    assert min(answered) > 3
    for machine in running.machines:
        assert "cannot be used" not in machine.log
        assert (machine.folder / "models" / name).exists()
    print(f"{sum(answered)} messages answered while the tables changed and another model took over, none lost")


async def test_figures_are_whole_with_the_broker_and_without_it(running, machines, database):
    def counted() -> int:
        with database() as session:
            return session.execute(sa.select(sa.func.coalesce(sa.func.sum(Count.count), 0)).where(Count.series == "outcome")).scalar_one()

    async def comes_to(number: int) -> None:
        until = time.monotonic() + 60
        while counted() != number:
            assert time.monotonic() < until, (counted(), number)
            await asyncio.sleep(0.2)

    with database() as session:
        said = session.execute(sa.text("select count(*) from counted_events")).scalar_one()
    assert said > 0  # of the tests before, by the broker
    last = -1
    while last != (now := counted()):  # until what is under way is counted
        last = now
        await asyncio.sleep(3)
    for client in machines * 3:
        await say(client, "bonjour")
    await comes_to(last + 6)
    rabbitmqctl("delete_vhost", running.vhost)  # the broker as good as gone
    for client in machines * 3:
        await say(client, "bonjour")
    assert counted() == last + 12  # in the database at once
    make_vhost(running.vhost)
    for client in machines * 3:
        await say(client, "bonjour")
    await comes_to(last + 18)


async def test_a_sheet_archived_on_one_machine_is_gone_on_the_other_at_the_next_message(machines, staff_of):
    # The last one: both machines fit their search anew afterwards.
    there = machines[1]
    asked, action = "je voudrais aller une journée à la mer", "acesm-journee-mer"
    assert [shown["id"] for shown in (await say(there, asked))["actions"]][:1] == [action]
    archived = await staff_of(0).post(f"/staff/annuaire/actions/{action}/archiver", data={"seen": "0", "reason": "fini"})
    assert archived.status_code == 303, archived.text
    assert action not in [shown["id"] for shown in (await say(there, asked))["actions"]]
    assert (await there.get(f"/api/actions/{action}")).status_code in (404, 410)


@pytest.fixture
async def staff_of(running, database):
    """``staff_of(0)``: an editor signed in at the first machine."""
    with database.begin() as session:
        account = people.create(session, "Camille Test", f"{uuid.uuid4().hex}@pimms.example", Role.editor)
        token = sessions.begin(session, account)
    async with contextlib.AsyncExitStack() as opened:
        clients = []
        for machine in running.machines:
            options = {"base_url": machine.address, "cookies": {"passerelle_staff": token}, "headers": {"accept": "text/html"}}
            client = await opened.enter_async_context(httpx.AsyncClient(timeout=60, **options))
            client.headers["x-csrf-token"] = re.search(r'name="csrf_token" value="(\w+)"', (await client.get("/staff")).text)[1]
            clients.append(client)
        yield clients.__getitem__


@contextlib.asynccontextmanager
async def under_load(running: Topology, residents: int = 4) -> AsyncIterator[list[int]]:
    """Residents who write through nginx without a pause: none may be refused or lose their conversation's id."""
    answered, ended = [0] * residents, asyncio.Event()

    async def resident(number: int) -> None:
        while not ended.is_set():
            # An address of their own for each conversation: the limit holds for one.
            transport = httpx.AsyncHTTPTransport(local_address=f"127.0.1.{next(_clients)}")
            async with httpx.AsyncClient(base_url=running.address, timeout=60, transport=transport) as client:
                conversation = None
                for message in (READ, "c'est où ?", "et les horaires ?", "c'est gratuit ?"):
                    reply = await say(client, message, conversation)
                    assert conversation in (None, reply["conversation_id"])
                    conversation = reply["conversation_id"]
                    answered[number] += 1

    async with asyncio.TaskGroup() as group:
        for number in range(residents):
            group.create_task(resident(number))
        try:
            yield answered
        finally:
            ended.set()


def _migrate(url: str, folder: Path) -> None:
    """Forth and back, under the lock that every start takes."""
    (folder / "next.py").write_text(_NEXT.format(head=_scripts().get_current_head()), encoding="utf-8")
    config = _config(folder)
    engine = open_engine(url)
    for change in (lambda: command.upgrade(config, "next"), lambda: command.downgrade(config, "-1")):
        with alone(engine), engine.connect() as connection:
            config.attributes["connection"] = connection
            change()
            connection.commit()
    engine.dispose()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None))


def _config(folder: Path | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", os.pathsep.join([str(MIGRATIONS / "versions"), *([str(folder)] if folder else [])]))
    return config


def _activate_a_copy(running: Topology, database: sessionmaker, folder: Path) -> str:
    """Let another model answer, which no machine has: the active one under another name."""
    with database.begin() as session:
        active = trained_models.active(session)
        for path in (running.machines[0].folder / "models").glob(f"{active.name}*"):
            (folder / path.name.replace("passerelle-", "passerelle-copy-")).write_bytes(path.read_bytes())
        name = active.name.replace("passerelle-", "passerelle-copy-")
        trained_models.register(session, name, active.sha256, active.code)
        model_files.put(session, folder / name)
        trained_models.activate(session, name, active.code, "test", reason="a copy")
    return name


async def _has_taken_over(running: Topology, name: str) -> None:
    while not all((machine.folder / "models" / name).exists() for machine in running.machines):
        await asyncio.sleep(0.3)
    await asyncio.sleep(8)  # loaded and exchanged
