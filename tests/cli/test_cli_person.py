"""``passerelle person``: what is kept of a number, shown and erased."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from knowledge.audit import entries
from knowledge.delivery import inbox
from knowledge.delivery.inbox import Incoming
from knowledge.delivery.people import pseudonym
from knowledge.handover import callbacks
from knowledge.opening import open_knowledge, secret_key
from knowledge.settings import Settings

NUMBER = "+33612345944"


@pytest.fixture
def factory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A database in which a number wrote an SMS, a WhatsApp message, and asked for a call on a page, with and without a conversation."""
    monkeypatch.setenv("PASSERELLE_VAR_DIR", str(tmp_path))
    settings = Settings()
    key = secret_key(settings)
    database, factory, _ = open_knowledge(settings, fill=False)
    with factory.begin() as session:
        for channel, sender in (("sms", NUMBER), ("whatsapp", NUMBER[1:]), ("sms", "+33612345945")):
            inbox.store(session, [Incoming(channel, f"id-{sender}", pseudonym(key, channel, sender), sender, f"mot de {sender}", "d")])
        for conversation in ("w" * 32, None):
            callbacks.leave(session, callbacks.Asked("Nadia", NUMBER, "mes papiers", conversation))
    yield factory
    database.dispose()


def test_what_is_kept_of_a_number_is_shown_then_erased_and_others_stay(factory) -> None:
    shown = CliRunner().invoke(app, ["person", "export", "--phone", "06 12 34 59 44"])
    assert shown.exit_code == 0, shown.output
    kept = json.loads(shown.stdout)
    words = [row["text"] for rows in kept["conversations"].values() for row in rows.get("inbox", [])]
    assert sorted(words) == ["mot de +33612345944", "mot de 33612345944"] and len(kept["calls"]) == 2
    erased = CliRunner().invoke(app, ["person", "erase", "--phone", "+33612345944"])
    assert "3 conversations, and 1 call-back requests" in erased.stdout
    again = json.loads(CliRunner().invoke(app, ["person", "export", "--phone", "0612345944"]).stdout)
    assert again["calls"] == [] and all(row["text"] is None for rows in again["conversations"].values() for row in rows["inbox"])
    with factory() as session:
        assert session.query(inbox.IncomingMessage.text).filter(inbox.IncomingMessage.text.is_not(None)).all() == [("mot de +33612345945",)]
        noted = [(entry.what, entry.subject) for entry in entries(session)]
    assert noted == [("person.exported", ""), ("person.erased", ""), ("person.exported", "")]


@pytest.mark.parametrize("options", [[], ["--phone", "112"]])
def test_who_is_not_named_is_not_found(factory, options: list[str]) -> None:
    done = CliRunner().invoke(app, ["person", "export", *options])
    assert done.exit_code == 1 and "Traceback" not in done.output and "06 12 34 56 78" in done.output or "--phone" in done.output
