"""``/staff/messages``: messages of other channels that could not be answered or delivered, to try again or to drop."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response

from api.staff.guard import require
from api.staff.page import back_to, render
from knowledge.accounts.models import Account
from knowledge.audit import audit
from knowledge.delivery import abuse, dead_letters, spending
from knowledge.schedules import now_in_paris

PAGE = "/staff/messages"
Way = Literal["in", "out"]

router = APIRouter()
Editor = Annotated[Account, Depends(require("editor"))]


@router.get(PAGE)
def messages_page(request: Request, account: Editor) -> Response:
    """Dead letters, oldest first, and what was sent today."""
    return _page(request)


@router.post(PAGE + "/{way}/{number}/recommencer")
def again(request: Request, account: Editor, way: Way, number: int) -> Response:
    """Try it once more, from the start."""
    return _decide(request, account, "message.again", way, number)


@router.post(PAGE + "/{way}/{number}/effacer")
def drop(request: Request, account: Editor, way: Way, number: int) -> Response:
    """Forget it."""
    return _decide(request, account, "message.dropped", way, number)


def _decide(request: Request, account: Account, what: str, way: Way, number: int) -> Response:
    change = dead_letters.again if what == "message.again" else dead_letters.drop
    known = 0 < number < 2**63
    with request.app.state.services.sessions.begin() as session:
        if known and change(session, way, number):
            audit(session, account, what, f"{way}/{number}")
            return back_to(PAGE, what)
    return _page(request, 409, "message_gone")


def _page(request: Request, status_code: int = 200, problem: str | None = None) -> Response:
    services = request.app.state.services
    now = now_in_paris()
    with services.sessions() as session:
        letters, spent = dead_letters.listed(session), spending.spent(session, now.date())
        ignored = abuse.ignored(session, now.replace(hour=0, minute=0, second=0, microsecond=0))
    most = services.settings.sms_daily_segments
    shown = {"letters": letters, "spent": spent, "most": most, "ignored": ignored, "problem": problem}
    return render(request, "messages.html", status_code, page="messages", words=_words, **shown)


def _words(body: Any) -> str:
    """Return what a person would have read of ``body``, whatever its channel's shape; a message of cards has their titles."""
    if isinstance(body, list):
        return " · ".join(filter(None, map(_words, body)))
    if not isinstance(body, dict):
        return ""
    said = next((body[name] for name in ("text", "body", "title") if isinstance(body.get(name), str)), "")
    return said or next(filter(None, map(_words, body.values())), "")
