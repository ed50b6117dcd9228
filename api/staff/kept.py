"""``/staff/liste``: actions set aside for the person at the counter, in the agent's session alone."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api import views
from api.pages import counter
from api.staff import texts
from api.staff.answering import Found
from api.staff.guard import staff_session
from api.staff.page import back_to, render
from api.web.sheet import sheet
from knowledge.accounts.models import StaffSession
from knowledge.directory import Entry

_MOST = 20
_HERE = "/staff/liste"

router = APIRouter()


@router.get(_HERE)
def kept_page(request: Request) -> Response:
    """The list, and the ways to hand it on."""
    directory, entries = request.app.state.services.store.current(), _entries(request)
    cards = [views.card(entry, directory) for entry in entries]
    found = [Found(entry.id, sheet(card)) for entry, card in zip(entries, cards, strict=True)]
    text, sms = "\n\n\n".join(map(texts.text, cards)), "\n\n".join(texts.sms(card, counter(directory)) for card in cards)
    # An e-mail that cannot hold everything holds the short form; one that cannot hold that either is filled in by hand.
    linked = next((one for one in (text, sms) if texts.fits_link(one)), None)
    return render(request, "kept.html", page="answering", found=found, text=text, mail=linked, sms=sms if texts.fits_link(sms) else None)


@router.get(_HERE + "/imprimer")
def print_list(request: Request) -> Response:
    """The list on paper, a page each."""
    services = request.app.state.services
    directory = services.store.current()
    printed = [texts.printed(services.settings, views.card(entry, directory)) for entry in _entries(request)]
    return render(request, "print.html", printed=printed, back=_HERE) if printed else back_to(_HERE)


@router.post(_HERE)
def change_list(
    request: Request,
    action_id: Annotated[str, Form()] = "",
    remove: Annotated[bool, Form()] = False,
    empty: Annotated[bool, Form()] = False,
    here: Annotated[bool, Form()] = False,
) -> Response:
    """Add an action, remove it, or empty the list. Doing it twice changes nothing more."""
    services = request.app.state.services
    known = services.store.current().by_id
    with services.sessions.begin() as session:
        mine = session.get(StaffSession, staff_session(request).id)
        others = [kept for kept in mine.kept if kept != action_id and kept in known and not empty]
        mine.kept = others if remove or empty or action_id not in known else [*others, action_id][-_MOST:]
    if here or empty or action_id not in known:
        return back_to(_HERE)
    return back_to(f"/staff/action/{action_id}", "unkept" if remove else "kept")


def _entries(request: Request) -> list[Entry]:
    """The list's actions that still exist, in the order in which they were added."""
    known = request.app.state.services.store.current().by_id
    return [known[action_id] for action_id in staff_session(request).kept if action_id in known]
