"""The pages that residents see: the chat (also without script), the notice, errors. The directory: ``directory_pages.py``."""

import hashlib
import logging
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.templating import Jinja2Templates

from api import callbacks, chat
from api.web import links
from api.web.scripts import bundle
from api.web.sheet import BLANK, Line, sheet
from knowledge.directory import Directory
from knowledge.doors import COUNTER
from knowledge.outages import note

WEB = Path(__file__).parent / "web"
_STARTING_SECONDS = 5

logger = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
templates = Jinja2Templates(WEB / "templates")


@lru_cache
def _static(name: str) -> str:
    """The address of a static file, with its content's digest, so that it may be cached for long."""
    digest = hashlib.sha256((WEB / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


templates.env.globals["static"] = _static


@router.get("/")
def chat_page(request: Request) -> HTMLResponse:
    """An empty conversation."""
    return _chat(request)


@router.post("/")
async def exchange(
    request: Request,
    message: Annotated[str, Form()] = "",
    said: Annotated[str, Form()] = "",
    conversation_id: Annotated[str, Form()] = "",
    erase: Annotated[bool, Form()] = False,
    look: Annotated[bool, Form()] = False,
) -> HTMLResponse:
    """The chat without script. ``said`` is what the tapped button showed, when it was a quick reply; ``look`` asks for
    what an agent wrote meanwhile."""
    if erase:
        await chat.erase(request, conversation_id)
        return _chat(request)
    if look:
        return _chat(request, conversation_id=conversation_id)
    refused = partial(_chat, request, draft=message, conversation_id=conversation_id)
    try:
        asked = chat.ChatRequest(message=message, conversation_id=conversation_id or None)
    except ValidationError as error:
        problem = _problem(message, error)
        # An id that nobody gave out would be refused for ever: the person starts afresh, the text is kept.
        kept = "" if problem == "broken" else conversation_id
        return refused(problem=problem, conversation_id=kept, status_code=422)
    services = request.app.state.services
    if not services.engine.is_ready():
        return refused(problem="starting", status_code=503, headers={"Retry-After": str(_STARTING_SECONDS)})
    reply = await chat.answer(services, asked.message, asked.conversation_id)
    return _chat(request, said=said.strip() or asked.message, reply=reply, sheets=[sheet(card) for card in reply["actions"]])


def _problem(message: str, error: ValidationError) -> str:
    """The key of what to say (``templates/words.html``)."""
    if not any("message" in found["loc"] for found in error.errors()):
        return "broken"
    return "too-long" if len(message.strip()) > chat.MAX_CHARACTERS else "empty"


@router.get("/accessibilite")
def accessibility_page(request: Request) -> HTMLResponse:
    """What was tested, by whom, and what is not reachable for everyone."""
    return render(request, "accessibilite.html", page="mentions")


@router.get("/mentions")
def notice_page(request: Request) -> HTMLResponse:
    """Who runs the service, and where its facts come from."""
    return render(request, "mentions.html", page="mentions", settings=request.app.state.services.settings)


@router.get("/confidentialite")
def privacy_page(request: Request) -> HTMLResponse:
    """What is kept, why, for how long, by whom, and what a person may ask (RGPD, art. 13)."""
    settings = request.app.state.services.settings
    return render(request, "confidentialite.html", page="mentions", settings=settings, retention_days=settings.retention_days)


def error_page(request: Request, status: int, headers: dict[str, str] | None = None) -> HTMLResponse:
    """An error as a page in French, for browsers; ``api.errors`` also calls this for unknown addresses."""
    return render(request, "error.html", page="error", status_code=status, headers=headers, status=status)


def render(request: Request, name: str, status_code: int = 200, headers: dict[str, str] | None = None, **context: Any) -> HTMLResponse:
    """Return a page of the residents' templates."""
    return templates.TemplateResponse(request, name, context, status_code=status_code, headers=headers)


def _chat(request: Request, reply: dict[str, Any] | None = None, conversation_id: str = "", **context: Any) -> HTMLResponse:
    conversation_id = reply["conversation_id"] if reply else conversation_id
    return render(
        request,
        "chat.html",
        page="chat",
        script=f"/chat.js?v={bundle('chat.js').digest}",
        reply=reply,
        conversation_id=conversation_id,
        talk=_talk(request, conversation_id),
        request_id=callbacks.new_id(),
        **chat_context(request),
        **context,
    )


def _talk(request: Request, conversation_id: str) -> dict[str, Any] | None:
    """What an agent wrote, when there is a conversation and the database answers: the bot's answer is shown without."""
    try:
        return callbacks.talk_of(request, conversation_id) if conversation_id else None
    except SQLAlchemyError as error:
        note(logger, "a page is shown without what an agent wrote", error)
        return None


def chat_context(request: Request) -> dict[str, Any]:
    """What a conversation needs wherever it is shown: patterns, words, the counter to ask at."""
    directory = current_directory(request)
    pattern = links.pattern(number.number for number in directory.help_numbers)
    return {
        "blank": BLANK,
        "links": partial(links.pieces, source=pattern),
        "links_pattern": pattern,
        "longest": chat.MAX_CHARACTERS,
        "pimms": counter(directory),
        "retention_days": request.app.state.services.settings.retention_days,
    }


def current_directory(request: Request) -> Directory:
    """The newest directory."""
    return request.app.state.services.store.current()


def counter(directory: Directory) -> list[Line]:
    """The telephone of the counter to ask at, as links; nothing when it is not published."""
    entry = directory.by_id.get(COUNTER)
    phones = [contact.value for contact in entry.contacts if contact.kind == "phone"] if entry else []
    return [Line(value, links.href(value)) for value in phones[:1]]
