"""The pages that residents see: the chat (also without script), the directory, the notice, errors."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from starlette.templating import Jinja2Templates

from api import callbacks, chat, views
from api.web import links
from api.web.sheet import BLANK, Line, sheet
from knowledge.directory import Directory, Entry
from knowledge.editing.history import last
from knowledge.errors import UnknownAction
from knowledge.schema import Theme
from knowledge.search import Filters

WEB = Path(__file__).parent / "web"
# The counter to ask at when nothing says how to reach an action.
_COUNTER = "pimms"
_SEARCH_RESULTS = 8
_STARTING_SECONDS = 5

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


@router.get("/annuaire")
def directory_page(request: Request, q: Annotated[str, Query()] = "", theme: Annotated[str, Query()] = "") -> HTMLResponse:
    """Everything by theme; what is nearest to ``q``; what bears ``theme``."""
    directory = _directory(request)
    q = q.strip()[: chat.MAX_CHARACTERS]
    if q:
        hits = request.app.state.services.search.find(q, filters=Filters(theme=theme or None), limit=_SEARCH_RESULTS).hits
        groups = [("", [hit.entry for hit in hits])] if hits else []
    else:
        groups = list(_by_theme(directory, theme))
    shown = [(key, [sheet(views.card(entry, directory)) for entry in entries]) for key, entries in groups]
    found = sum(len(sheets) for _, sheets in shown)
    return render(request, "annuaire.html", page="annuaire", q=q, theme=theme, groups=shown, found=found)


@router.get("/annuaire/{action_id}")
def action_page(request: Request, action_id: str) -> HTMLResponse:
    """One action with all that is known of it."""
    directory = _directory(request)
    try:
        entry = directory.entry(action_id)
    except UnknownAction:
        return error_page(request, 410 if _was_archived(request, action_id) else 404)
    card = views.card(entry, directory)
    return render(request, "fiche.html", page="fiche", sheet=sheet(card), themes=card["themes"], pimms=counter(directory))


@router.get("/mentions")
def notice_page(request: Request) -> HTMLResponse:
    """What is kept, for how long, and by whom."""
    return render(request, "mentions.html", page="mentions", retention_days=request.app.state.services.settings.retention_days)


def error_page(request: Request, status: int, headers: dict[str, str] | None = None) -> HTMLResponse:
    """An error as a page in French, for browsers; ``api.errors`` also calls this for unknown addresses."""
    return render(request, "error.html", page="error", status_code=status, headers=headers, status=status)


def render(request: Request, name: str, status_code: int = 200, headers: dict[str, str] | None = None, **context: Any) -> HTMLResponse:
    """Return a page of the residents' templates."""
    return templates.TemplateResponse(request, name, context, status_code=status_code, headers=headers)


def _chat(request: Request, reply: dict[str, Any] | None = None, conversation_id: str = "", **context: Any) -> HTMLResponse:
    directory = _directory(request)
    conversation_id = reply["conversation_id"] if reply else conversation_id
    pattern = links.pattern(number.number for number in directory.help_numbers)
    return render(
        request,
        "chat.html",
        page="chat",
        blank=BLANK,
        links=partial(links.pieces, source=pattern),
        links_pattern=pattern,
        longest=chat.MAX_CHARACTERS,
        pimms=counter(directory),
        reply=reply,
        conversation_id=conversation_id,
        talk=callbacks.talk_of(request, conversation_id) if conversation_id else None,
        request_id=callbacks.new_id(),
        retention_days=request.app.state.services.settings.retention_days,
        **context,
    )


def _directory(request: Request) -> Directory:
    return request.app.state.services.store.current()


def _was_archived(request: Request, action_id: str) -> bool:
    with request.app.state.services.sessions() as session:
        newest = last(session, "action", action_id)
    return newest is not None and newest.after is None


def counter(directory: Directory) -> list[Line]:
    """The telephone of the counter to ask at, as links; nothing when it is not published."""
    entry = directory.by_id.get(_COUNTER)
    phones = [contact.value for contact in entry.contacts if contact.kind == "phone"] if entry else []
    return [Line(value, links.href(value)) for value in phones[:1]]


def _by_theme(directory: Directory, wanted: str) -> Iterator[tuple[str, list[Entry]]]:
    """Each action once, under its first theme; all that bear ``wanted`` when it is given."""
    if wanted:
        entries = [entry for entry in directory.entries if wanted in entry.action.themes]
        yield from [(wanted, entries)] if entries else []
        return
    groups: dict[str, list[Entry]] = {theme: [] for theme in get_args(Theme)}
    for entry in directory.entries:
        groups[entry.action.themes[0]].append(entry)
    yield from ((theme, entries) for theme, entries in groups.items() if entries)
