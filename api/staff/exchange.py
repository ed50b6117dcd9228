"""``/staff/echanges``: the directory as files, and files into the directory, looked at before they are written."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile
from sqlalchemy.orm import Session

from api.errors import ApiError
from api.staff.forms import shown
from api.staff.guard import require
from api.staff.page import back_to, render
from api.wiring import Services
from knowledge.accounts.models import Account
from knowledge.audit import audit
from knowledge.database import see_one_moment
from knowledge.exchange import waiting
from knowledge.exchange.building import Rejected
from knowledge.exchange.changes import KINDS, Change
from knowledge.exchange.formats import FORMATS, Format
from knowledge.exchange.importing import Report, dry_run, import_file
from knowledge.exchange.incoming import ExchangeRefused
from knowledge.exchange.models import WaitingImport
from knowledge.exchange.tables import TABLES
from knowledge.exchange.words import words
from knowledge.records import select_all
from knowledge.version import take_turn

EXCHANGE = "/staff/echanges"
_A_PAGE = 50

router = APIRouter()
Editor = Annotated[Account, Depends(require("editor"))]


@router.get(EXCHANGE)
def exchange_page(request: Request, account: Editor) -> Response:
    """What can be downloaded, and the form to send a file."""
    return _render(request, "exchange.html", formats=FORMATS, most=_most(request))


@router.get(EXCHANGE + "/exporter/{name}")
def export(request: Request, account: Editor, name: str) -> Response:
    """The whole directory as a file."""
    format_ = _format(name)
    services: Services = request.app.state.services
    with services.sessions() as session:
        see_one_moment(session)
        version, content = waiting.current_version(session), select_all(session)
    try:
        data = format_.export(content, version)
    except ExchangeRefused as refused:
        return _render(request, "exchange.html", 409, formats=FORMATS, most=_most(request), refused=str(refused))
    with services.sessions.begin() as session:
        audit(session, account, "directory.exported", name, {"version": version})
    return _file(data, format_, f"{name}-{dt.date.today().isoformat()}")


@router.get(EXCHANGE + "/modele/{name}")
def template(name: str, account: Editor) -> Response:
    """An empty table to fill in."""
    format_ = _format(name)
    if format_.template is None:
        raise ApiError(404, "not_found")
    return _file(format_.template(), format_, f"modele-{name}")


@router.post(EXCHANGE)
def look(request: Request, account: Editor, fichier: Annotated[UploadFile, File()], retirer: Annotated[bool, Form()] = False) -> Response:
    """Keep a file and show what it would change. Nothing of it is written."""
    data = fichier.file.read()
    if not data:
        return _render(request, "exchange.html", 422, formats=FORMATS, most=_most(request), problem="file_missing")
    with request.app.state.services.sessions.begin() as session:
        kept = waiting.keep(session, account.id, fichier.filename or "", data, retirer)
    return back_to(f"{EXCHANGE}/{kept}")


@router.get(EXCHANGE + "/{waiting_id}")
def report_page(request: Request, account: Editor, waiting_id: str, page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
    """What a file would change, row by row, or every value that is refused."""
    with request.app.state.services.sessions.begin() as session:
        return _report(request, session, _theirs(session, waiting_id, account), page)


@router.post(EXCHANGE + "/{waiting_id}/confirmer")
def confirm(request: Request, account: Editor, waiting_id: str, digest: Annotated[str, Form()] = "") -> Response:
    """Write what was looked at, once, if the directory is still the one that it was compared with."""
    try:
        with request.app.state.services.sessions.begin() as session:
            take_turn(session)
            kept = _theirs(session, waiting_id, account)
            now = waiting.current_version(session)
            if kept.version != now or digest != waiting.digest(kept.content):
                kept.version = now
                return _report(request, session, kept, 1, 409, problem="directory_changed")
            _import(session, account, kept)
    except ExchangeRefused:  # no page of ours asks for it
        return back_to(f"{EXCHANGE}/{waiting_id}")
    return back_to(EXCHANGE, "directory.imported")


def _import(session: Session, account: Account, kept: WaitingImport) -> None:
    name, content, remove_absent = kept.name, kept.content, kept.remove_absent
    waiting.take(session, kept.id, account.id)
    report = import_file(session, content, account.name, remove_absent)
    counts: dict[str, int] = {kind: report.comparison.count(kind) for kind in KINDS}
    audit(session, account, "directory.imported", name, {"format": report.format, **counts})


@router.post(EXCHANGE + "/{waiting_id}/abandonner")
def give_up(request: Request, account: Editor, waiting_id: str) -> Response:
    """Forget a file."""
    with request.app.state.services.sessions.begin() as session:
        waiting.take(session, waiting_id, account.id)
    return back_to(EXCHANGE, "import.dropped")


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise ApiError(404, "not_found")
    return FORMATS[name]


def _theirs(session: Session, waiting_id: str, account: Account) -> WaitingImport:
    """The file, if it waits and ``account`` sent it; else 404, as after it was imported."""
    kept = waiting.find(session, waiting_id, account.id)
    if kept is None:
        raise ApiError(404, "not_found")
    return kept


def _report(request: Request, session: Session, kept: WaitingImport, page: int, status_code: int = 200, **context: Any) -> Response:
    common = {"kept": kept, "digest": waiting.digest(kept.content), **context}
    try:
        report = dry_run(session, kept.content, kept.remove_absent)
    except ExchangeRefused as refused:
        return _render(request, "exchange_refused.html", 422, reason=str(refused), **_paged(refused.rejected, page), **common)
    return _render(
        request,
        "exchange_report.html",
        status_code,
        report=report,
        lines=_told(report),
        **_paged(report.comparison.changes, page),
        **common,
    )


def _paged(items: Sequence[Change] | Sequence[Rejected], page: int) -> dict[str, Any]:
    pages = max(1, -(-len(items) // _A_PAGE))
    page = min(page, pages)
    return {"items": items[(page - 1) * _A_PAGE : page * _A_PAGE], "number": page, "pages": pages, "all": len(items)}


def _told(report: Report) -> list[str]:
    return [words().told(note.code, note.context) for note in report.notes]


def _render(request: Request, name: str, status_code: int = 200, **context: Any) -> Response:
    return render(request, name, status_code, page="exchange", sheet=_sheet, column=_column, shown=shown, **context)


def _sheet(table: str) -> str:
    return words().sheet(TABLES[table])


def _column(table: str, name: str) -> str:
    return words().title(TABLES[table], next(column for column in TABLES[table].columns if column.name == name))


def _most(request: Request) -> int:
    """The largest file, in megabytes."""
    return request.app.state.services.settings.max_staff_body_bytes // 1_000_000


def _file(data: bytes, format_: Format, name: str) -> Response:
    disposition = f'attachment; filename="passerelle-{name}{format_.suffix}"'
    return Response(data, media_type=format_.media_type, headers={"Content-Disposition": disposition, "Cache-Control": "no-store"})
