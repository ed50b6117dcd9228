"""``/staff/signalements``: what readers say is wrong in the directory, for editors to correct or to leave."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from api.errors import ApiError
from api.staff.guard import require
from api.staff.page import back_to, render
from knowledge import reports
from knowledge.accounts.models import Account
from knowledge.audit import audit

PAGE = "/staff/signalements"

router = APIRouter(prefix=PAGE)
Editor = Annotated[Account, Depends(require("editor"))]


@router.get("")
def reports_page(request: Request, account: Editor) -> Response:
    """What waits, oldest first; what was decided lately."""
    services = request.app.state.services
    with services.sessions() as session:
        waiting, decided = reports.waiting(session), reports.decided(session)
    entries = services.store.current().by_id
    return render(request, "reports.html", page="reports", waiting=waiting, decided=decided, entries=entries)


@router.post("/{report_id}")
def decide(request: Request, account: Editor, report_id: str, state: Annotated[str, Form()] = "") -> Response:
    """Corrected, nothing to correct, or to be looked at again."""
    if state not in (reports.DONE, reports.IGNORED, reports.OPEN):
        raise ApiError(422, "invalid_request")
    with request.app.state.services.sessions.begin() as session:
        again = state == reports.OPEN
        changed = reports.reopen(session, report_id) if again else reports.decide(session, report_id, state, account.name)
        if changed:
            audit(session, account, f"report.{state}", report_id)
    return back_to(PAGE, f"report.{state}" if changed else "report.same")
