"""From the outbox to the provider, one message of a conversation at a time."""

import asyncio
import datetime as dt
import logging

from sqlalchemy.orm import Session

from api.channels.port import Channel, Fate, GiveUp, TryLater, Unsubscribed
from api.wiring import Services
from knowledge.delivery import outbox, spending, wishes
from knowledge.delivery.models import SENDING, OutgoingMessage
from knowledge.delivery.outbox import MOST_ATTEMPTS, UNKNOWN
from knowledge.metrics import ATTEMPTS
from knowledge.moments import utc_now
from knowledge.schedules import now_in_paris

logger = logging.getLogger(__name__)

PROVIDER_SECONDS = 20
# By then a provider knows what it took.
DOUBT_SECONDS = 30.0

# Why a message is a dead letter without having been sent; else the provider's reason.
STOPPED, TOO_LATE, TOO_DEAR = "stopped", "too_late", "daily_limit"


async def carry(services: Services, channel: Channel, message: OutgoingMessage, owner: str) -> None:
    """Bring a claimed message out: send it, or, when it may have been sent before, find that out first."""
    await (settle if message.state == SENDING else send)(services, channel, message, owner)


async def send(services: Services, channel: Channel, message: OutgoingMessage, owner: str) -> None:
    """Send a message that ``owner`` has leased and marked as being sent."""
    refused = await asyncio.to_thread(_refused, services, message, owner)
    if not refused:
        await _deliver(services, channel, message, owner)


async def settle(services: Services, channel: Channel, message: OutgoingMessage, owner: str) -> None:
    """Find out what became of a message that was being sent when its process died or the line broke."""
    recipient, body = message.recipient or "", message.body or {}
    try:
        asking = channel.fate(recipient, body, message.key, message.begun_at or message.created_at)
        fate, provider_id = await asyncio.wait_for(asking, PROVIDER_SECONDS)
    except Exception as error:  # it does not answer: ask again, for a while
        fate, provider_id = Fate.unknown, None
        if message.attempts < MOST_ATTEMPTS:
            logger.info("channels: %s does not say what became of a message (%s)", channel.name, type(error).__name__)
            await asyncio.to_thread(_doubt, services, message, owner)
            return
    if fate is Fate.sent:
        await asyncio.to_thread(_sent, services, channel, message, owner, provider_id)
    elif fate is Fate.not_sent:
        # Meanwhile the person may have written STOP, or their question have become one of yesterday.
        await send(services, channel, message, owner)
    else:
        await asyncio.to_thread(_bury, services, message, owner, UNKNOWN)


async def _deliver(services: Services, channel: Channel, message: OutgoingMessage, owner: str) -> None:
    try:
        delivering = channel.deliver(message.recipient or "", message.body or {}, message.key)
        provider_id = await asyncio.wait_for(delivering, PROVIDER_SECONDS)
    except Unsubscribed:
        ATTEMPTS.labels(channel.name, "refused").inc()
        await asyncio.to_thread(_unsubscribe, services, channel, message, owner)
    except GiveUp as error:
        ATTEMPTS.labels(channel.name, "refused").inc()
        await asyncio.to_thread(_bury, services, message, owner, error.reason)
    except TryLater as error:
        ATTEMPTS.labels(channel.name, "doubt" if error.maybe_sent else "later").inc()
        await asyncio.to_thread(_doubt if error.maybe_sent else _try_later, services, message, owner, error)
    except Exception as error:  # a bug of ours or a line cut in the midst: it may have been sent
        ATTEMPTS.labels(channel.name, "doubt").inc()
        logger.error("channels: sending by %s failed (%s)", channel.name, type(error).__name__)
        await asyncio.to_thread(_doubt, services, message, owner)
    else:
        ATTEMPTS.labels(channel.name, "sent").inc()
        await asyncio.to_thread(_sent, services, channel, message, owner, provider_id)


def _refused(services: Services, message: OutgoingMessage, owner: str) -> bool:
    """Bury what may not be sent any more, or not today."""
    with services.sessions.begin() as session:
        stopped = wishes.since(session, message.conversation)
        # The answer to an emergency that was written after STOP leaves (docs/adr/0032); one from before does not.
        if stopped and not (message.urgent and message.created_at > stopped):
            outbox.bury(session, message, owner, STOPPED, erase=True)
            return True
        if message.expires_at and message.expires_at < utc_now():
            outbox.bury(session, message, owner, TOO_LATE)
            return True
        # Once a message, not once a try (what is found not to have left was paid for by the first).
        if message.attempts > 1 or _affords(session, services.settings.sms_daily_segments, message):
            return False
        outbox.bury(session, message, owner, TOO_DEAR)
        return True


def _affords(session: Session, most: int, message: OutgoingMessage) -> bool:
    today = now_in_paris().date()
    affords = spending.spend(session, today, message.channel, message.cost, most, message.urgent)
    if message.cost and spending.alarm(session, today, message.channel, most):
        logger.error("channels: most of the day's %d units of %s are spent; see /staff/messages", most, message.channel)
    return affords


def _sent(services: Services, channel: Channel, message: OutgoingMessage, owner: str, provider_id: str | None) -> None:
    with services.sessions.begin() as session:
        outbox.sent(session, message, owner, provider_id, channel.confirms)


def _try_later(services: Services, message: OutgoingMessage, owner: str, error: TryLater) -> None:
    with services.sessions.begin() as session:
        outbox.try_later(session, message, owner, error.reason, error.after)


def _doubt(services: Services, message: OutgoingMessage, owner: str, _error: TryLater | None = None) -> None:
    with services.sessions.begin() as session:
        outbox.doubt(session, message, owner, DOUBT_SECONDS)


def _bury(services: Services, message: OutgoingMessage, owner: str, reason: str) -> None:
    with services.sessions.begin() as session:
        outbox.bury(session, message, owner, reason)


def _unsubscribe(services: Services, channel: Channel, message: OutgoingMessage, owner: str) -> None:
    with services.sessions.begin() as session:
        outbox.bury(session, message, owner, STOPPED, erase=True)
        wishes.stop(session, channel.name, message.conversation)


def day_ago() -> dt.datetime:
    """From then on an unconfirmed message is taken for delivered."""
    return utc_now() - dt.timedelta(days=1)
