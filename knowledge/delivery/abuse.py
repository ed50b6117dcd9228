"""Who writes too much, or is a robot itself. Read from the inbox, which keeps no words of what is done but keyed hashes."""

import datetime as dt
import re
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.delivery.models import IncomingMessage
from knowledge.moments import utc_now
from nlu.french.text import fold

_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# The same words so often within ten minutes are a machine's, or nothing that a fourth answer would help with.
_REPEATS, _REPEATS_WITHIN = 3, dt.timedelta(minutes=10)
# Nobody writes so many messages so fast; a robot that answers answers does.
_FAST, _FAST_WITHIN = 8, dt.timedelta(seconds=30)
# Nobody in need is left without the number to call, however often they ask; a machine is.
_EMERGENCIES_AN_HOUR = 30
# What absent people's telephones and mailboxes write (folded: no accents, small letters).
_AUTOMATIC = re.compile(
    r"reponse automatique|message automatique|auto[- ]?reply|automatic reply|out of office|absen(?:ce|t)e? du bureau"
    r"|ne pas repondre|do not reply|no[- ]?reply|je conduis (?:en ce moment|actuellement)|i.?m driving"
)


class Judgement(str, Enum):
    """What is done with a message."""

    answer = "answer"
    say_too_many = "say_too_many"  # the first one beyond the limit is told so
    ignore = "ignore"


def judge(session: Session, message: IncomingMessage, per_hour: int, is_emergency: bool) -> Judgement:
    """Judge a message by what its sender wrote before. An emergency is nearly always answered; ``per_hour`` 0: no limit."""
    hour = _count(session, message, _HOUR)
    if is_emergency:
        return Judgement.answer if hour <= _EMERGENCIES_AN_HOUR else Judgement.ignore
    if _AUTOMATIC.search(fold(message.text or "")):
        return Judgement.ignore
    if _count(session, message, _REPEATS_WITHIN, IncomingMessage.digest == message.digest) > _REPEATS and message.kind == "text":
        return Judgement.ignore
    if _count(session, message, _FAST_WITHIN) > _FAST:
        return Judgement.ignore
    if not per_hour:
        return Judgement.answer
    day, most_a_day = _count(session, message, _DAY), per_hour * 4
    if hour <= per_hour and day <= most_a_day:
        return Judgement.answer
    return Judgement.say_too_many if hour == per_hour + 1 or day == most_a_day + 1 else Judgement.ignore


def _count(session: Session, message: IncomingMessage, within: dt.timedelta, *also: object) -> int:
    """How many messages of this conversation arrived within that time before this one, itself included."""
    table = IncomingMessage
    since = (message.arrived_at or utc_now()) - within
    same = table.conversation == message.conversation, table.id <= message.id, table.arrived_at >= since
    return int(session.execute(sa.select(sa.func.count()).where(*same, *also)).scalar_one())
