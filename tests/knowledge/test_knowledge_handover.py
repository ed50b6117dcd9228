"""Call-back requests and conversations that an agent writes in, on both databases."""

import datetime as dt
import threading
import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from knowledge import personal
from knowledge.accounts import people
from knowledge.accounts.models import Account, Role
from knowledge.handover import callbacks, talks
from knowledge.handover.callbacks import CallbackRefused, check, french_number
from knowledge.handover.models import AGENT, RESIDENT, CallbackRequest, Talk, TalkMessage
from knowledge.handover.talks import State
from knowledge.moments import utc_now
from knowledge.retention import erase_older_than

TALK = "conversation-of-nadia-000001"
AT_ONCE = 8


@pytest.fixture
def agents(factory: sessionmaker) -> list[Account]:
    with factory.begin() as session:
        return [people.create(session, name, f"{name}@pimms.example", Role.agent) for name in ("Anne", "Bilal")]


@pytest.fixture
def leave(factory: sessionmaker) -> Callable[..., str]:
    def left(conversation: str | None = TALK, request_id: str | None = None, subject: str = "ma carte de séjour") -> str:
        request_id = request_id or str(uuid.uuid4())
        with factory.begin() as session:
            callbacks.leave(session, check("Nadia", "06 12 34 56 78", subject, True, conversation), request_id)
        return request_id

    return left


@pytest.fixture
def talk(factory: sessionmaker, agents: list[Account], leave: Callable[..., str]) -> str:
    """A request that Anne took, and whose conversation she opened."""
    request_id = leave()
    with factory.begin() as session:
        assert callbacks.take(session, request_id, agents[0])
        assert talks.open_talk(session, request_id, agents[0])
    return request_id


def at_once(act: Callable[[int], object]) -> list[object]:
    """Do ``act`` from several threads that start together."""
    start, found = threading.Barrier(AT_ONCE), [None] * AT_ONCE

    def one(i: int) -> None:
        start.wait()
        found[i] = act(i)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("06 12 34 56 78", "+33612345678"),
        ("06.12.34.56.78", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("02 54 45 34 54", "+33254453454"),
        ("0692 12 34 56", None),  # Réunion is dialled with its own code from elsewhere
        ("+262 692 12 34 56", "+262692123456"),
        ("09 72 12 34 56", "+33972123456"),
        ("112", None),
        ("06 12 34 56", None),
        ("0899 12 34 56", None),  # with a surcharge
        ("+32 470 12 34 56", None),
        ("+1 900 555 0100", None),
        ("mon numéro", None),
        ("", None),
        ("06" * 200, None),
    ],
)
def test_a_number_is_one_that_an_agent_may_call(written: str, number: str | None) -> None:
    assert french_number(written) == number


@pytest.mark.parametrize(
    ("changed", "problems"),
    [
        ({"first_name": " \u200b "}, {"first_name": "first_name"}),
        ({"first_name": "x" * 61}, {"first_name": "first_name"}),
        ({"phone": "112"}, {"phone": "phone"}),
        ({"phone": ""}, {"phone": "phone"}),
        ({"phone": "", "here": True, "conversation": None}, {"phone": "phone"}),
        ({"phone": "12", "here": True}, {"phone": "phone"}),
        ({"subject": ""}, {"subject": "subject_empty"}),
        ({"subject": "é" * 501}, {"subject": "subject_long"}),
        ({"consent": False}, {"consent": "consent"}),
        ({"first_name": "", "phone": "", "consent": False}, {"first_name": "first_name", "phone": "phone", "consent": "consent"}),
    ],
)
def test_every_field_says_what_is_wrong(changed: dict, problems: dict) -> None:
    good = {"first_name": "Nadia", "phone": "0612345678", "subject": "la CAF", "consent": True, "conversation": TALK}
    with pytest.raises(CallbackRefused) as refused:
        check(**{**good, **changed})
    assert refused.value.problems == problems


