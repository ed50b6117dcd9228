"""``/staff/rappels`` and ``/staff/conversations``: residents who asked for a person, and answering them."""

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any

from babel.dates import format_timedelta
from fastapi import APIRouter, Depends, Form, Query, Request, Response
from sqlalchemy.orm import Session

from api.callbacks import new_id
from api.channels.agents import carry_words, out_of_reach
from api.errors import ApiError
from api.staff.guard import require
from api.staff.messages import said
from api.staff.page import back_to, render
from api.wiring import Services
from knowledge import once
from knowledge.accounts.models import Account
from knowledge.audit import audit
from knowledge.delivery import dead_letters
from knowledge.handover import callbacks, talks
from knowledge.handover.models import TAKEN, WAITING, CallbackRequest
from knowledge.models import stable_id
from knowledge.moments import utc_now
from nlu.french.text import clean

QUEUE = "/staff/rappels"
_LOCALE = "fr"

router = APIRouter()
Agent = Annotated[Account, Depends(require("agent"))]
Number = Annotated[int, Query(ge=0, le=2**31 - 1)]


@router.get(QUEUE)
def queue_page(request: Request, account: Agent) -> Response:
    """Who waits, oldest first; what is taken; what was closed lately."""
    return _queue(request, account)


@router.post(QUEUE + "/{request_id}/prendre")
def take(request: Request, request_id: str, account: Agent) -> Response:
    """Take a request, if no colleague was faster."""
    return _act(request, account, "callback.taken", request_id, lambda session: callbacks.take(session, request_id, account))


@router.post(QUEUE + "/{request_id}/noter")
def note(request: Request, request_id: str, account: Agent, text: Annotated[str, Form()] = "") -> Response:
    """Keep a note on a request that the agent took."""
    return _act(request, account, "callback.noted", request_id, lambda session: callbacks.note(session, request_id, account, text))


@router.post(QUEUE + "/{request_id}/clore")
def close(request: Request, request_id: str, account: Agent, text: Annotated[str, Form()] = "") -> Response:
    """End a request that the agent took, with a last note."""

    def noted_and_closed(session: Session) -> bool:
        return callbacks.note(session, request_id, account, text) and callbacks.close(session, request_id, account)

    return _act(request, account, "callback.closed", request_id, noted_and_closed)


@router.post(QUEUE + "/{request_id}/rouvrir")
def reopen(request: Request, request_id: str, account: Agent) -> Response:
    """Put a request back into the queue."""
    return _act(request, account, "callback.reopened", request_id, lambda session: callbacks.reopen(session, request_id))


@router.post(QUEUE + "/{request_id}/ouvrir")
def open_talk(request: Request, request_id: str, account: Agent) -> Response:
    """Begin to write in the conversation of a request that the agent took: the bot is silent from now on."""
    opened = _act(request, account, "talk.opened", request_id, lambda session: talks.open_talk(session, request_id, account))
    return back_to(_conversation(request_id)) if opened.status_code == 303 else opened


@router.get("/staff/conversations/{request_id}")
async def conversation_page(request: Request, request_id: str, account: Agent) -> Response:
    """What the resident and the bot said, and what the agent and the resident write to each other."""
    asked = _theirs(request, request_id, account)
    services: Services = request.app.state.services
    turns = await services.engine.transcript(asked.conversation)
    with services.sessions() as session:
        written, is_open = talks.messages(session, asked.conversation), talks.is_open(session, asked.conversation)
        unsent = dead_letters.unsent(session, asked.conversation)
    shown: dict[str, Any] = {"written": written, "unsent": unsent, "is_open": is_open, "longest": talks.LONGEST_MESSAGE}
    return _render(request, "conversation.html", asked=asked, turns=turns, form_id=new_id(), **shown)


