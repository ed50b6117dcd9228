"""The directory as editors see it: what there is, and the form of one sheet."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from api.errors import ApiError
from api.pages import counter
from api.paging import Suite, following
from api.staff import forms, previews, texts
from api.staff.conflicts import conflict_page
from api.staff.guard import require
from api.staff.page import back_to, render
from api.web.sheet import french_date
from api.wiring import Services
from knowledge import schema
from knowledge.accounts.models import Account
from knowledge.audit import audit
from knowledge.directory import Directory
from knowledge.editing import history
from knowledge.editing.basis import WORDING
from knowledge.editing.checks import FieldProblem
from knowledge.editing.drafts import NEW_SOURCE, Draft, save_draft
from knowledge.errors import EditingConflict, InvalidSheet, UnknownSheet
from knowledge.rows import KINDS
from knowledge.schedules import now_in_paris
from knowledge.weeks import runs
from nlu.french.text import fold

ROOT = "/staff/annuaire"
# Organisations on one page.
_LISTED = 300

router = APIRouter(prefix=ROOT)


def kind_of(path: str) -> str:
    """The kind of sheet behind ``path`` in an address. Raises ApiError 404."""
    found = next((kind for kind, said in forms.layout()["kinds"].items() if said["path"] == path), None)
    if found is None:
        raise ApiError(404, "not_found")
    return found


def address(kind: str, slug: str) -> str:
    """Where a sheet is edited."""
    return f"{ROOT}/{forms.layout()['kinds'][kind]['path']}/{slug}"


@router.get("")
def sheets_page(request: Request, q: str = "", archivees: bool = False, suite: Suite = 0) -> Response:
    """Everything that can be kept true, by organisation; those whose name holds ``q``; the archived ones."""
    services: Services = request.app.state.services
    directory = services.store.current()
    wanted = fold(q.strip())
    with services.sessions() as session:
        organisations = _refers(session)["organisations"]
        archived = history.archived(session)
    groups = list(islice(_groups(directory, organisations, wanted), suite, suite + _LISTED + 1))
    others = {
        "source": [(source.id, source.title) for source in directory.sources.values() if wanted in fold(source.title)],
        "help_number": [(n.id, f"{n.number}, {n.name}") for n in directory.help_numbers if wanted in fold(f"{n.number} {n.name}")],
        "outside_topic": [(t.id, t.title or t.id) for t in directory.outside if wanted in fold(f"{t.title or ''} {t.id}")],
    }
    return render(
        request, "upkeep/list.html", page="upkeep", q=q, groups=groups[:_LISTED], others=others,
        following=following(request, suite + _LISTED, len(groups) > _LISTED),
        archived=archived if archivees else None,
        kinds=forms.layout()["kinds"], address=address,
    )  # fmt: skip


def _groups(directory: Directory, organisations: Iterable[tuple[str, str]], wanted: str) -> Iterator[tuple[str, str, list[schema.Action]]]:
    """Organisations with their actions: those of which the name, or of whose actions one, holds what is wanted."""
    for slug, name in organisations:
        of_this = directory.of_organisations.get(slug, ())
        found = [entry for entry in of_this if wanted in entry.folded] if wanted else of_this
        if found or wanted in fold(name):
            yield slug, name, [entry.action for entry in found or of_this]


@router.get("/{path}/nouveau", dependencies=[Depends(require("editor"))])
def new_page(request: Request, path: str, organisation: str = "") -> Response:
    """An empty form."""
    kind = kind_of(path)
    content = {**forms.new(kind), "organisation": organisation} if kind == "action" else forms.new(kind)
    return form_page(request, kind, None, content)


async def typed(request: Request) -> FormData:
    """What was typed in a form; the handler that takes it then runs beside the event loop."""
    return await request.form()


@router.post("/{path}/nouveau")
def create(request: Request, path: str, form: FormData = Depends(typed), account: Account = Depends(require("editor"))) -> Response:
    """Add a sheet, or show the form again: with a part more or less, with a preview, with what is wrong."""
    return submitted(request, kind_of(path), None, form, account)


@router.get("/{path}/{slug}", dependencies=[Depends(require("editor"))])
def edit_page(request: Request, path: str, slug: str) -> Response:
    """The form of one sheet; of an archived one, its history."""
    kind = kind_of(path)
    with request.app.state.services.sessions() as session:
        try:
            record, seen = history.current(session, kind, slug)
        except UnknownSheet:
            if history.last(session, kind, slug) is None:
                raise ApiError(404, "not_found") from None
            return back_to(f"{address(kind, slug)}/historique")
    return form_page(request, kind, slug, history.content(record), seen=seen)


@router.post("/{path}/{slug}")
def save(
    request: Request, path: str, slug: str, form: FormData = Depends(typed), account: Account = Depends(require("editor"))
) -> Response:
    """Save a sheet, or show the form again as ``create`` does."""
    return submitted(request, kind_of(path), slug, form, account)


def submitted(request: Request, kind: str, slug: str | None, form: FormData, account: Account) -> Response:
    """What the button that was pressed asks for. Nothing that was typed is lost."""
    act, _, part = str(form.get("do") or "save").partition(":")
    if act == "remove":
        form = FormData([(name, value) for name, value in form.multi_items() if not name.startswith(f"{part}.")])
    content, draft = forms.read(kind, form), _draft(kind, form)
    seen = int(str(form.get("seen") or 0)) if str(form.get("seen") or 0).isdecimal() else 0
    if act == "add" and part in forms.groups_of(kind):
        content[part].append({})
        return form_page(request, kind, slug, content, draft, seen=seen, added=part)
    if act != "save":
        return form_page(request, kind, slug, content, draft, seen=seen, removed=part.partition(".")[0])
    return saved(request, kind, slug, content, draft, seen, account)


def saved(
    request: Request, kind: str, slug: str | None, content: dict[str, Any], draft: dict[str, Any], seen: int, account: Account
) -> Response:
    """Save what was typed and go back to the sheet; or the form with what is wrong, or what somebody else saved meanwhile."""
    given = Draft(kind, content, draft["basis"], _told(draft["new"], content, request), draft["reason"], bool(draft.get("whole")))
    try:
        with request.app.state.services.sessions.begin() as session:
            revision = save_draft(session, given, slug, seen, account.name, now_in_paris().date())
            if revision:
                audit(session, account, f"sheet.{revision.change}", f"{kind} {revision.slug}", {"revision": revision.number})
    except InvalidSheet as error:
        return form_page(request, kind, slug, content, draft, error.problems, seen, status_code=422)
    except EditingConflict as conflict:
        return conflict_page(request, kind, address(kind, str(slug)), content, draft, seen, conflict.theirs)
    except UnknownSheet:
        raise ApiError(404, "not_found") from None
    return back_to(address(kind, revision.slug if revision else str(slug)), "sheet.saved" if revision else "sheet.same")


def form_page(
    request: Request,
    kind: str,
    slug: str | None,
    content: dict[str, Any],
    draft: dict[str, Any] | None = None,
    problems: list[FieldProblem] | None = None,
    seen: int = 0,
    added: str = "",
    removed: str = "",
    status_code: int = 200,
) -> Response:
    """The form of a sheet with what it holds, what is wrong, and how it will look.

    ``added``, ``removed``: the group that has one item more or less; the focus goes there.
    """
    services: Services = request.app.state.services
    directory, today = services.store.current(), now_in_paris().date()
    is_typed = draft is not None
    draft, wrong = draft or {"basis": None, "reason": None, "new": {}}, problems or []
    with services.sessions() as session:
        refers = _refers(session)
    source = previews.draft_source(directory, draft["basis"], _told(draft["new"], content, request), today)
    card = previews.draft_card(directory, kind, {**content, "id": slug}, source)
    return render(
        request, "upkeep/form.html", status_code, page="upkeep", kind=kind, slug=slug, said=forms.layout()["kinds"][kind], seen=seen,
        sections=forms.sections(kind, content, wrong, refers, added), removed=removed, typed=is_typed,
        basis=draft["basis"], reason=draft["reason"], whole=bool(draft.get("whole")),
        new_source=forms.source_inputs(draft["new"], wrong), sources=refers["sources"], wording=WORDING, new=NEW_SOURCE,
        problems=[(".".join(map(str, p.path)), forms.named(p.path), forms.reason(p)) for p in wrong],
        wrong_basis=[forms.reason(p) for p in wrong if p.path[0] == "basis"], sourced=kind in ("action", "organisation", "help_number"),
        sheet=previews.card_sheet(card), hours=previews.hours(content, today), pimms=counter(directory), root=ROOT, runs=runs,
        date=french_date, sms=texts.sms(card, counter(directory)) if card else None, longest=texts.LONGEST_SMS,
        address=address(kind, slug) if slug else f"{ROOT}/{forms.layout()['kinds'][kind]['path']}/nouveau",
    )  # fmt: skip


def _draft(kind: str, form: FormData) -> dict[str, Any]:
    """What the change rests on, and why it is made."""
    typed = {name.removeprefix("new."): str(value).strip() or None for name, value in form.items() if name.startswith("new.")}
    typed["published"] = forms.iso_day(typed.get("published") or "") or None
    basis, reason = (str(form.get(name) or "").strip() or None for name in ("basis", "reason"))
    return {"basis": basis, "reason": reason, "new": typed, "whole": "whole" in form}


def _told(source: dict[str, Any], content: dict[str, Any], request: Request) -> dict[str, Any]:
    """The new source, with a title when somebody told it and the editor wrote none."""
    template = forms.layout()["told"].get(source.get("kind"))
    if not template or source.get("title"):
        return source
    organisation = request.app.state.services.store.current().organisations.get(content.get("organisation") or "")
    name = organisation.name if organisation else content.get("name")
    return {**source, "title": template.format(name=name)} if name else source


def _refers(session: Session) -> dict[str, list[tuple[str, str]]]:
    """What may be chosen of other tables: sources by title, the newest first where they have a date; organisations by name."""
    sources, organisations = KINDS["source"].table.columns, KINDS["organisation"].table.columns
    titles = session.execute(sa.select(sources.slug, sources.title, sources.published).order_by(sources.title)).all()
    names = session.execute(sa.select(organisations.slug, organisations.name).order_by(organisations.name)).all()
    return {
        "sources": [(slug, f"{title}, {published}" if published else title) for slug, title, published in titles],
        "organisations": [(slug, name) for slug, name in names],
    }