def test_an_answer_in_the_conversation_needs_no_number() -> None:
    assert check("Nadia", "", "la CAF", True, TALK, here=True).phone is None


def test_the_same_form_sent_many_times_at_once_leaves_one_request(factory: sessionmaker, leave: Callable[..., str]) -> None:
    request_id = str(uuid.uuid4())
    at_once(lambda _i: leave(request_id=request_id))
    with factory() as session:
        (only,) = callbacks.queue(session)
        assert (only.first_name, only.phone, only.state) == ("Nadia", "+33612345678", "waiting")
        assert utc_now() - only.consented_at < dt.timedelta(minutes=1)


def test_the_queue_is_oldest_first_and_those_nobody_took_come_before(factory: sessionmaker, agents, leave) -> None:
    first, second, third = leave(subject="a"), leave(subject="b"), leave(subject="c")
    with factory.begin() as session:
        assert [request.id for request in callbacks.queue(session)] == [first, second, third]
        callbacks.take(session, first, agents[0])
    with factory.begin() as session:
        assert [request.id for request in callbacks.queue(session)] == [second, third, first]


def test_of_many_agents_at_once_one_takes_it(factory: sessionmaker, agents, leave) -> None:
    request_id = leave()

    def take(i: int) -> bool:
        with factory.begin() as session:
            return callbacks.take(session, request_id, agents[i % 2])

    assert sorted(at_once(take)) == [False] * (AT_ONCE - 1) + [True]


def test_only_who_took_it_notes_and_closes_and_anybody_puts_it_back(factory: sessionmaker, agents, leave) -> None:
    request_id, (anne, bilal) = leave(), agents
    with factory.begin() as session:
        assert not callbacks.close(session, request_id, anne)  # nobody took it yet
        assert callbacks.take(session, request_id, anne)
        assert not callbacks.note(session, request_id, bilal, "rappelée")
        assert not callbacks.close(session, request_id, bilal)
        assert callbacks.note(session, request_id, anne, " rappelée à 10 h ")
        assert callbacks.close(session, request_id, anne)
    with factory.begin() as session:
        (closed,) = callbacks.lately_closed(session)
        assert (closed.note, closed.account.name) == ("rappelée à 10 h", "Anne") and callbacks.queue(session) == []
        assert callbacks.reopen(session, request_id) and not callbacks.reopen(session, request_id)
    with factory.begin() as session:
        assert callbacks.take(session, request_id, bilal)


def test_without_having_taken_a_request_nobody_opens_its_conversation(factory: sessionmaker, agents, leave) -> None:
    request_id, (anne, bilal) = leave(), agents
    with factory.begin() as session:
        assert not talks.open_talk(session, request_id, anne)
        callbacks.take(session, request_id, anne)
        assert not talks.open_talk(session, request_id, bilal)
        assert not talks.open_talk(session, "unknown", anne)
        assert talks.state(session, TALK) is State.waiting
        assert talks.open_talk(session, request_id, anne) and talks.open_talk(session, request_id, anne)
        assert talks.state(session, TALK) is State.open


def test_a_request_without_a_conversation_has_none_to_open(factory: sessionmaker, agents, leave) -> None:
    request_id = leave(conversation=None)
    with factory.begin() as session:
        callbacks.take(session, request_id, agents[0])
        assert not talks.open_talk(session, request_id, agents[0])


def test_messages_go_to_the_agent_only_while_it_is_open(factory: sessionmaker, agents, talk: str) -> None:
    anne, bilal = agents
    with factory.begin() as session:
        assert talks.hear(session, TALK, "bonjour")
        assert talks.say(session, TALK, anne, "Bonjour Nadia")
        assert not talks.say(session, TALK, bilal, "Bonjour")
        assert not talks.hear(session, "another-conversation-00001", "bonjour")
    with factory.begin() as session:
        assert callbacks.close(session, talk, anne)
    with factory.begin() as session:
        assert talks.state(session, TALK) is State.closed
        assert not talks.hear(session, TALK, "et les horaires ?") and not talks.say(session, TALK, anne, "encore")
        written = [(m.number, m.author, m.text) for m in talks.messages(session, TALK)]
        assert written == [(1, RESIDENT, "bonjour"), (2, AGENT, "Bonjour Nadia")]
        assert [m.number for m in talks.messages(session, TALK, after=1)] == [2]