@router.get("/staff/conversations/{request_id}/suite")
def newer_messages(request: Request, request_id: str, account: Agent, after: Number = 0, lost: Number = 0) -> Response:
    """The messages since number ``after``, and what did not leave, when that is not ``lost`` any more; 204 when nothing is new."""
    asked = _theirs(request, request_id, account)
    with request.app.state.services.sessions() as session:
        written, unsent = talks.messages(session, asked.conversation, after), dead_letters.unsent(session, asked.conversation)
    if not written and len(unsent) == lost:
        return Response(status_code=204)
    return _render(request, "talk_messages.html", asked=asked, written=written, unsent=unsent, after=after)


@router.post("/staff/conversations/{request_id}")
def say(
    request: Request, request_id: str, account: Agent, text: Annotated[str, Form()] = "", form_id: Annotated[str, Form()] = ""
) -> Response:
    """Write to the resident. An empty message is none, and so is a second click; one that came after the end is kept in the box."""
    asked, text = _theirs(request, request_id, account), clean(text)
    # Of this form, these words: who goes back and writes others in the same form has not clicked twice.
    click = stable_id("said", asked.id, form_id, text) if form_id else new_id()
    with request.app.state.services.sessions.begin() as session:
        if text and (problem := out_of_reach(request.app.state, session, asked)):
            return _queue(request, account, 409, problem=problem, unsent=text)
        if text and once.take_on(session, click, asked.conversation):
            if not talks.say(session, asked.conversation, account, text):
                once.give_up(session, click)
                return _queue(request, account, 409, problem="talk_over", unsent=text)
            carry_words(request.app.state, session, asked, text)
            once.keep(session, click, {"conversation_id": asked.conversation})
    request.app.state.channels.wake()
    return back_to(f"{_conversation(request_id)}#fin")


@router.post("/staff/conversations/{request_id}/fermer")
def close_talk(request: Request, request_id: str, account: Agent) -> Response:
    """Give the conversation back to the bot; the request stays the agent's."""
    asked = _theirs(request, request_id, account)

    def closed(session: Session) -> bool:
        talks.close(session, asked.conversation)
        return True

    return _act(request, account, "talk.closed", request_id, closed)


def _act(request: Request, account: Account, what: str, request_id: str, change: Callable[[Session], bool]) -> Response:
    """Do ``change`` and note it in the audit, in one transaction; else show the queue as it is now and say why."""
    with request.app.state.services.sessions.begin() as session:
        if change(session):
            audit(session, account, what, request_id)
            return back_to(QUEUE, what)
    return _queue(request, account, 409, problem="not_yours")


def _theirs(request: Request, request_id: str, account: Account) -> CallbackRequest:
    """The request, when ``account`` took it and it has a conversation: nobody else reads it. Else 404."""
    with request.app.state.services.sessions() as session:
        asked = callbacks.find(session, request_id)
    if asked is None or not asked.conversation or asked.state != TAKEN or asked.account_id != account.id:
        raise ApiError(404, "not_found")
    return asked


def _queue(request: Request, account: Account, status_code: int = 200, **context: Any) -> Response:
    with request.app.state.services.sessions() as session:
        asked, closed = callbacks.queue(session), callbacks.lately_closed(session)
    groups = {
        "waiting": [one for one in asked if one.state == WAITING],
        "mine": [one for one in asked if one.state == TAKEN and one.account_id == account.id],
        "colleagues": [one for one in asked if one.state == TAKEN and one.account_id != account.id],
        "closed": closed,
    }
    return _render(request, "callbacks.html", status_code, longest=callbacks.LONGEST_NOTE, **groups, **context)


def _render(request: Request, template: str, status_code: int = 200, **context: Any) -> Response:
    return render(request, template, status_code, page="callbacks", spoken=callbacks.spoken_number, words=said, ago=_ago, **context)


def _ago(moment: dt.datetime) -> str:
    """« il y a 2 heures »."""
    return format_timedelta(moment - utc_now(), add_direction=True, locale=_LOCALE, granularity="minute", threshold=1.2)


def _conversation(request_id: str) -> str:
    return f"/staff/conversations/{request_id}"
