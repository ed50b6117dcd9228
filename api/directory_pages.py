"""``/annuaire``: the directory as pages, without script: what there is, one action, and the same for paper, contacts and calendar."""

from typing import Annotated, get_args

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api import views
from api.caching import revalidated
from api.chat import MAX_CHARACTERS
from api.errors import ApiError
from api.pages import counter, current_directory, error_page, render
from api.paging import Suite, following
from api.staff import texts
from api.staff.forms import label
from api.web.links import href
from api.web.maps import map_links
from api.web.sheet import sheet
from knowledge.directory import Directory, Entry
from knowledge.editing.history import last
from knowledge.errors import UnknownAction
from knowledge.published import agenda, schema_org
from knowledge.published.vcard import vcard
from knowledge.schedules import now_in_paris
from knowledge.schema import HelpNumber, Public, Quarter, Theme
from knowledge.search import Filters, Kind, decide, listed
from knowledge.search.decision import BESIDE_AT
from nlu.french.distress import read_distress
from nlu.french.text import clean, words

_SEARCH_RESULTS = 8
# On one page; a city's directory is one page.
_LISTED = 500
# Who types this is looking for a number, or for a bed: the one is shown, the other found among all numbers.
_ALARM = {"urgence", "urgences"}

router = APIRouter(include_in_schema=False)


@router.get("/annuaire")
def directory_page(
    request: Request,
    q: Annotated[str, Query()] = "",
    theme: Annotated[str, Query()] = "",
    public: Annotated[str, Query()] = "",
    quartier: Annotated[str, Query()] = "",
    ouvert: Annotated[str, Query()] = "",
    suite: Suite = 0,
) -> Response:
    """Everything by theme; what is nearest to ``q``; what bears a theme, is for a public, in a quarter, open now."""
    directory = current_directory(request)
    q = clean(q)[:MAX_CHARACTERS]
    chosen = {"theme": theme, "public": public, "quartier": quartier, "ouvert": ouvert}
    filters = Filters(theme=theme or None, public=public or None, quarter=quartier or None, open_at=now_in_paris() if ouvert else None)
    if q:
        entries = _nearest(request, q, filters)
        groups = [("", entries)] if entries else []
        found = len(entries)
    else:
        groups, found = _by_theme(directory, filters, suite)
    shown = [(key, [sheet(views.card(entry, directory)) for entry in entries]) for key, entries in groups]
    page = render(
        request, "annuaire.html", page="annuaire", q=q, chosen=chosen, choices=_choices(), groups=shown,
        found=found, shown=sum(len(sheets) for _, sheets in shown), help=_help(directory, q), canonical=site(request) + "/annuaire",
        following=following(request, suite + _LISTED, not q and suite + _LISTED < found),
    )  # fmt: skip
    return revalidated(request, page, directory.version)


@router.get("/annuaire/{action_id}")
def action_page(request: Request, action_id: str) -> Response:
    """One action with all that is known of it."""
    directory = current_directory(request)
    try:
        entry = directory.entry(action_id)
    except UnknownAction:
        return error_page(request, 410 if _was_archived(request, action_id) else 404)
    card, today = views.card(entry, directory), now_in_paris().date()
    canonical = address(request, entry)
    data = schema_org.page(directory, entry, card, today, canonical, site(request) + "/")
    page = render(
        request, "fiche.html", page="fiche", id=entry.id, sheet=sheet(card), themes=card["themes"], pimms=counter(directory),
        canonical=canonical, data=data, maps=map_links(card), has_agenda=agenda.calendar(directory, entry, today, canonical),
        has_contact=vcard(directory, entry, canonical),
    )  # fmt: skip
    return revalidated(request, page, directory.version)


@router.get("/annuaire/{action_id}/imprimer")
def print_page(request: Request, action_id: str) -> Response:
    """The action on one A4 page, as the counter hands it out."""
    directory, entry = _one(request, action_id)
    printed = texts.printed(request.app.state.services.settings, views.card(entry, directory))
    page = render(request, "staff/print.html", printed=[printed], back=f"/annuaire/{entry.id}")
    return revalidated(request, page, directory.version)


@router.get("/annuaire/{action_id}/contact.vcf")
def contact_file(request: Request, action_id: str) -> Response:
    """Who to reach, for an address book."""
    directory, entry = _one(request, action_id)
    return _file(request, vcard(directory, entry, address(request, entry)), "text/vcard; charset=utf-8", f"{entry.id}.vcf")


@router.get("/annuaire/{action_id}/agenda.ics")
def calendar_file(request: Request, action_id: str) -> Response:
    """Opening hours and coming events that are known exactly, for a calendar."""
    directory, entry = _one(request, action_id)
    made = agenda.calendar(directory, entry, now_in_paris().date(), address(request, entry))
    return _file(request, made, "text/calendar; charset=utf-8", f"{entry.id}.ics")


def site(request: Request) -> str:
    """Where people reach the service, without a last slash: from the setting, never from what a client says."""
    return request.app.state.services.settings.public_url.rstrip("/")


def address(request: Request, entry: Entry) -> str:
    """The canonical address of an action's page."""
    return f"{site(request)}/annuaire/{entry.id}"


def _one(request: Request, action_id: str) -> tuple[Directory, Entry]:
    """The directory and an action of it. Raises UnknownAction."""
    directory = current_directory(request)
    return directory, directory.entry(action_id)


def _file(request: Request, content: str | bytes | None, media_type: str, name: str) -> Response:
    if content is None:
        raise ApiError(404, "not_found")
    response = Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
    return revalidated(request, response, current_directory(request).version)


def _was_archived(request: Request, action_id: str) -> bool:
    if not action_id.isprintable():  # PostgreSQL takes no NUL
        return False
    with request.app.state.services.sessions() as session:
        newest = last(session, "action", action_id)
    return newest is not None and newest.after is None


def _choices() -> dict[str, list[tuple[str, str]]]:
    """What the lists offer: code and French words."""
    return {
        "public": [(code, label("audience.publics", code)) for code in get_args(Public)],
        "quartier": [(code, label("quarter", code)) for code in get_args(Quarter)],
    }


def _nearest(request: Request, q: str, filters: Filters) -> list[Entry]:
    """What is nearest to ``q``; where no action covers it, only what is likely enough to be worth a line."""
    result = request.app.state.services.search.find(q, filters=filters, limit=_SEARCH_RESULTS)
    least = BESIDE_AT if decide(result).kind is Kind.outside else 0.0
    return [hit.entry for hit in result.hits if hit.confidence >= least]


def _help(directory: Directory, q: str) -> list[tuple[HelpNumber, str]]:
    """The help numbers, with the address that dials each, for whoever searches the directory in an emergency."""
    kind = read_distress(q) or ("general" if _ALARM.intersection(words(q)) else None)
    return [(number, href(number.number)) for number in directory.help_numbers if kind in number.kinds]


def _by_theme(directory: Directory, filters: Filters, start: int) -> tuple[list[tuple[str, list[Entry]]], int]:
    """What ``filters`` leave, and how many: each action once, under its first theme, or all under the one theme that was chosen.

    Of very many, ``_LISTED`` from the position ``start`` on.
    """
    entries, found = listed(directory, filters, start, _LISTED)
    groups: dict[str, list[Entry]] = {theme: [] for theme in get_args(Theme)}
    for entry in entries:
        groups[filters.theme or entry.action.themes[0]].append(entry)
    return [(theme, grouped) for theme, grouped in groups.items() if grouped], found