def test_putting_a_request_back_gives_the_conversation_back_to_the_bot(factory: sessionmaker, talk: str) -> None:
    with factory.begin() as session:
        callbacks.reopen(session, talk)
    with factory.begin() as session:
        assert not talks.hear(session, TALK, "bonjour") and talks.state(session, TALK) is State.waiting


def test_an_agent_who_left_without_closing_does_not_silence_the_bot_for_ever(factory: sessionmaker, agents, talk: str) -> None:
    with factory.begin() as session:
        session.execute(sa.update(Talk).values(open_until=utc_now() - dt.timedelta(seconds=1)))
    with factory.begin() as session:
        assert not talks.hear(session, TALK, "il y a quelqu'un ?")
        assert talks.open_talk(session, talk, agents[0])  # back at the counter
    with factory.begin() as session:
        assert talks.hear(session, TALK, "il y a quelqu'un ?")


def test_written_at_once_nothing_is_lost_and_nothing_is_seen_out_of_order(factory: sessionmaker, agents, talk: str) -> None:
    """A reader who remembers the last number, as the page does, sees every message once and in order."""
    each, read, over = 10, [], threading.Event()

    def reader() -> None:
        last_look = False
        while not last_look:
            last_look = over.is_set()
            with factory() as session:
                read.extend((m.number, m.text) for m in talks.messages(session, TALK, after=read[-1][0] if read else 0))

    reading = threading.Thread(target=reader)
    reading.start()

    def write(i: int) -> None:
        for n in range(each):
            with factory.begin() as session:
                assert talks.say(session, TALK, agents[0], f"{i}-{n}") if i % 2 else talks.hear(session, TALK, f"{i}-{n}")

    at_once(write)
    over.set()
    reading.join()
    assert [number for number, _ in read] == list(range(1, AT_ONCE * each + 1))
    for i in range(AT_ONCE):
        assert [text for _, text in read if text.startswith(f"{i}-")] == [f"{i}-{n}" for n in range(each)]


def rows(factory: sessionmaker) -> list[int]:
    with factory() as session:
        tables = (CallbackRequest, Talk, TalkMessage)
        return [session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables]


def test_an_erased_conversation_takes_all_of_it_along(factory: sessionmaker, leave, talk: str) -> None:
    kept = leave(conversation="another-conversation-00001")
    with factory.begin() as session:
        talks.hear(session, TALK, "bonjour")
    with factory.begin() as session:
        personal.erase(session, TALK)
    assert rows(factory) == [1, 0, 0]
    with factory() as session:
        assert callbacks.find(session, kept) is not None


def test_what_is_past_its_retention_is_erased(factory: sessionmaker, leave, talk: str) -> None:
    with factory.begin() as session:
        talks.hear(session, TALK, "bonjour")
    assert erase_older_than(factory, 30)["callback_requests"] == 0 and rows(factory) == [1, 1, 1]
    old = utc_now() - dt.timedelta(days=31)
    with factory.begin() as session:
        session.execute(sa.update(CallbackRequest).values(created_at=old))
        session.execute(sa.update(Talk).values(updated_at=old))
    leave()
    assert erase_older_than(factory, 30)["callback_requests"] == 1 and rows(factory) == [1, 0, 0]


def test_without_their_account_requests_stay(factory: sessionmaker, agents, talk: str) -> None:
    with factory.begin() as session:
        session.execute(sa.delete(Account).where(Account.id == agents[0].id))
    with factory() as session:
        (orphan,) = callbacks.queue(session)
        assert orphan.account is None
