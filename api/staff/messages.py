"""``/staff/messages``: messages of other channels that could not be answered or delivered, to try again or to drop."""

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from api.channels.agents import window_end
from api.staff.guard import require
from api.staff.page import back_to, render
from knowledge.accounts.models import Account
from knowledge.audit import audit
from knowledge.delivery import abuse, dead_letters, spending
from knowledge.delivery.models import OutgoingMessage
from knowledge.moments import utc_now
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
    if not 0 < number < 2**63:
        return _page(request, 409, "message_gone")
    with request.app.state.services.sessions.begin() as session:
        ends = _window_end(request, session, number) if way == "out" else None
        if what == "message.again" and ends and ends < utc_now():
            return _page(request, 409, "message_late")
        again = what == "message.again" and dead_letters.again(session, way, number, ends)
        if again or (what == "message.dropped" and dead_letters.drop(session, way, number)):
            audit(session, account, what, f"{way}/{number}")
            return back_to(PAGE, what)
    return _page(request, 409, "message_gone")


def _window_end(request: Request, session: Session, number: int) -> dt.datetime | None:
    letter = session.get(OutgoingMessage, number)
    return window_end(session, request.app.state.channels.by_name.get(letter.channel), letter.conversation) if letter else None


def _page(request: Request, status_code: int = 200, problem: str | None = None) -> Response:
    services = request.app.state.services
    now = now_in_paris()
    with services.sessions() as session:
        letters, spent = dead_letters.listed(session), spending.spent(session, now.date())
        ignored = abuse.ignored(session, now.replace(hour=0, minute=0, second=0, microsecond=0))
    most = services.settings.sms_daily_segments
    shown = {"letters": letters, "spent": spent, "most": most, "ignored": ignored, "problem": problem}
    return render(request, "messages.html", status_code, page="messages", words=said, **shown)


def said(body: Any) -> str:
    """Return what a person would have read of ``body``, whatever its channel's shape; a message of cards has their titles."""
    if isinstance(body, list):
        return " · ".join(filter(None, map(said, body)))
    if not isinstance(body, dict):
        return ""
    found = next((body[name] for name in ("text", "body", "title") if isinstance(body.get(name), str)), "")
    return found or next(filter(None, map(said, body.values())), "")
