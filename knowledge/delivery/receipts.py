"""What a provider says later of a message: that it has it, that it arrived, that it did not.

A provider that gives our key back proves that a message left, also when the process died before it heard so.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.delivery import outbox, wishes
from knowledge.delivery.models import DEAD, SENDING, SENT, WAITING, OutgoingMessage
from knowledge.moments import utc_now


@dataclass(frozen=True)
class Receipt:
    """``key``: ours, where the provider gives it back. ``arrived``: None when it only says that it has the message.

    ``unwanted``: the person does not want to be written to.
    """

    channel: str
    provider_id: str
    key: str | None = None
    arrived: bool | None = None
    reason: str | None = None
    unwanted: bool = False


def note(session: Session, receipts: Iterable[Receipt]) -> None:
    """Note receipts inside the caller's transaction; those of messages that are not ours, or gone, change nothing."""
    for receipt in receipts:
        if receipt.key:
            _take_for_sent(session, receipt)
        if receipt.arrived is not None:
            outbox.confirm(session, receipt.channel, receipt.provider_id, receipt.arrived, receipt.reason)
        if receipt.unwanted and (conversation := _conversation(session, receipt)):
            wishes.stop(session, receipt.channel, conversation)


def _take_for_sent(session: Session, receipt: Receipt) -> None:
    """The provider has a message that we did not know of, or not yet, or had given up asking for."""
    in_doubt = sa.or_(
        OutgoingMessage.state.in_((WAITING, SENDING)), sa.and_(OutgoingMessage.state == DEAD, OutgoingMessage.reason == outbox.UNKNOWN)
    )
    ours = sa.update(OutgoingMessage).where(OutgoingMessage.channel == receipt.channel, OutgoingMessage.key == receipt.key, in_doubt)
    sent = {"state": SENT, "provider_id": receipt.provider_id, "reason": None, "owner": None, "leased_until": None, "updated_at": utc_now()}
    session.execute(ours.values(**sent).execution_options(synchronize_session=False))


def _conversation(session: Session, receipt: Receipt) -> str | None:
    found = sa.select(OutgoingMessage.conversation).where(
        OutgoingMessage.channel == receipt.channel, OutgoingMessage.provider_id == receipt.provider_id
    )
    return session.execute(found).scalars().first()
