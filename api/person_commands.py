"""``passerelle person``: what is kept of one person, by telephone number or conversation. docs/rgpd/droits.md says when."""

import contextlib
import json
from collections.abc import Iterator

import typer
from sqlalchemy.orm import Session

from api.commands import one_sentence, settings
from knowledge.errors import KnowledgeError

app = typer.Typer(no_args_is_help=True, help="What is kept of one person: shown to them, or erased (RGPD, art. 15 to 17).")

_PHONE = typer.Option(None, "--phone", help="a telephone number, however it is written: its SMS, WhatsApp messages, call-back requests")
_CONVERSATION = typer.Option(None, "--conversation", help="the id of a conversation")


class NobodyNamed(KnowledgeError, ValueError):
    """Neither a number that can be read nor a conversation was given."""


@app.command("export")
@one_sentence
def export(phone: str | None = _PHONE, conversation: str | None = _CONVERSATION) -> None:
    """Print, as JSON, what is kept of a person. First make sure that the number is theirs."""
    from knowledge import personal

    with _opened() as (session, key):
        number = _number(phone, conversation)
        found = {one: personal.export(session, one) for one in _conversations(session, key, number, conversation)}
        kept = {"conversations": {one: rows for one, rows in found.items() if rows}, "calls": personal.calls(session, number or "")}
        _note(session, "person.exported", len(kept["conversations"]))
    typer.echo(json.dumps(kept, ensure_ascii=False, indent=2, default=str))


@app.command("erase")
@one_sentence
def erase(phone: str | None = _PHONE, conversation: str | None = _CONVERSATION) -> None:
    """Erase what is kept of a person. That they want no messages (STOP) stays noted, under a hash of their number."""
    from knowledge import personal

    with _opened() as (session, key):
        number = _number(phone, conversation)
        erased = [one for one in _conversations(session, key, number, conversation) if personal.export(session, one)]
        for one in erased:
            personal.erase(session, one)
        calls = personal.erase_calls(session, number) if number else 0
        _note(session, "person.erased", len(erased))
    typer.echo(f"Erased: {len(erased)} conversations, and {calls} call-back requests that belong to none.")


@contextlib.contextmanager
def _opened() -> Iterator[tuple[Session, str]]:
    """A session in a transaction, and the secret key; what was erased is taken out of the journal afterwards."""
    from knowledge.database import wipe_journal
    from knowledge.opening import open_knowledge, secret_key

    given = settings()
    key = secret_key(given)
    database, factory, _ = open_knowledge(given, fill=False)
    with factory.begin() as session:
        yield session, key
    wipe_journal(database)
    database.dispose()


def _number(phone: str | None, conversation: str | None) -> str | None:
    """The number as E.164. Raises NobodyNamed."""
    from knowledge.handover.callbacks import french_number

    number = french_number(phone) if phone else None
    if phone and not number:
        raise NobodyNamed("This is no French telephone number: write it as 06 12 34 56 78 or +33612345678.")
    if not number and not conversation:
        raise NobodyNamed("Name the person: --phone with a number, or --conversation with the id of a conversation.")
    return number


def _conversations(session: Session, key: str, number: str | None, conversation: str | None) -> list[str]:
    from knowledge import personal
    from knowledge.delivery.people import pseudonym

    found = [conversation] if conversation else []
    if number:
        # As the two platforms write numbers.
        found += [pseudonym(key, "sms", number), pseudonym(key, "whatsapp", number.lstrip("+"))]
        found += personal.conversations_of_phone(session, number)
    return list(dict.fromkeys(found))


def _note(session: Session, what: str, conversations: int) -> None:
    """Who answers for the data can show that they answered; not of whom."""
    from knowledge.audit import audit

    audit(session, None, what, details={"conversations": conversations})
