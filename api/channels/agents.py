"""Between people: a call-back asked for by SMS, and an agent's words on their way to who has no page to read them on."""

from typing import Any

from sqlalchemy.orm import Session

from api.channels.wording import notice
from api.wiring import Services
from knowledge.delivery import outbox
from knowledge.delivery.people import pseudonym
from knowledge.handover import callbacks, talks

_SMS = "sms"


def leave_call(services: Services, session: Session, conversation: str, phone: str) -> bool:
    """Put who wrote from ``phone`` into the queue of call-backs; False when they wait there already.

    They asked for it by that word, and are told what an agent then sees: it is the one place that keeps their number.
    """
    if talks.state(session, conversation) in (talks.State.waiting, talks.State.open):
        return False
    name, subject = notice(services, "call_name"), notice(services, "call_subject")
    callbacks.leave(session, callbacks.Asked(name, phone, subject, conversation))
    return True


def carry_words(state: Any, session: Session, conversation: str, phone: str | None, words: str) -> None:
    """Queue an agent's ``words`` when the conversation is one by SMS with ``phone``; one on the web reads them there.

    ``state``: that of the application. Works inside the caller's transaction, which also writes the words into the talk.
    """
    channel = state.channels.by_name.get(_SMS)
    if channel is None or not phone or pseudonym(state.services.secret_key, _SMS, phone) != conversation:
        return
    priced = [(body, channel.cost(body)) for body in channel.plain(words)]
    outbox.add(session, _SMS, conversation, phone, priced)
