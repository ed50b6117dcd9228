"""``/signaler``: a reader of the directory says what is wrong on a page; the console lists it. Works without script."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse

from api.callbacks import new_id
from api.pages import current_directory, render
from knowledge import reports

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_PRIVATE = {"Cache-Control": "no-store"}


@router.get("/signaler")
def report_page(request: Request, fiche: Annotated[str, Query()] = "") -> HTMLResponse:
    """The form for one action. Raises UnknownAction."""
    return _page(request, fiche)


@router.post("/signaler")
def report(
    request: Request,
    fiche: Annotated[str, Form()] = "",
    subject: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
    report_id: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """Keep the report and say so; else the form again, with what was written and what is missing. Raises UnknownAction."""
    entry = current_directory(request).entry(fiche)
    try:
        with request.app.state.services.sessions.begin() as session:
            reports.leave(session, entry.id, subject, text, _uuid(report_id))
    except reports.ReportRefused as refused:
        return _page(request, fiche, status_code=422, problem=refused.problem, subject=subject, text=text)
    return _page(request, fiche, sent=True)


def _page(request: Request, fiche: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    entry = current_directory(request).entry(fiche)
    days = request.app.state.services.settings.retention_days
    return render(
        request, "signaler.html", status_code, _PRIVATE, page="signaler", entry=entry, subjects=reports.SUBJECTS, longest=reports.LONGEST,
        report_id=new_id(), retention_days=days, **context,
    )  # fmt: skip


def _uuid(text: str) -> str | None:
    """The form's id of a report, or None for what is no id: anybody may send anything."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None
