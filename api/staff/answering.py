"""``/staff``: one box, results as one types, and a sheet per action with everything that is known of it."""

from dataclasses import dataclass
from typing import Annotated, Any, get_args

from anyio import from_thread
from babel.dates import format_date
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api import views
from api.chat import new_conversation_id
from api.pages import counter, current_directory
from api.staff import texts
from api.staff.asked import Asked, coming_days, words_of
from api.staff.forms import label
from api.staff.guard import staff_session
from api.staff.page import render
from api.web.sheet import Sheet, french_date, sheet
from api.wiring import Services
from bot.engine import Message, Reply
from knowledge.directory import Entry
from knowledge.editing import history
from knowledge.schema import Public, Quarter
from knowledge.search import Evidence, listed
from nlu.french.text import clean

_RESULTS = 8
# Evidence costs as much as the search in a large directory: the likeliest say why at once, the others on their sheet.
_EXPLAINED = 3
# Less likely ones are folded away: they only look like an answer.
_UNLIKELY = 0.05
# Filters alone may leave thousands; nobody reads on.
_LISTED = 50

router = APIRouter()


@dataclass(frozen=True)
class Found:
    """One result as it is shown; without a search there is neither confidence nor evidence."""

    id: str
    sheet: Sheet
    confidence: float | None = None
    evidence: Evidence | None = None

    @property
    def is_unlikely(self) -> bool:
        return self.confidence is not None and self.confidence < _UNLIKELY


@router.get("/staff")
def answering_page(request: Request, asked: Annotated[Asked, Depends()]) -> Response:
    """The box, the filters, what the assistant decides and what they find; as typing goes on, only the last two (htmx)."""
    services: Services = request.app.state.services
    found, fitting = _found(services, asked)
    results: dict[str, Any] = {"asked": asked, "found": found, "fitting": fitting, "reply": _reply(services, asked.q)}
    if request.headers.get("hx-target") == "results":
        return render(request, "results.html", **results)
    return render(request, "answering.html", page="answering", kept=_kept(request), choices=_choices(), **results)


@router.get("/staff/action/{action_id}")
def action_page(request: Request, action_id: str, retour: str = "") -> Response:
    """Everything known of one action; ``retour`` is the search to go back to."""
    entry, card = _one(request, action_id)
    q = words_of(retour)
    services: Services = request.app.state.services
    evidence = services.search.explain(q, entry.id) if q else None
    with services.sessions() as session:
        changed = history.last(session, "action", entry.id)
    return render(
        request, "action.html", page="answering", id=entry.id, sheet=sheet(card), card=card, retour=retour, evidence=evidence, q=q,
        kept=_kept(request), text=texts.text(card), sms=texts.sms(card, counter(current_directory(request))), longest=texts.LONGEST_SMS,
        seen=changed.number if changed else 0, date=french_date,
    )  # fmt: skip


@router.get("/staff/action/{action_id}/imprimer")
def print_page(request: Request, action_id: str) -> Response:
    """One A4 page for the person to take along."""
    entry, card = _one(request, action_id)
    printed = texts.printed(request.app.state.services.settings, card)
    return render(request, "print.html", printed=[printed], back=f"/staff/action/{entry.id}")


def _one(request: Request, action_id: str) -> tuple[Entry, dict[str, Any]]:
    """An action by slug or UUID, and its card. Raises UnknownAction."""
    directory = request.app.state.services.store.current()
    entry = directory.entry(action_id)
    return entry, views.card(entry, directory)


def _found(services: Services, asked: Asked) -> tuple[list[Found], int]:
    """The likeliest actions for what was typed; without words, the first that the filters leave, and how many they leave."""
    directory = services.store.current()

    def shown(entry: Entry, confidence: float | None = None, explained: bool = False) -> Found:
        evidence = services.search.explain(asked.q, entry.id) if explained else None
        return Found(entry.id, sheet(views.card(entry, directory)), confidence, evidence)

    filters = asked.filters()
    if asked.q:
        hits = services.search.find(asked.q, filters=filters, limit=_RESULTS).hits
        return [shown(hit.entry, hit.confidence, explained=rank < _EXPLAINED) for rank, hit in enumerate(hits)], len(hits)
    fitting, number = listed(directory, filters, limit=_LISTED) if asked.is_filtered else ([], 0)
    return [shown(entry) for entry in fitting], number


def _reply(services: Services, q: str) -> Reply | None:
    """What the assistant would answer to ``q`` as a first message: an emergency and a refusal are no sheet. Nothing of it is kept."""
    said = clean(q)
    if not said or not services.engine.is_ready():
        return None
    return from_thread.run(services.engine.compose, Message(new_conversation_id(), said, "staff")).reply


def _kept(request: Request) -> list[str]:
    return list(staff_session(request).kept)


def _choices() -> dict[str, list[tuple[str, str]]]:
    """What the filters offer: code and French words."""
    return {
        "public": [(code, label("audience.publics", code)) for code in get_args(Public)],
        "quarter": [(code, label("quarter", code)) for code in get_args(Quarter)],
        "day": [(date.isoformat(), format_date(date, "EEEE d MMMM", locale="fr")) for date in coming_days()],
    }
