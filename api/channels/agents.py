"""Between people: a call-back asked for on a channel, and an agent's words on their way to who has no page to read them on."""

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from api.channels.port import Channel
from api.channels.wording import notice
from api.wiring import Services
from knowledge.delivery import inbox, outbox, wishes
from knowledge.handover import callbacks, talks
from knowledge.handover.models import CallbackRequest
from knowledge.moments import utc_now

_SMS = "sms"


def leave_call(services: Services, session: Session, channel: str, conversation: str, address: str) -> bool:
    """Put who wrote from ``address`` (a number or a platform's id) into the queue of call-backs; False when they wait there already.

    They asked for it by that word, and are told what an agent then sees: it is the one place that keeps their address.
    """
    if talks.state(session, conversation) in (talks.State.waiting, talks.State.open):
        return False
    name, subject = notice(services, "call_name", channel), notice(services, "call_subject")
    # Elsewhere they are answered where they are, and nobody sees their number.
    phone = address if channel == _SMS else None
    callbacks.leave(session, callbacks.Asked(name, phone, subject, conversation, channel, address))
    return True


def window_end(session: Session, channel: Channel | None, conversation: str) -> dt.datetime | None:
    """Until when the platform lets us write: so long after the person's last message. None: as long as we like."""
    last = inbox.last_heard(session, conversation) if channel and channel.window else None
    return last + channel.window if last and channel and channel.window else None


def out_of_reach(state: Any, session: Session, asked: CallbackRequest) -> str | None:
    """Why nothing would leave to who ``asked``: "talk_stopped", "talk_late"; None when they can be written to."""
    channel = state.channels.by_name.get(asked.channel)
    if channel is None or not asked.conversation:
        return None
    if wishes.has_stopped(session, asked.conversation):
        return "talk_stopped"
    ends = window_end(session, channel, asked.conversation)
    return "talk_late" if ends and ends < utc_now() else None


def carry_words(state: Any, session: Session, asked: CallbackRequest, words: str) -> None:
    """Queue an agent's ``words`` to who ``asked`` on another channel; who asked on our pages reads them there.

    ``state``: that of the application. Works inside the caller's transaction, which also writes the words into the talk.
    """
    channel = state.channels.by_name.get(asked.channel)
    if channel is None or not asked.address or not asked.conversation:
        return
    priced = [(body, channel.cost(body)) for body in channel.plain(words)]
    expires_at = window_end(session, channel, asked.conversation)
    outbox.add(session, channel.name, asked.conversation, asked.address, priced, expires_at=expires_at)
