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
# The same sentence so often within ten minutes is a machine's, or nothing that a fourth answer would help with.
_REPEATS, _REPEATS_WITHIN = 3, dt.timedelta(minutes=10)
# Nobody writes so many messages so fast; a robot that answers answers does.
_FAST, _FAST_WITHIN = 8, dt.timedelta(seconds=30)
# Nobody in need is left without the number to call; beyond so many an hour it is a machine, and told it still now and then.
_EMERGENCIES_AN_HOUR, _EMERGENCY_ANYWAY = 30, dt.timedelta(minutes=10)
# How absent people's telephones and mailboxes begin (folded: no accents, small letters). Within a sentence the same words are a
# resident's question: « j'ai reçu une réponse automatique de la préfecture ».
_AUTOMATIC = re.compile(
    r"\W*(?:(?:ceci est )?(?:un message|une reponse|message|reponse) automatique *(?:[^\w ]|$|d'absence)"
    r"|auto(?:matic)?[- ]?(?:reply|response) *(?:[^\w ]|$)|out of office|i.?m driving with"
    r"|je suis (?:actuellement )?absente? du bureau(?! de)|je (?:conduis|suis en train de conduire)\b.*\bne pas deranger)"
)

# What a message turned out to be, noted in the inbox when its words are erased; else its kind stays as it came.
EMERGENCY, INVITED, TOLD, IGNORED, REFUSED = "emergency", "invited", "told", "ignored", "refused"


class Judgement(str, Enum):
    """What is done with a message."""

    answer = "answer"
    say_too_many = "say_too_many"  # the first one beyond the limit is told so
    over = "over"  # the others get an answer only in an emergency
    ignore = "ignore"  # a machine's


def judge(session: Session, message: IncomingMessage, per_hour: int, is_invited: bool) -> Judgement:
    """Judge a message, no emergency, by what its sender wrote before; ``per_hour`` 0: no limit.

    ``is_invited``: a command, a number or a button that our own answer offers. Of these only the day has a limit.
    """
    if not is_invited and _is_a_machines(session, message):
        return Judgement.ignore
    if not per_hour:
        return Judgement.answer
    kind = IncomingMessage.kind
    too_many = _count(session, message, _DAY, kind != EMERGENCY) > per_hour * 4
    if not is_invited:
        too_many = too_many or _count(session, message, _HOUR, kind.not_in((EMERGENCY, INVITED))) > per_hour
    if not too_many:
        return Judgement.answer
    return Judgement.over if _count(session, message, _HOUR, kind == TOLD) else Judgement.say_too_many


def may_alarm(session: Session, message: IncomingMessage) -> bool:
    """True when an emergency is answered; only other emergencies count."""
    answered = IncomingMessage.kind == EMERGENCY
    return _count(session, message, _HOUR, answered) < _EMERGENCIES_AN_HOUR or not _count(session, message, _EMERGENCY_ANYWAY, answered)


def ignored(session: Session, since: dt.datetime) -> int:
    """How many messages since then got no answer: machines', beyond the limits, after STOP, of a refused number."""
    return _of_kinds(session, since, IGNORED, REFUSED)


def refused(session: Session, since: dt.datetime) -> int:
    """How many messages since then came from numbers that are not written to: short codes, names, abroad, surcharged."""
    return _of_kinds(session, since, REFUSED)


def _of_kinds(session: Session, since: dt.datetime, *kinds: str) -> int:
    found = sa.select(sa.func.count()).where(IncomingMessage.kind.in_(kinds), IncomingMessage.arrived_at >= since)
    return int(session.execute(found).scalar_one())


def _is_a_machines(session: Session, message: IncomingMessage) -> bool:
    text = fold(message.text or "")
    if _AUTOMATIC.match(text) and _count(session, message, _DAY) > 1:  # the first message answers nothing of ours
        return True
    # People say « oui » and « merci » often; machines write sentences.
    is_sentence = message.kind == "text" and len(text.split()) > 1
    if is_sentence and _count(session, message, _REPEATS_WITHIN, IncomingMessage.digest == message.digest) > _REPEATS:
        return True
    return _count(session, message, _FAST_WITHIN) > _FAST


def _count(session: Session, message: IncomingMessage, within: dt.timedelta, *also: object) -> int:
    """How many messages of this conversation arrived within that time before this one, itself included."""
    table = IncomingMessage
    since = (message.arrived_at or utc_now()) - within
    same = table.conversation == message.conversation, table.id <= message.id, table.arrived_at >= since
    return int(session.execute(sa.select(sa.func.count()).where(*same, *also)).scalar_one())
