"""What became of a sheet: its history, going back to an earlier state, archiving, choosing between two versions."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Annotated, Any

from babel.dates import format_datetime
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from api.errors import ApiError
from api.staff import forms
from api.staff.guard import require
from api.staff.page import back_to, render
from api.staff.upkeep import ROOT, address, form_page, kind_of, saved, typed
from knowledge.accounts.models import Account
from knowledge.audit import audit
from knowledge.editing import changes, history
from knowledge.editing.differences import Difference, differences
from knowledge.editing.merging import merged
from knowledge.editing.revisions import Revision
from knowledge.errors import EditingConflict, InvalidSheet, LastDoor, NeededInEmergencies, StillUsed, UnknownSheet
from knowledge.schedules import PARIS

# How the conflict page names the choice for a field.
SIDE = "side."

router = APIRouter(prefix=ROOT)


class _Mine(BaseModel):
    """What the conflict page keeps of what was typed."""

    content: dict[str, Any]
    draft: dict[str, Any]


@router.get("/{path}/{slug}/historique")
def history_page(request: Request, path: str, slug: str) -> Response:
    """Every change of one sheet, newest first, with what it changed."""
    return _history(request, kind_of(path), slug)


@router.post("/{path}/{slug}/restaurer")
def restore(
    request: Request,
    path: str,
    slug: str,
    number: Annotated[int, Form(ge=0)],
    seen: Annotated[int, Form(ge=0)],
    account: Account = Depends(require("editor")),
) -> Response:
    """Make the sheet what it was after change ``number``."""
    kind = kind_of(path)
    return _changed(request, kind, slug, account, lambda session: changes.restore(session, kind, slug, number, seen, account.name))


@router.post("/{path}/{slug}/archiver")
def archive(
    request: Request,
    path: str,
    slug: str,
    seen: Annotated[int, Form(ge=0)],
    reason: Annotated[str, Form(max_length=500)] = "",
    account: Account = Depends(require("editor")),
) -> Response:
    """Take the sheet out of the directory."""
    kind, why = kind_of(path), reason.strip() or None
    return _changed(request, kind, slug, account, lambda session: changes.archive(session, kind, slug, seen, account.name, why))


@router.post("/{path}/{slug}/choisir")
def choose(
    request: Request,
    path: str,
    slug: str,
    mine: Annotated[str, Form()],
    seen: Annotated[int, Form(ge=0)],
    do: Annotated[str, Form()] = "save",
    form: FormData = Depends(typed),
    account: Account = Depends(require("editor")),
) -> Response:
    """Save the chosen fields of both versions, or take them back into the form."""
    kind = kind_of(path)
    try:
        own = _Mine.parse_obj(json.loads(mine))
    except (ValueError, ValidationError):
        raise ApiError(422, "invalid_request") from None
    with request.app.state.services.sessions() as session:
        theirs = history.at_revision(session, kind, slug, seen)
    kept = {name.removeprefix(SIDE) for name, side in form.items() if name.startswith(SIDE) and side == "mine"}
    content = merged(own.content, theirs, kept) if theirs else own.content
    if do == "form":
        return form_page(request, kind, slug, content, own.draft, seen=seen)
    return saved(request, kind, slug, content, own.draft, seen, account)


def _changed(request: Request, kind: str, slug: str, account: Account, change: Callable[[Session], Revision | None]) -> Response:
    """Do ``change`` in one transaction; the history page says why it could not be done."""
    try:
        with request.app.state.services.sessions.begin() as session:
            revision = change(session)
            if revision:
                audit(session, account, f"sheet.{revision.change}", f"{kind} {slug}", {"revision": revision.number})
    except EditingConflict:
        return _history(request, kind, slug, 409, "sheet_changed")
    except StillUsed as error:
        return _history(request, kind, slug, 409, "sheet_used", users=error.users)
    except NeededInEmergencies:
        return _history(request, kind, slug, 409, "sheet_needed")
    except LastDoor:
        return _history(request, kind, slug, 409, "sheet_last_door")
    except InvalidSheet as error:
        problems = [(forms.named(found.path), forms.reason(found)) for found in error.problems]
        return _history(request, kind, slug, 422, "sheet_invalid", problems=problems)
    except UnknownSheet:
        raise ApiError(404, "not_found") from None
    return back_to(f"{address(kind, slug)}/historique", f"sheet.{revision.change}" if revision else "sheet.same")


def _history(request: Request, kind: str, slug: str, status: int = 200, problem: str | None = None, **context: Any) -> Response:
    with request.app.state.services.sessions() as session:
        revisions = history.history(session, kind, slug)
        try:
            sheet = history.content(history.current(session, kind, slug)[0])
        except UnknownSheet:
            if not revisions:
                raise ApiError(404, "not_found") from None
            sheet = None
    last = sheet or revisions[0].before or {}
    return render(
        request, "upkeep/history.html", status, page="upkeep", kind=kind, said=forms.layout()["kinds"][kind], address=address(kind, slug),
        name=last.get("title") or last.get("name") or slug, archived=sheet is None, seen=revisions[0].number if revisions else 0,
        revisions=[(revision, _differences(revision)) for revision in revisions], problem=problem, named=forms.named, shown=forms.shown,
        address_of=address, moment=_moment, **context,
    )  # fmt: skip


def _moment(at: dt.datetime) -> str:
    return format_datetime(at.astimezone(PARIS), "short", locale="fr")


def _differences(revision: Revision) -> list[Difference]:
    """What an edit changed; a new sheet and an archived one are told as a whole."""
    is_edit = revision.before is not None and revision.after is not None
    return list(differences(revision.before, revision.after)) if is_edit else []
