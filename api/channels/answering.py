"""From one stored message to its answer in the outbox: decided, composed, then written in one transaction.

What the engine remembers, the answer and the mark « done » are committed together or not at all: after a
crash the message is answered anew, from where the conversation stood (docs/adr/0020).
"""

import asyncio
import datetime as dt
import logging
from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.channels.agents import leave_call
from api.channels.commands import read_command
from api.channels.port import Body, Channel, Command
from api.channels.wording import notice
from api.chat import forget_traces
from api.recording import record
from api.views import cards
from api.wiring import Services
from bot.engine import Draft, Message
from bot.handover import agent_answers
from knowledge import personal
from knowledge.delivery import abuse, inbox, kept, outbox, wishes
from knowledge.delivery.abuse import Judgement
from knowledge.delivery.models import IncomingMessage
from knowledge.handover import talks
from knowledge.metrics import ANSWERED_SECONDS
from knowledge.moments import utc_now
from nlu.french.distress import read_distress
from nlu.french.text import clean

logger = logging.getLogger(__name__)

LONGEST = 1000
ENGINE_SECONDS = 30
# What nobody took from the outbox by then answers a question of yesterday.
_STALE = dt.timedelta(hours=24)
_PAUSE_SECONDS = 2.0
_MARK_SECONDS = 3


@dataclass
class _Asked:
    """A message as it is answered: its words (of a number, the payload behind it), and who answers."""

    said: str  # what the person wrote
    text: str
    command: Command | None
    judgement: Judgement
    barred: bool  # nothing may be written back, whatever was asked
    stopped: bool  # wants no messages: only the answer to an emergency is written (docs/adr/0032)
    may_alarm: bool  # an emergency that only the engine sees is answered beyond the limits
    returns: bool  # wanted no messages until now
    talk_open: bool
    emergency: bool
    invited: bool  # a command, a number or a button that an answer of ours offers
    first: bool

    @property
    def silent(self) -> bool:
        """Nothing but an emergency is answered. Whom an agent hears is not told to wait."""
        limited = self.judgement is Judgement.say_too_many and self.talk_open
        return self.barred or self.stopped or limited or self.judgement in (Judgement.over, Judgement.ignore)


class LeaseLost(Exception):
    """Somebody else answers the message: nothing of ours may be written."""


async def answer(services: Services, channel: Channel, message: IncomingMessage, owner: str) -> None:
    """Answer a message that ``owner`` has leased. What fails is put off and tried again."""
    if message.attempts > inbox.MOST_ATTEMPTS:  # nobody lived to put it off: it ends its process, and would for ever
        logger.error("channels: a message of %s ended its process %d times; it is given up", channel.name, inbox.MOST_ATTEMPTS)
        await asyncio.to_thread(_put_off, services, channel, message, owner)
        return
    try:
        asked = await asyncio.to_thread(_look, services, channel, message)
        draft, _ = await asyncio.gather(_compose(services, channel, message, asked), _mark_as_seen(channel, message, asked))
        await asyncio.to_thread(_write, services, channel, message, owner, asked, draft)
        if asked.command == "erase":
            await forget_traces(services, message.conversation)
    except LeaseLost:
        return
    except Exception as error:  # the loop goes on with others' messages; the text may quote a person
        logger.error("channels: a message of %s could not be answered (%s); it is tried again", channel.name, type(error).__name__)
        await asyncio.to_thread(_put_off, services, channel, message, owner)
        return
    ANSWERED_SECONDS.labels(channel.name).observe((utc_now() - message.arrived_at).total_seconds())
    if draft:
        await record(services, _message(channel, message, asked), draft.reply, first=asked.first, held=asked.talk_open)


def _look(services: Services, channel: Channel, message: IncomingMessage) -> _Asked:
    """Read what decides about a message."""
    text = clean(message.text or "")[:LONGEST]
    emergency = read_distress(text) is not None
    command = read_command(text, channel.commands)
    with services.sessions() as session:
        talk_open = talks.is_open(session, message.conversation)
        # A number is the agent's to understand while one is there.
        payload = None if talk_open else kept.chosen(session, message.conversation, text)
        invited = bool(command or payload or text.startswith("/"))  # a tapped button's payload
        may_alarm = abuse.may_alarm(session, message)
        if emergency:
            judgement = Judgement.answer if may_alarm else Judgement.ignore
        else:
            judgement = abuse.judge(session, message, services.settings.channel_rate_limit, invited)
        stopped = wishes.has_stopped(session, message.conversation)
        # Where there is a word to come back only that word does; elsewhere whoever writes by themselves wants an answer.
        returns = stopped and (command == "start" or "start" not in channel.commands.values())
        return _Asked(
            said=text,
            text=payload or text,
            command=command,
            judgement=judgement,
            barred=not channel.accepts(message.sender or ""),
            stopped=stopped and not returns,
            may_alarm=may_alarm,
            returns=returns,
            talk_open=talk_open,
            emergency=emergency,
            invited=invited,
            first=inbox.is_first_of_all(session, message),
        )


