"""``/urgences``: the help numbers, each one tap away from a call. Messenger and WhatsApp lead here: they dial no short numbers."""

import re

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.pages import render
from api.web.links import href
from api.web.sheet import source_text
from knowledge.cards import source_view

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/urgences")
@router.get("/urgences/{first}")
def help_page(request: Request, first: str = "") -> HTMLResponse:
    """All help numbers of the directory, ``first`` (its digits) before the others; an unknown one changes nothing."""
    directory = request.app.state.services.store.current()
    listed = sorted(directory.help_numbers, key=lambda number: _digits(number.number) != first)
    numbers = [(number, href(number.number), source_text(source_view(directory, number.source))) for number in listed]
    return render(request, "urgences.html", page="urgences", numbers=numbers)


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)
