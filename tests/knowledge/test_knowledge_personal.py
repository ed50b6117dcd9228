"""Erasing, keeping and showing all that is kept of a person: one row of every kind, old and new, on both databases."""

import datetime as dt
import json
import re
import shutil
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import sessionmaker

from knowledge import personal
from knowledge.accounts.models import Account
from knowledge.database import open_engine, sessions
from knowledge.learning.masking import mask
from knowledge.moments import utc_now
from knowledge.retention import RULES, erase_older_than
from knowledge.tables import Base

WORD, NUMBER = "zwiebelkuchen", "+33639980142"
SAID = f"une recette de {WORD} au 06 39 98 01 42"
HERS, OTHERS = "c" * 43, "d" * 43
DIRECTORY = {mapper.local_table.name for mapper in Base.registry.mappers if mapper.class_.__module__ == "knowledge.models"}
# What a purge may leave of rows that are old: it has no time of its own.
STAYS = {"opt_outs", "accounts", "revisions", "trained_models", "counts", "counted_events", "absences"}
# What is learnt from the directory holds nobody's words.
NOBODYS = DIRECTORY | {"model_files"}


def value_of(column: sa.Column, conversation: str, at: dt.datetime, number: int) -> Any:
    """Something that this column may hold: the rare words wherever there is text."""
    name, kind = f"{column.table.name}.{column.name}", getattr(column.type, "impl", column.type)
    if column.name == "conversation":
        return conversation
    if column.name in ("account_id", "owner"):
        return "anne" if column.foreign_keys else None
    checks = [str(c.sqltext) for c in column.table.constraints if isinstance(c, sa.CheckConstraint)]
    for allowed in (re.match(rf"{column.name} in \('(\w+)'", check) for check in checks):
        if allowed:
            return allowed[1]
    if name == "accounts.id":
        return "anne"
    if isinstance(kind, sa.Date):
        return at.date()
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.Integer):
        return number
    if isinstance(kind, sa.JSON):
        return [SAID]
    if isinstance(kind, sa.LargeBinary):
        return SAID.encode()
    if isinstance(kind, sa.DateTime) or column.name in ("at", "seen_at") or column.name.endswith(("_at", "_until", "since")):
        return at
    if column.name in ("phone", "address", "sender", "recipient"):
        return NUMBER
    if column.primary_key or column.unique or column.name == "provider_id" or kind.length and kind.length < 60:
        return f"{column.name}-{number}"[: kind.length]
    return mask(SAID) if column.table.name in ("missed_questions", "set_aside_questions") and column.name == "text" else f"{SAID} {number}"


def fill(factory: sessionmaker, conversation: str, at: dt.datetime, number: int) -> None:
    """Put one row into every table that is not the directory's, all of one moment and conversation."""
    with factory.begin() as session:
        for table in Base.metadata.sorted_tables:
            if table.name in NOBODYS or table is Account.__table__ and number > 1:
                continue
            session.execute(sa.insert(table).values({c.name: value_of(c, conversation, at, number) for c in table.c}))
        events = {"user": {"event": "user", "text": SAID}, "bot": {"event": "bot", "text": f"Pas de {WORD}."}}
        for name, event in events.items():
            data = json.dumps({**event, "timestamp": at.timestamp()})
            row = {"sender_id": conversation, "type_name": name, "timestamp": at.timestamp(), "data": data}
            session.execute(
                sa.text("insert into events (sender_id, type_name, timestamp, data) values (:sender_id, :type_name, :timestamp, :data)"),
                row,
            )


def counted(factory: sessionmaker) -> dict[str, int]:
    with factory() as session:
        tables = [*Base.metadata.sorted_tables, personal.EVENTS]
        return {table.name: session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables}


def test_a_purge_leaves_what_is_new_and_takes_what_is_old_of_every_kind(factory: sessionmaker) -> None:
    fill(factory, HERS, utc_now() - dt.timedelta(days=400), 1)
    before = counted(factory)
    fill(factory, OTHERS, utc_now(), 2)
    both = counted(factory)
    erase_older_than(factory, 30)
    left = counted(factory)
    gone = {name for name in both if both[name] != left[name]}
    assert gone == {rule.table.name for rule in RULES} == {name for name, count in before.items() if count} - STAYS
    assert {name: both[name] - left[name] for name in gone} == {name: before[name] for name in gone}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.table.name}-{rule.older_than or 'settings'}")
