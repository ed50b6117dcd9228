"""Call-back requests: checked, left, queued, taken by one agent, noted, closed. All inside the caller's transaction."""

import uuid
from dataclasses import dataclass

import phonenumbers
import sqlalchemy as sa
from phonenumbers import PhoneNumberType
from sqlalchemy.orm import Session

from knowledge.accounts.models import Account
from knowledge.errors import KnowledgeError
from knowledge.handover import talks
from knowledge.handover.models import CLOSED, TAKEN, WAITING, CallbackRequest
from knowledge.moments import utc_now
from knowledge.upsert import insert
from nlu.french.text import clean

LONGEST_NAME, LONGEST_SUBJECT, LONGEST_NOTE = 60, 500, 2000
_COUNTRY = "FR"
# Numbers that an agent may be asked to call: of France and its overseas territories, without surcharge.
_REGIONS = {_COUNTRY, "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "NC", "PF", "WF"}
_KINDS = {PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP}
_CLOSED_SHOWN = 20


class CallbackRefused(KnowledgeError, ValueError):
    """What was filled in is not enough; ``problems`` gives each field's reason as a code."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(f"refused: {', '.join(problems)}")
        self.problems = problems


@dataclass(frozen=True)
class Asked:
    """A valid request. ``phone`` is E.164, or None for who waits for the answer in the conversation.

    ``channel`` and ``address``: where that conversation is, when it is not on our pages.
    """

    first_name: str
    phone: str | None
    subject: str
    conversation: str | None
    channel: str | None = None
    address: str | None = None


def check(first_name: str, phone: str, subject: str, consent: bool, conversation: str | None, here: bool = False) -> Asked:
    """Return the request with clean values. ``here``: an answer in the conversation will do, without a number.

    Raises CallbackRefused with every field's problem.
    """
    first_name, subject = clean(first_name), clean(subject)
    number = french_number(phone)
    by_phone = bool(phone.strip()) or not (here and conversation)
    wrong = {
        "first_name": (not first_name or len(first_name) > LONGEST_NAME) and "first_name",
        "phone": by_phone and number is None and "phone",
        "subject": (not subject and "subject_empty") or (len(subject) > LONGEST_SUBJECT and "subject_long"),
        "consent": not consent and "consent",
    }
    problems = {field: str(code) for field, code in wrong.items() if code}
    if problems:
        raise CallbackRefused(problems)
    return Asked(first_name, number, subject, conversation)


def french_number(written: str) -> str | None:
    """Return a French telephone number as E.164, however it is written; None for any other.

    >>> french_number("06.12 34 56 78"), french_number("112")
    ('+33612345678', None)
    """
    try:
        number = phonenumbers.parse(written, _COUNTRY)
    except phonenumbers.NumberParseException:
        return None
    callable_ = phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in _KINDS
    if not callable_ or phonenumbers.region_code_for_number(number) not in _REGIONS:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def spoken_number(phone: str) -> str:
    """« 06 12 34 56 78 », as people read it."""
    return phonenumbers.format_number(phonenumbers.parse(phone), phonenumbers.PhoneNumberFormat.NATIONAL)


def leave(session: Session, asked: Asked, request_id: str | None = None) -> None:
    """Put a request into the queue. The same ``request_id`` (a UUID of the form) twice leaves one."""
    values = {**vars(asked), "id": request_id or str(uuid.uuid4()), "note": "", "state": WAITING}
    now = utc_now()
    session.execute(insert(session, CallbackRequest).values(**values, consented_at=now, created_at=now).on_conflict_do_nothing())


def queue(session: Session) -> list[CallbackRequest]:
    """What is not closed: those nobody has taken first, oldest first."""
    open_ = sa.select(CallbackRequest).where(CallbackRequest.state != CLOSED)
    return list(session.execute(open_.order_by(CallbackRequest.state.desc(), CallbackRequest.created_at)).scalars())


def lately_closed(session: Session) -> list[CallbackRequest]:
    """The last that were closed, newest first."""
    closed = sa.select(CallbackRequest).where(CallbackRequest.state == CLOSED)
    return list(session.execute(closed.order_by(CallbackRequest.closed_at.desc()).limit(_CLOSED_SHOWN)).scalars())


def find(session: Session, request_id: str) -> CallbackRequest | None:
    return session.get(CallbackRequest, request_id)


def take(session: Session, request_id: str, account: Account) -> bool:
    """Give the request to ``account``; False when a colleague was faster."""
    return _move(session, request_id, WAITING, state=TAKEN, account_id=account.id, taken_at=utc_now())


def note(session: Session, request_id: str, account: Account, text: str) -> bool:
    """Keep what ``account`` notes about a request that it took; False when it is not theirs."""
    return _move(session, request_id, TAKEN, account, note=text.strip()[:LONGEST_NOTE])


def close(session: Session, request_id: str, account: Account) -> bool:
    """End a request that ``account`` took, and the agent's part in its conversation; False when it is not theirs."""
    closed = _move(session, request_id, TAKEN, account, state=CLOSED, closed_at=utc_now())
    if closed:
        _leave_talk(session, request_id)
    return closed


def reopen(session: Session, request_id: str) -> bool:
    """Put a request back into the queue, for anybody; False when it waits there already."""
    back = sa.update(CallbackRequest).where(CallbackRequest.id == request_id, CallbackRequest.state != WAITING)
    done = session.execute(back.values(state=WAITING, account_id=None, taken_at=None, closed_at=None)).rowcount == 1
    if done:
        _leave_talk(session, request_id)
    return done


def _move(session: Session, request_id: str, only_in: str, account: Account | None = None, **values: object) -> bool:
    """Change a request that is ``only_in`` this state (and taken by ``account``), in one statement: two at once cannot both."""
    chosen = sa.update(CallbackRequest).where(CallbackRequest.id == request_id, CallbackRequest.state == only_in)
    if account:
        chosen = chosen.where(CallbackRequest.account_id == account.id)
    return session.execute(chosen.values(**values)).rowcount == 1


def _leave_talk(session: Session, request_id: str) -> None:
    request = session.get(CallbackRequest, request_id, populate_existing=True)
    if request and request.conversation:
        talks.close(session, request.conversation)