async def _compose(services: Services, channel: Channel, message: IncomingMessage, asked: _Asked) -> Draft | None:
    """Ask the engine, when it is its turn."""
    agent_alone = asked.talk_open and not asked.emergency
    if asked.command or not asked.text or agent_alone or asked.barred or asked.judgement is Judgement.ignore:
        return None
    draft = await asyncio.wait_for(services.engine.compose(_message(channel, message, asked)), ENGINE_SECONDS)
    # Beyond the limits and after STOP the engine is listened to all the same: it sees more emergencies than the unmistakable ones.
    wanted = (asked.judgement is Judgement.answer and not asked.stopped) or (draft.reply.outcome == "emergency" and asked.may_alarm)
    return draft if wanted else None


def _write(services: Services, channel: Channel, message: IncomingMessage, owner: str, asked: _Asked, draft: Draft | None) -> None:
    """Mark the message, remember the turn and queue the answer, together. Raises LeaseLost."""
    recipient = message.sender or ""
    with services.sessions.begin() as session:
        urgent = draft is not None and draft.reply.outcome == "emergency"
        if not inbox.finish(session, message, owner, _kind(asked, urgent)):
            raise LeaseLost
        bodies = _bodies(services, session, channel, message, asked, draft)
        expires_at = message.arrived_at + min(channel.window or _STALE, _STALE)
        priced = [(body, channel.cost(body)) for body in bodies]
        outbox.add(session, channel.name, message.conversation, recipient, priced, message.id, urgent, expires_at)


def _bodies(
    services: Services, session: Session, channel: Channel, message: IncomingMessage, asked: _Asked, draft: Draft | None
) -> list[Body]:
    """Do what the message asks for and return what is to be sent now."""
    conversation, recipient = message.conversation, message.sender or ""
    # Limits are for what the bot sends: an agent at the line reads everything.
    heard = asked.talk_open and bool(asked.said) and talks.hear(session, conversation, asked.said)
    if asked.command == "stop":
        wishes.stop(session, channel.name, conversation)
        return []
    if asked.command == "erase":
        personal.erase(session, conversation, up_to=message.id)
    if asked.returns:
        wishes.start(session, conversation)
    if asked.silent and draft is None:
        return []
    if asked.judgement is Judgement.say_too_many and draft is None:
        return channel.plain(notice(services, "too_many"))
    if asked.command == "more":
        return kept.more(session, conversation, channel.at_once) or channel.plain(notice(services, "no_more"))
    if asked.command == "call":
        asks_first = leave_call(services, session, channel.name, conversation, recipient)
        return channel.plain(notice(services, "call" if asks_first else "call_again", channel.name))
    if asked.command:
        return channel.plain(notice(services, asked.command))
    if not asked.text:
        return channel.attachment()
    if draft is None and not heard:
        raise RuntimeError("the agent has just left")  # the bot answers at the next try
    if draft is None:
        return channel.plain(agent_answers(channel.name))
    draft.remember(session)
    rendered = channel.render(draft.reply, cards(services, draft.reply.actions))
    return kept.keep(session, conversation, rendered, channel.at_once)


def _kind(asked: _Asked, urgent: bool) -> str | None:
    """What the limits of later messages count this one as."""
    if urgent or (asked.emergency and not asked.silent):
        return abuse.EMERGENCY
    if asked.barred:
        return abuse.REFUSED
    if asked.talk_open:
        return abuse.INVITED
    if asked.silent:
        return abuse.IGNORED
    if asked.judgement is Judgement.say_too_many:
        return abuse.TOLD
    return abuse.INVITED if asked.invited else None


def _message(channel: Channel, message: IncomingMessage, asked: _Asked) -> Message:
    return Message(message.conversation, asked.text, channel.name)


async def _mark_as_seen(channel: Channel, message: IncomingMessage, asked: _Asked) -> None:
    if asked.silent or asked.command == "stop":  # three dots promise an answer
        return
    try:
        await asyncio.wait_for(channel.seen(message.sender or "", message.provider_id), _MARK_SECONDS)
    except Exception as error:  # a mark is a courtesy
        logger.info("channels: %s did not take a mark (%s)", channel.name, type(error).__name__)


def _put_off(services: Services, channel: Channel, message: IncomingMessage, owner: str) -> None:
    """Let it wait; when it was tried often enough it is a dead letter, and the person is told."""
    with services.sessions.begin() as session:
        mine = inbox.put_off(session, message, owner, _PAUSE_SECONDS * 2**message.attempts)
        unwanted = wishes.has_stopped(session, message.conversation) and read_distress(clean(message.text or "")) is None
        if mine and message.attempts >= inbox.MOST_ATTEMPTS and not unwanted:
            priced = [(body, channel.cost(body)) for body in channel.plain(notice(services, "failed"))]
            outbox.add(session, channel.name, message.conversation, message.sender or "", priced, urgent=True)
