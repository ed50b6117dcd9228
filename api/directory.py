"""The directory and the search over HTTP, for the website and for partners."""

import base64
import datetime as dt
from typing import Any, get_args

from fastapi import APIRouter, Query, Request

from api.errors import ApiError
from api.models import ActionPage, Card, ErrorAnswer, SearchAnswer
from api.views import card
from api.wiring import Services
from knowledge.schema import Public, Quarter, Status, Theme
from knowledge.search import Filters, decide, listed
from nlu.french.text import clean

router = APIRouter(prefix="/api", tags=["annuaire"])

_PAGE = 20
_LARGEST_PAGE = 100


@router.get("/actions", response_model=ActionPage)
def list_actions(
    request: Request,
    q: str | None = Query(None, max_length=1000, description="words of a need; ranks the list"),
    theme: str | None = Query(None, examples=["francais"]),
    audience: str | None = Query(None, description="a data.inclusion v1 `publics` value", examples=["jeunes"]),
    quarter: str | None = Query(None, examples=["quiniere"]),
    age: int | None = Query(None, ge=0, le=120),
    open_at: dt.datetime | None = Query(None, description="only what is known to be open then (Paris time when naive)"),
    status: str | None = Query(None, examples=["active"]),
    cursor: str | None = Query(None, description="`next` of the page before", max_length=100),
    limit: int = Query(_PAGE, ge=1, le=_LARGEST_PAGE),
) -> dict[str, Any]:
    """List actions, filtered; ranked by ``q`` when it is given, else organisation by organisation."""
    services: Services = request.app.state.services
    filters = Filters(
        theme=_one_of(theme, get_args(Theme)),
        public=_one_of(audience, get_args(Public)),
        quarter=_one_of(quarter, get_args(Quarter)),
        status=_one_of(status, [s.value for s in Status]),
        age=age,
        open_at=open_at,
    )
    directory, start = services.store.current(), _position(cursor)
    page, total = listed(directory, filters, start, limit)
    if q and clean(q):
        hits = services.search.find(clean(q), filters=filters, limit=start + limit).hits
        page, total = [hit.entry for hit in hits[start:]], total if hits else 0
    end = start + len(page)
    return {
        "total": total,
        "next": _cursor(end) if page and end < total else None,
        "items": [card(entry, directory) for entry in page],
    }


@router.get("/actions/{action_id}", response_model=Card, responses={404: {"model": ErrorAnswer}})
def one_action(request: Request, action_id: str) -> dict[str, Any]:
    """Return one action by slug or UUID."""
    directory = request.app.state.services.store.current()
    return card(directory.entry(action_id), directory)


@router.get("/search", response_model=SearchAnswer)
def search(request: Request, q: str = Query(..., min_length=1, max_length=1000), limit: int = Query(5, ge=1, le=20)) -> dict[str, Any]:
    """Rank the directory for a need, with confidence and evidence."""
    services: Services = request.app.state.services
    query = clean(q)
    result = services.search.find(query, limit=limit)
    directory = services.store.current()
    hits = []
    for hit in result.hits:
        evidence = services.search.explain(query, hit.entry.id)
        fits = [{"reason": fit.reason, "shift": fit.shift} for fit in evidence.fits]
        hits.append(
            {
                "confidence": hit.confidence,
                "evidence": {"words": evidence.words, "phrasing": evidence.phrasing, "likeness": evidence.likeness, "fits": fits},
                "action": card(hit.entry, directory),
            }
        )
    return {"query": query, "decision": decide(result).kind.value, "outside": result.outside, "hits": hits}


def _one_of(value: str | None, known: Any) -> str | None:
    if value is not None and value not in known:
        raise ApiError(422, "invalid_request", "invalid_filter")
    return value


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def _position(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        position = int(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise ApiError(422, "invalid_request", "invalid_filter") from error
    if position < 0:
        raise ApiError(422, "invalid_request", "invalid_filter")
    return position
