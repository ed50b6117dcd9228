"""``/staff/essai``: what the assistant would answer, from the real engine, in a conversation erased at once."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import ValidationError

from api.chat import ChatRequest, new_conversation_id
from api.staff.page import render
from api.wiring import Services
from bot.engine import Message

router = APIRouter()


@router.post("/staff/essai")
async def try_out(request: Request, message: Annotated[str, Form()] = "") -> Response:
    """Answer ``message`` as a resident's first one. Nothing of it is kept, or counted."""
    template = "trial.html" if "hx-request" in request.headers else "trial_page.html"
    services: Services = request.app.state.services
    try:
        asked = ChatRequest(message=message, conversation_id=None)
    except ValidationError:
        return render(request, template, page="answering", problem="message")
    conversation = new_conversation_id()
    try:
        reply = await services.engine.respond(Message(conversation, asked.message, "staff"))
    finally:
        await services.engine.erase(conversation)
    known = services.store.current().by_id
    titles = [(action_id, known[action_id].action.title) for action_id in reply.actions if action_id in known]
    return render(request, template, page="answering", reply=reply, titles=titles)
