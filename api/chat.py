"""POST /api/chat, erasure and feedback."""

import asyncio
import datetime as dt
import secrets
import uuid
from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Extra, Field, StrictBool, StrictStr, constr, validator
from starlette.responses import JSONResponse

from api.errors import ApiError
from api.models import ChatAnswer
from api.once import once
from api.recording import record, record_unhelpful
from api.views import cards
from api.wiring import Services
from bot.engine import Message
from bot.handover import hand_on
from knowledge import personal
from knowledge.database import wipe_journal
from knowledge.feedback import Feedback
from knowledge.figures.counting import Series, count
from knowledge.schedules import now_in_paris
from nlu.french.text import clean

router = APIRouter(tags=["conversation"])

MAX_CHARACTERS = 1000
_WEB = "web"
# Strict types: a number is not a message. `$` alone would let a last line break pass.
CONVERSATION_ID = r"^[A-Za-z0-9_-]{16,64}$(?!\n)"
ConversationId = constr(strict=True, regex=CONVERSATION_ID)


class Body(BaseModel):
    class Config:
        extra = Extra.forbid


class ChatRequest(Body):
    """One message. Without ``conversation_id`` a new conversation begins. ``request_id`` is the sender's for this message:
    sent again with the same one within minutes, it gets the same answer. Without its hyphens it is the id of the
    conversation that begins with it, which can so be erased by a sender whom no answer has reached."""

    message: StrictStr = Field(..., example="jarive pa a lire le courié")
    conversation_id: ConversationId | None = Field(None, example=None)  # type: ignore[valid-type]
    request_id: uuid.UUID | None = None

    @validator("message")
    def _some_text(cls, value: str) -> str:
        if len(value.strip()) > MAX_CHARACTERS:
            raise ValueError(f"at most {MAX_CHARACTERS} characters")
        cleaned = clean(value)
        if not cleaned:
            raise ValueError("an empty message")
        return cleaned


class FeedbackRequest(Body):
    """Was the answer helpful?"""

    conversation_id: ConversationId  # type: ignore[valid-type]
    helpful: StrictBool
    comment: constr(strict=True, max_length=MAX_CHARACTERS) | None  # type: ignore[valid-type]


@router.post("/api/chat", response_model=ChatAnswer)
async def chat(request: Request, body: ChatRequest) -> Response:
    """Answer one message in French, with the actions that fit, best first."""
    services: Services = request.app.state.services
    begins = body.request_id.hex if body.request_id else new_conversation_id()
    conversation = body.conversation_id or begins
    reply = await once(
        services,
        body.request_id,
        conversation,
        lambda: answer(
            services, body.message, body.conversation_id, begins=begins, message_id=body.request_id.hex if body.request_id else None
        ),
        lambda: forget(services, conversation, [body.message]),
    )
    # Not through ``ChatAnswer``: it has this shape already (tests/api/test_chat_api.py), and checking it anew takes a millisecond.
    return JSONResponse(reply)


async def answer(
    services: Services,
    message: str,
    conversation_id: str | None,
    channel: str = _WEB,
    begins: str | None = None,
    message_id: str | None = None,
) -> dict[str, Any]:
    """Return the answer of the contract for one cleaned message (1 to 1000 characters). ``begins``: the id of the
    conversation that begins when there is none; ``message_id``: the one that it keeps when it is sent again."""
    asked = Message(conversation_id or begins or new_conversation_id(), message, channel, message_id)
    held = hand_on(services.sessions, asked)
    reply = held or await services.engine.respond(asked)
    await record(services, asked, reply, first=conversation_id is None, held=held is not None)
    return {
        "conversation_id": reply.conversation_id,
        "outcome": reply.outcome,
        "messages": [
            {"text": said.text, "quick_replies": [{"title": q.title, "payload": q.payload} for q in said.quick_replies]}
            for said in reply.messages
        ],
        "actions": cards(services, reply.actions),
    }


def new_conversation_id() -> str:
    """192 random bits: nobody reads another person's conversation by guessing."""
    return secrets.token_urlsafe(24)


@router.delete("/api/conversations/{conversation_id}", status_code=204, response_class=Response)
async def erase(request: Request, conversation_id: str) -> Response:
    """Forget a conversation and what was asked of people in it; the same answer when it is already gone."""
    await forget(request.app.state.services, conversation_id)
    return Response(status_code=204)


async def forget(services: Services, conversation_id: str, said: Iterable[str] = ()) -> None:
    """Erase a conversation everywhere (``knowledge/personal.py``). ``said``: words of it whose turn may be erased already."""
    services.engine.catch_up()  # what waits in memory is written first, so that what hangs on its words is found
    await asyncio.to_thread(_forget, services, conversation_id, said)
    # After the messages that are being answered; and what the engine has in memory.
    await forget_traces(services, conversation_id)


async def forget_traces(services: Services, conversation_id: str) -> None:
    """Erase what is left of a conversation whose rows are gone: in this process's memory, and in the database's journal."""
    services.answers.erase(conversation_id)
    await services.engine.erase(conversation_id)
    services.search.forget()
    await asyncio.to_thread(wipe_journal, services.database)


def _forget(services: Services, conversation_id: str, said: Iterable[str]) -> None:
    with services.sessions.begin() as session:
        personal.erase(session, conversation_id, said)


@router.post("/api/feedback", status_code=204, response_class=Response)
async def feedback(request: Request, body: FeedbackRequest) -> Response:
    """Keep whether an answer helped, and the question that it did not help with."""
    services: Services = request.app.state.services
    if body.comment is not None and not clean(body.comment):
        raise ApiError(422, "invalid_request", "comment_empty")
    with services.sessions.begin() as session:
        session.add(
            Feedback(
                id=str(uuid.uuid4()),
                conversation=body.conversation_id,
                helpful=body.helpful,
                comment=clean(body.comment) if body.comment else None,
                created_at=dt.datetime.now(dt.timezone.utc),
            )
        )
        count(session, now_in_paris(), _WEB, [(Series.feedback, "helpful" if body.helpful else "unhelpful")])
    if not body.helpful:
        await record_unhelpful(services, body.conversation_id)
    return Response(status_code=204)
