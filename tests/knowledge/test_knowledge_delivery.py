"""Messages on their way, on both databases: once, in order, leased to one, and gone when they should be."""

import datetime as dt
import threading
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import sessionmaker

from api.channels.port import Arrived, receive
from knowledge import personal
from knowledge.database import sessions
from knowledge.delivery import abuse, dead_letters, inbox, kept, outbox, people, spending, wishes
from knowledge.delivery.inbox import Incoming
from knowledge.delivery.leases import give_back
from knowledge.delivery.models import IncomingMessage, OptOut, OutgoingMessage
from knowledge.moments import utc_now
from knowledge.retention import erase_older_than

TODAY = dt.date(2026, 11, 28)


@pytest.fixture
def factory(engine: Engine) -> sessionmaker:
    return sessions(engine)


def message(number: int, conversation: str = "c") -> Incoming:
    return Incoming("sms", f"SM{number}", conversation, "+33612345678", f"texte {number}", f"digest {number}")


def store(factory: sessionmaker, *messages: Incoming) -> int:
    with factory.begin() as session:
        return inbox.store(session, messages)


def claimed(factory: sessionmaker, owner: str, table=inbox, most: int = 8) -> list:
    with factory.begin() as session:
        return table.claim(session, owner, most, ["sms"])


def all_rows(factory: sessionmaker, table) -> list:
    with factory() as session:
        return list(session.execute(sa.select(table).order_by(table.id)).scalars())


def test_a_repeat_is_dropped_also_when_it_is_done(factory: sessionmaker) -> None:
    assert store(factory, message(1), message(2), message(1)) == 2
    (first,) = claimed(factory, "a")
    with factory.begin() as session:
        assert inbox.finish(session, first, "a")
    assert store(factory, message(1)) == 0
    assert [(row.state, row.text, row.sender is None) for row in all_rows(factory, IncomingMessage)] == [
        ("done", None, True), ("waiting", "texte 2", False),
    ]  # fmt: skip


def test_one_message_of_a_conversation_at_a_time_each_to_one_owner(factory: sessionmaker) -> None:
    store(factory, message(1), message(2), message(3, "d"))
    mine, theirs = claimed(factory, "a"), claimed(factory, "b")
    assert [row.provider_id for row in mine] == ["SM1", "SM3"] and theirs == []
    with factory.begin() as session:
        assert not inbox.finish(session, mine[0], "b") and inbox.finish(session, mine[0], "a")
        assert not inbox.finish(session, mine[0], "a")
    assert [row.provider_id for row in claimed(factory, "b")] == ["SM2"]


def test_a_lease_that_ran_out_goes_to_another_and_the_first_can_no_longer_finish(factory: sessionmaker, monkeypatch) -> None:
    monkeypatch.setattr(inbox, "LEASE", dt.timedelta(0))
    store(factory, message(1))
    (first,), (second,) = claimed(factory, "a"), claimed(factory, "b")
    assert (first.id, second.attempts) == (second.id, 2)
    with factory.begin() as session:
        assert not inbox.finish(session, first, "a") and inbox.finish(session, second, "b")


def test_a_clock_that_was_set_back_holds_nothing_up(factory: sessionmaker, monkeypatch) -> None:
    store(factory, message(1), message(2, "d"))
    assert len(claimed(factory, "a", most=1)) == 1
    monkeypatch.setattr("knowledge.delivery.leases.utc_now", lambda: utc_now() - dt.timedelta(hours=2))
    assert [row.text for row in claimed(factory, "b")] == ["texte 1", "texte 2"]
    assert claimed(factory, "c") == []


def test_what_its_owner_could_not_finish_is_given_back_by_nobody_else(factory: sessionmaker) -> None:
    store(factory, message(1))
    (first,) = claimed(factory, "a")
    for owner, then in (("b", 0), ("a", 1)):
        with factory.begin() as session:
            give_back(session, IncomingMessage, first.id, owner, 0.0)
        assert len(claimed(factory, "c")) == then


