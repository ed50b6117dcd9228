"""``/rappel``: the call-back request as a page of its own, which works without script."""

import re
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from api import callbacks
from api.chat import CONVERSATION_ID
from api.errors import messages
from api.pages import render
from knowledge.handover.callbacks import CallbackRefused

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/rappel")
def callback_page(request: Request) -> HTMLResponse:
    """An empty form, for who asks for a call without a conversation."""
    return _page(request)


@router.post("/rappel")
def ask_for_a_call(
    request: Request,
    first_name: Annotated[str, Form()] = "",
    phone: Annotated[str, Form()] = "",
    subject: Annotated[str, Form()] = "",
    consent: Annotated[bool, Form()] = False,
    here: Annotated[bool, Form()] = False,
    conversation_id: Annotated[str, Form()] = "",
    request_id: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """Leave the request and say so; else the form again, with what was filled in and what is wrong."""
    given = {"first_name": first_name, "phone": phone, "subject": subject, "consent": consent, "here": here}
    # An id that nobody gave out belongs to no conversation.
    conversation = conversation_id if re.match(CONVERSATION_ID, conversation_id) else None
    try:
        callbacks.leave(request, _uuid(request_id), conversation=conversation, **given)
    except CallbackRefused as refused:
        problems = {field: messages()[callbacks.message_of(code)] for field, code in refused.problems.items()}
        return _page(request, status_code=422, given=given, problems=problems, conversation_id=conversation)
    return _page(request, sent=True, conversation_id=conversation)


def _page(request: Request, status_code: int = 200, **context: Any) -> HTMLResponse:
    days = request.app.state.services.settings.retention_days
    common = {"page": "rappel", "retention_days": days, "request_id": callbacks.new_id()}
    return render(request, "rappel.html", status_code=status_code, **common, **context)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
