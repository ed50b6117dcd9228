"""A message that comes twice, from a network that lost the answer, is answered once (``knowledge/once.py``).

While the database fails this process remembers by itself (``OwnAnswers``): a repetition that reaches it is answered once.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from api.errors import RETRY_SECONDS, ApiError
from api.own_answers import BEING_MADE
from api.wiring import Services
from knowledge import once as kept
from knowledge.outages import note

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 15.0
_FAILED = "error"


async def once(
    services: Services,
    request_id: uuid.UUID | None,
    conversation: str,
    make: Callable[[], Awaitable[dict[str, Any]]],
    erased: Callable[[], Awaitable[Any]],
) -> dict[str, Any]:
    """Return the answer that ``make`` gives, or the one that it gave to the same ``request_id`` before.

    A second request waits for the answer of the first. Raises ApiError 503 when that takes too long. ``erased`` is
    called when ``conversation`` was erased while its answer was being made: what the answer has written goes too.
    """
    if request_id is None:
        return await make()
    key = str(request_id)
    if (known := await _known(services, key, conversation)) is not None:
        return known
    try:
        reply = await make()
    except BaseException:
        _end(services, key, None)
        raise
    # An apology is no answer: the next try may go better.
    if not _end(services, key, None if reply["outcome"] == _FAILED else reply):
        await erased()
    return reply


async def _known(services: Services, key: str, conversation: str) -> dict[str, Any] | None:
    """The answer that somebody else gave or is giving; None when it is for this request to make it."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            answer = _look(services, key, conversation)
        except kept.Erased:
            break
        except KeyError:  # given up meanwhile: taken on at the next look
            continue
        if answer is not BEING_MADE:
            return answer
        await asyncio.sleep(_LOOK_SECONDS)
    raise ApiError(503, "unavailable", retry_after=RETRY_SECONDS)


def _look(services: Services, key: str, conversation: str) -> dict[str, Any] | None:
    """The answer, ``BEING_MADE``, or None: the message is taken on. Raises KeyError and Erased."""
    if key in services.answers:
        return services.answers.of(key)
    try:
        with services.sessions.begin() as session:
            if kept.take_on(session, key, conversation):
                return None
            answer = kept.answered(session, key)
            return BEING_MADE if answer is None else answer
    except SQLAlchemyError as error:
        note(logger, "this process remembers alone what it answered", error)
        services.answers.take_on(key, conversation)
        return None


def _end(services: Services, key: str, reply: dict[str, Any] | None) -> bool:
    """False when the conversation was erased meanwhile."""
    if key in services.answers:
        return services.answers.end(key, reply)
    try:
        with services.sessions.begin() as session:
            return kept.give_up(session, key) if reply is None else kept.keep(session, key, reply)
    except SQLAlchemyError as error:  # the person has their answer: a repetition must not be answered anew
        note(logger, "this process remembers alone what it answered", error)
        if reply is not None:
            services.answers.take_on(key, reply["conversation_id"])
            services.answers.end(key, reply)
        return True
