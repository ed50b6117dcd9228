"""What should be verified, oldest first; the letter that asks an organisation; « verified today » in one click."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from api import views
from api.errors import ApiError
from api.pages import templates
from api.paging import Suite, following
from api.staff import texts
from api.staff.guard import require
from api.staff.page import back_to, render
from api.web.sheet import french_date
from api.wiring import Services
from knowledge.accounts.models import Account
from knowledge.audit import audit
from knowledge.directory import Directory, Entry
from knowledge.editing import changes, history
from knowledge.errors import EditingConflict, UnknownSheet
from knowledge.schedules import now_in_paris
from knowledge.staleness import stale

PAGE = "/staff/a-verifier"
_MONTHS = (1, 6, 12, 24)
# On one page, the oldest first.
_SHOWN = 500

router = APIRouter(prefix=PAGE)


@dataclass(frozen=True)
class ToVerify:
    """One action to verify. ``known_on``: the oldest date of its facts as far as given; ``seen``: its last revision."""

    entry: Entry
    known_on: str | None
    facts: int
    seen: int


@router.get("")
def to_verify_page(request: Request, mois: int = 6, suite: Suite = 0) -> Response:
    """Actions with facts older than ``mois`` months: never verified first, then the oldest."""
    services: Services = request.app.state.services
    months = max(1, min(mois, _MONTHS[-1]))
    rows = _to_verify(services, months)
    number, rows = len(rows), rows[suite : suite + _SHOWN]
    back = f"{PAGE}?mois={months}"
    return render(
        request, "upkeep/to_verify.html", page="verify", rows=rows, number=number, months=months, choices=_MONTHS, date=french_date,
        return_to=back, following=following(request, suite + _SHOWN, suite + _SHOWN < number),
    )  # fmt: skip


@router.post("/{slug}")
def verified_today(
    request: Request,
    slug: str,
    seen: Annotated[int, Form(ge=0)],
    return_to: Annotated[str, Form()] = PAGE,
    account: Account = Depends(require("agent")),
) -> Response:
    """Note that everything on the sheet was checked with the organisation today."""
    back = return_to if return_to.startswith("/staff/") else PAGE
    try:
        with request.app.state.services.sessions.begin() as session:
            changes.verify_today(session, slug, seen, account.name, now_in_paris().date())
            audit(session, account, "sheet.verify", f"action {slug}")
    except EditingConflict:
        return back_to(back, "sheet.changed")
    except UnknownSheet:
        raise ApiError(404, "not_found") from None
    return back_to(back, "sheet.verify")


@router.get("/lettre/{organisation_id}")
def letter_page(request: Request, organisation_id: str, account: Account = Depends(require("agent"))) -> Response:
    """A letter to the organisation: all that we say of its actions, with sources and dates, to be corrected."""
    directory: Directory = request.app.state.services.store.current()
    entries = directory.of_organisations.get(organisation_id, ())
    if not entries:
        raise ApiError(404, "not_found")
    subject, body = _letter(directory, entries, account)
    addresses = [contact.value for contact in entries[0].organisation.contacts if contact.kind == "email"]
    mailto = f"mailto:{quote(addresses[0] if addresses else '', safe='@')}?subject={quote(subject)}"
    fits = texts.fits_link(body)
    return render(
        request, "upkeep/letter.html", page="verify", organisation=entries[0].organisation, body=body, subject=subject,
        mailto=f"{mailto}&body={quote(body)}" if fits else mailto, fits=fits,
    )  # fmt: skip


def _to_verify(services: Services, months: int) -> Sequence[ToVerify]:
    directory = services.store.current()
    oldest: dict[str, list[str | None]] = {}
    for fact in stale(directory, now_in_paris().date(), months):
        oldest.setdefault(fact.action_id, []).append(fact.known_on)
    with services.sessions() as session:
        seen = history.numbers(session, "action")
    rows = [ToVerify(directory.by_id[slug], dates[0], len(dates), seen.get(slug, 0)) for slug, dates in oldest.items()]
    return sorted(rows, key=lambda row: (row.entry.action.verified_on is not None, row.known_on or "", row.entry.action.title))


def _letter(directory: Directory, entries: Sequence[Entry], account: Account) -> tuple[str, str]:
    """Subject and text."""
    template = templates.env.overlay(autoescape=False, trim_blocks=True, lstrip_blocks=True).get_template("staff/upkeep/letter.txt")
    cards = [views.card(entry, directory) for entry in entries]
    context = {
        "cards": cards,
        "organisation": entries[0].organisation,
        "date": french_date,
        "today": now_in_paris().date(),
        "by": account.name,
    }
    subject, _, body = template.render(context).strip().partition("\n")
    return subject, body.strip()