def test_many_at_once_share_the_messages_without_overlap(factory: sessionmaker) -> None:
    store(factory, *(message(number, f"c{number}") for number in range(60)))
    taken: list[int] = []

    def take(owner: str) -> None:
        while rows := claimed(factory, owner, most=3):
            taken.extend(row.id for row in rows)

    threads = [threading.Thread(target=take, args=(f"w{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Who finds nothing free while others claim may stop early; what is left is for the next look.
    taken += [row.id for row in claimed(factory, "last", most=60)]
    assert len(taken) == len(set(taken)) == 60


def test_a_message_that_fails_too_often_lets_the_next_pass_and_can_be_tried_again(factory: sessionmaker) -> None:
    store(factory, message(1), message(2))
    for _ in range(inbox.MOST_ATTEMPTS):
        (row,) = claimed(factory, "a")
        with factory.begin() as session:
            assert inbox.put_off(session, row, "a", 0)
    (row,) = claimed(factory, "a")
    assert row.provider_id == "SM2"
    with factory.begin() as session:
        (dead,) = dead_letters.listed(session).incoming
        assert dead_letters.again(session, "in", dead.id) and not dead_letters.again(session, "in", dead.id)


def put(factory: sessionmaker, *texts: str, answers: int | None = 1, **more) -> None:
    with factory.begin() as session:
        outbox.add(session, "sms", "c", "+33612345678", [({"text": text}, 1) for text in texts], answers, **more)


def test_what_leaves_is_sent_in_order_and_then_forgotten(factory: sessionmaker) -> None:
    put(factory, "un", "deux")
    (first,) = claimed(factory, "a", outbox)
    assert (first.body, first.state) == ({"text": "un"}, "waiting") and claimed(factory, "b", outbox) == []
    with factory.begin() as session:
        assert outbox.sent(session, first, "a", "id1")
    (second,) = claimed(factory, "b", outbox)
    with factory.begin() as session:
        assert outbox.sent(session, second, "b", "id2", confirms=True)
        assert outbox.confirm(session, "sms", "id1", True) and not outbox.confirm(session, "sms", "nobody", True)
        assert outbox.confirm(session, "sms", "id2", False, "30005") and not outbox.confirm(session, "sms", "id1", False)
    assert [(row.state, row.recipient is None, row.reason) for row in all_rows(factory, OutgoingMessage)] == [
        ("delivered", True, None), ("dead", False, "30005"),
    ]  # fmt: skip


def test_an_answer_is_written_once_for_each_message(factory: sessionmaker) -> None:
    put(factory, "un", answers=7)
    with pytest.raises(sa.exc.IntegrityError):
        put(factory, "encore", answers=7)


def test_what_was_being_sent_by_who_died_is_handed_over_as_doubtful(factory: sessionmaker, monkeypatch) -> None:
    monkeypatch.setattr(outbox, "LEASE", dt.timedelta(0))
    put(factory, "un")
    (fresh,), (doubtful,) = claimed(factory, "a", outbox), claimed(factory, "b", outbox)
    assert (fresh.state, doubtful.state) == ("waiting", "sending") and doubtful.begun_at
    with factory.begin() as session:
        assert outbox.doubt(session, doubtful, "b", 0) and not outbox.sent(session, fresh, "a", "late")


def test_stop_drops_what_waits_and_survives_the_erasure_of_the_conversation(factory: sessionmaker) -> None:
    put(factory, "un")
    with factory.begin() as session:
        wishes.stop(session, "sms", "c"), wishes.stop(session, "sms", "c")
        personal.erase(session, "c")
    assert all_rows(factory, OutgoingMessage) == []
    with factory.begin() as session:
        assert wishes.has_stopped(session, "c")
        wishes.start(session, "c")
        assert not wishes.has_stopped(session, "c")


def test_what_an_answer_leaves_open(factory: sessionmaker) -> None:
    bodies = [{"text": "1", "choices": ["a", "b"]}, {"text": "2"}, {"text": "3"}]
    with factory.begin() as session:
        assert kept.keep(session, "c", bodies, 1) == bodies[:1]
        assert kept.more(session, "c", 1) == bodies[1:2] and kept.chosen(session, "c", " 2. ") == "b"
        assert kept.more(session, "c", 1) == bodies[2:] and kept.more(session, "c", 1) == []
        assert kept.chosen(session, "c", "3") is None and kept.chosen(session, "d", "1") is None
    with factory.begin() as session:
        kept.keep(session, "c", [{"text": "4", "choices": []}], 1)
    with factory.begin() as session:
        assert kept.chosen(session, "c", "2") == "b"  # no other numbers were seen since


def test_the_days_allowance_holds_however_many_spend_at_once(factory: sessionmaker) -> None:
    passed: list[bool] = []

    def spend() -> None:
        for _ in range(10):
            with factory.begin() as session:
                passed.append(spending.spend(session, TODAY, "sms", 2, 30))

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with factory.begin() as session:
        assert passed.count(True) == 15 and spending.spent(session, TODAY) == {"sms": 30}
        assert spending.alarm(session, TODAY, "sms", 30) and not spending.alarm(session, TODAY, "sms", 30)
        assert spending.spend(session, TODAY, "sms", 1, 30, urgent=True) and spending.spend(session, TODAY, "free", 0, 0)


def test_retention_covers_every_table_of_messages_but_who_wants_none(factory: sessionmaker) -> None:
    store(factory, message(1))
    put(factory, "un")
    old = utc_now() - dt.timedelta(days=40)
    with factory.begin() as session:
        kept.keep(session, "c", [], 1), wishes.stop(session, "sms", "d"), spending.spend(session, TODAY - dt.timedelta(400), "sms", 1, 9)
        session.execute(sa.update(IncomingMessage).values(arrived_at=old))
        session.execute(sa.update(OutgoingMessage).values(created_at=old))
    erase_older_than(factory, 30)
    assert all_rows(factory, IncomingMessage) == [] and all_rows(factory, OutgoingMessage) == []
    with factory() as session:
        assert session.query(OptOut).count() == 1 and spending.spent(session, TODAY - dt.timedelta(400)) == {}


def test_a_conversations_name_is_a_keyed_hash() -> None:
    one = people.pseudonym("key", "sms", "+33612345678")
    assert one == people.pseudonym("key", "sms", "+33612345678") and len(one) == 43
    assert len({one, people.pseudonym("other", "sms", "+33612345678"), people.pseudonym("key", "whatsapp", "+33612345678")}) == 3


def test_no_words_are_too_strange_to_be_stored(factory: sessionmaker) -> None:
    services = SimpleNamespace(sessions=factory, secret_key="key")
    odd = "a\0b\ud800c\U0001f600"
    assert receive(services, [Arrived("sms", odd, odd, odd)]) == 1 and receive(services, [Arrived("sms", odd, odd, odd)]) == 0
    assert [row.text for row in all_rows(factory, IncomingMessage)] == ["ab?c\U0001f600"]


def written(factory: sessionmaker, texts: list[str], invited: bool = False, per_hour: int = 30, kind: str | None = None) -> list[str]:
    """Store the texts half a minute apart, the last one now, and return what is judged of each."""
    judged = []
    for number, text in enumerate(texts):
        with factory.begin() as session:
            before = session.query(IncomingMessage).count()
            inbox.store(session, [Incoming("sms", f"SM{before}", "c", "+33612345678", text, text[:64])])
            message = session.execute(sa.select(IncomingMessage).order_by(IncomingMessage.id.desc())).scalars().first()
            message.arrived_at = utc_now() - dt.timedelta(seconds=30 * (len(texts) - number - 1))
            session.flush()
            judged.append(abuse.judge(session, message, per_hour, invited).value)
            noted = {"say_too_many": abuse.TOLD, "over": abuse.IGNORED, "ignore": abuse.IGNORED}.get(judged[-1])
            message.state, message.kind = "done", kind or noted or message.kind
    return judged


def test_only_emergencies_count_against_an_emergency_and_none_is_passed_over_for_long(factory: sessionmaker) -> None:
    written(factory, [f"phrase numéro {number}" for number in range(40)])
    with factory() as session:
        last = session.execute(sa.select(IncomingMessage).order_by(IncomingMessage.id.desc())).scalars().first()
        assert abuse.may_alarm(session, last)
    written(factory, [f"alarme numéro {number}" for number in range(30)], kind=abuse.EMERGENCY)
    written(factory, ["encore une alarme"])
    with factory() as session:
        last = session.execute(sa.select(IncomingMessage).order_by(IncomingMessage.id.desc())).scalars().first()
        assert not abuse.may_alarm(session, last)
        last.arrived_at += dt.timedelta(minutes=11)
        session.flush()
        assert abuse.may_alarm(session, last)


def test_who_writes_too_much_is_told_once_an_hour(factory: sessionmaker) -> None:
    judged = written(factory, [f"phrase numéro {number}" for number in range(8)], per_hour=3)
    assert judged == ["answer"] * 3 + ["say_too_many"] + ["over"] * 4
    with factory() as session:
        assert abuse.ignored(session, utc_now() - dt.timedelta(days=1)) == 4


def test_what_our_answers_offer_has_the_days_limit_alone(factory: sessionmaker) -> None:
    judged = written(factory, ["PLUS"] * 14, invited=True, per_hour=3, kind=abuse.INVITED)
    assert judged == ["answer"] * 12 + ["say_too_many"] * 2
    assert written(factory, ["une vraie phrase"], per_hour=6) == ["answer"]


def test_people_say_yes_often_and_only_machines_repeat_sentences(factory: sessionmaker) -> None:
    assert written(factory, ["oui"] * 6) == ["answer"] * 6
    assert written(factory, ["Je suis en réunion"] * 4) == ["answer"] * 3 + ["ignore"]


@pytest.mark.parametrize(
    "text",
    [
        "j'ai reçu une réponse automatique de la préfecture, que faire ?",
        "Réponse automatique de la préfecture, que faire ?",
        "on m'a dit de ne pas répondre à ce courrier des impots",
        "j'ai eu un mail noreply@caf.fr je comprends pas",
        "j'ai peur de ne pas répondre dans les délais à la CAF",
        "je conduis actuellement sans permis, que faire",
        "je suis absent du travail depuis un mois",
        "je suis absent du bureau de poste quand le colis arrive",
    ],
)
def test_a_residents_question_about_a_machine_is_a_question(factory: sessionmaker, text: str) -> None:
    assert written(factory, ["bonjour", text]) == ["answer", "answer"]


@pytest.mark.parametrize(
    "text",
    [
        "Réponse automatique : je suis absent", "[Message automatique]", "Auto-Reply: away", "Out of office until Monday",
        "Je suis en train de conduire avec la fonction « Ne pas déranger en voiture » activée.", "Je suis absente du bureau.",
    ],
)  # fmt: skip
def test_an_automatic_reply_is_one_only_after_an_answer(factory: sessionmaker, text: str) -> None:
    assert written(factory, [text, text]) == ["answer", "ignore"]
