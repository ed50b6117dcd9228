"""A message that comes twice, from a network that lost the answer, is answered once (``knowledge/once.py``)."""

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from api.errors import RETRY_SECONDS, ApiError
from api.wiring import Services
from knowledge import once as kept

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
        with services.sessions.begin() as session:
            if kept.take_on(session, key, conversation):
                return None
            try:
                answer = kept.answered(session, key)
            except KeyError:  # given up meanwhile: taken on at the next look
                continue
            except kept.Erased:
                break
        if answer is not None:
            return answer
        await asyncio.sleep(_LOOK_SECONDS)
    raise ApiError(503, "unavailable", retry_after=RETRY_SECONDS)


def _end(services: Services, key: str, reply: dict[str, Any] | None) -> bool:
    """False when the conversation was erased meanwhile."""
    try:
        with services.sessions.begin() as session:
            return kept.give_up(session, key) if reply is None else kept.keep(session, key, reply)
    except SQLAlchemyError as error:  # the person has their answer; only a repetition would be made anew
        logger.error("once: the database failed (%s)", type(error).__name__)
        return True
