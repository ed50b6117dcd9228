"""Asking for a person: the call-back request, and what an agent then writes in the conversation."""

import datetime as dt
import uuid
from typing import Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field, StrictBool, StrictStr

from api.chat import Body, ConversationId
from api.errors import ApiError
from api.wiring import Services
from knowledge.handover import callbacks, talks
from knowledge.handover.callbacks import CallbackRefused

router = APIRouter(tags=["conversation"])


class CallbackBody(Body):
    """Who wants to be called back, about what. With ``here``, an answer in the conversation will do."""

    first_name: StrictStr
    phone: StrictStr = ""
    subject: StrictStr
    consent: StrictBool
    conversation_id: ConversationId | None = None  # type: ignore[valid-type]
    here: StrictBool = False
    request_id: uuid.UUID | None = Field(None, description="the same id twice leaves one request")


class CallbackAnswer(BaseModel):
    state: Literal["waiting"]


class TalkMessageView(BaseModel):
    number: int = Field(description="counts from 1 in a conversation")
    author: Literal["resident", "agent"]
    text: str
    at: dt.datetime


class TalkAnswer(BaseModel):
    """``open``: an agent writes and the bot is silent; ``waiting``: a person was asked for; ``closed``: it is over."""

    state: talks.State
    messages: list[TalkMessageView]


@router.post("/api/callbacks", status_code=201, response_model=CallbackAnswer)
def ask_for_a_call(request: Request, body: CallbackBody) -> dict[str, Any]:
    """Leave a request to hear from a person of the PIMMS."""
    given = body.dict(exclude={"conversation_id", "request_id"})
    try:
        leave(request, body.request_id, conversation=body.conversation_id, **given)
    except CallbackRefused as refused:
        raise ApiError(422, "invalid_request", message_of(next(iter(refused.problems.values())))) from None
    return {"state": "waiting"}


@router.get("/api/conversations/{conversation_id}/messages", response_model=TalkAnswer)
def talk_messages(
    request: Request,
    response: Response,
    conversation_id: str = Path(..., max_length=64),
    after: int = Query(0, ge=0, le=2**31 - 1, description="number of the last message already known"),
) -> dict[str, Any]:
    """Return what an agent and the person wrote to each other, and whether an agent still writes."""
    response.headers["Cache-Control"] = "no-store"
    return talk_of(request, conversation_id, after)


def leave(request: Request, request_id: uuid.UUID | None, **given: Any) -> None:
    """Put a request into the agents' queue. Raises CallbackRefused."""
    asked = callbacks.check(**given)
    services: Services = request.app.state.services
    with services.sessions.begin() as session:
        callbacks.leave(session, asked, str(request_id) if request_id else None)


def talk_of(request: Request, conversation_id: str, after: int = 0) -> dict[str, Any]:
    """Return the state of an agent's part in the conversation and the messages since number ``after``."""
    services: Services = request.app.state.services
    with services.sessions() as session:
        # The state first: with « closed » come all messages that were written before the end.
        state = talks.state(session, conversation_id)
        written = talks.messages(session, conversation_id, after)
    return {"state": state, "messages": [{"number": m.number, "author": m.author, "text": m.text, "at": m.at} for m in written]}


def new_id() -> str:
    """What makes a form that is sent twice one request."""
    return str(uuid.uuid4())


def message_of(code: str) -> str:
    """The name in ``web/errors.yml`` of what is wrong with a field."""
    return f"callback_{code}"