def test_a_day_more_or_less_decides(migrated_sqlite, tmp_path, rule) -> None:
    """Each rule by its own time, on the cheap database."""
    shutil.copyfile(migrated_sqlite, tmp_path / "one.db")
    engine = open_engine(f"sqlite:///{tmp_path / 'one.db'}")
    factory, age = sessions(engine), rule.older_than or dt.timedelta(days=30)
    edge = dt.timedelta(days=1) if isinstance(getattr(rule.moment, "type", None), sa.Date) else dt.timedelta(seconds=60)
    fill(factory, HERS, utc_now() - age - edge, 1), fill(factory, OTHERS, utc_now() - age + edge, 2)
    if not isinstance(rule.only, sa.sql.elements.True_):
        with factory.begin() as session:
            session.execute(sa.update(rule.table).values(digest=""))
    both = counted(factory)[rule.table.name]
    erase_older_than(factory, 30)
    assert counted(factory)[rule.table.name] == both / 2
    engine.dispose()


def test_a_purge_takes_small_bites_and_a_failure_undoes_none_of_them(factory: sessionmaker, monkeypatch) -> None:
    monkeypatch.setattr("knowledge.retention._AT_ONCE", 1)
    for number in (1, 2, 3):
        fill(factory, f"{number}" * 43, utc_now() - dt.timedelta(days=400 + number), number)
    real = erase_older_than.__globals__["_erase"]

    def failing(session, rule, limit):
        if rule.table.name == "feedback":
            raise sa.exc.OperationalError("delete", {}, Exception("the server closed the connection"))
        return real(session, rule, limit)

    monkeypatch.setitem(erase_older_than.__globals__, "_erase", failing)
    with pytest.raises(sa.exc.OperationalError):
        erase_older_than(factory, 30)
    assert counted(factory)["events"] == 0 and counted(factory)["feedback"] == 3
    monkeypatch.setitem(erase_older_than.__globals__, "_erase", real)
    assert erase_older_than(factory, 30)["feedback"] == 3


def texts_of(engine: Engine) -> str:
    """Everything that stands in every column of every table."""
    with engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        return "\n".join(str(tuple(row)) for table in tables for row in connection.execute(sa.text(f'select * from "{table}"')))


def test_an_erased_conversation_leaves_its_words_and_number_nowhere(factory: sessionmaker, engine: Engine) -> None:
    fill(factory, HERS, utc_now(), 1)
    # Those belong to agents, to files, or to no conversation (docs/privacy.md).
    with factory.begin() as session:
        for name in (
            "sheet_reports",
            "audit_entries",
            "revisions",
            "waiting_imports",
            "trained_models",
            "staff_sessions",
            "absences",
            "accounts",
        ):
            session.execute(sa.delete(Base.metadata.tables[name]))
    assert WORD in texts_of(engine) and NUMBER in texts_of(engine) and HERS in texts_of(engine)
    with factory() as session:
        shown = personal.export(session, HERS)
    assert {"events", "inbox", "outbox", "feedback", "callback_requests", "talk_messages", "answered_requests"} <= set(shown)
    with factory.begin() as session:
        personal.erase(session, HERS), personal.erase(session, HERS)
    left = texts_of(engine)
    assert WORD not in left and NUMBER not in left
    with factory() as session:
        assert set(personal.export(session, HERS)) == {"opt_outs", "inbox"}


def test_of_others_an_erasure_takes_nothing_but_the_same_words(factory: sessionmaker) -> None:
    fill(factory, OTHERS, utc_now(), 1)
    before = counted(factory)
    with factory.begin() as session:
        personal.erase(session, HERS)
    assert counted(factory) == before
    with factory.begin() as session:
        personal.erase(session, HERS, said=[SAID])
    assert {name for name, count in counted(factory).items() if count != before[name]} == {"missed_questions", "set_aside_questions"}
