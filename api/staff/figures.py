"""``/staff/chiffres``: what the assistant is used for, as tables with bars and as CSV."""

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.pages import templates
from api.staff.page import render
from knowledge.directory import Directory
from knowledge.figures.counting import PARTS, Series
from knowledge.figures.reading import LEAST_SHOWN, channels, figures, masked, rows
from knowledge.schedules import now_in_paris

router = APIRouter()

_WEEKS = (4, 13, 52)
_MOST_ROWS = 15
_HEADER = ("semaine", "canal", "mesure", "code", "nom", "nombre")


@router.get("/staff/chiffres")
def figures_page(
    request: Request, semaines: Annotated[int, Query(ge=1, le=104)] = _WEEKS[0], canal: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """The figures of the last weeks, of one channel or all."""
    since, until = _period(semaines)
    services = request.app.state.services
    with services.sessions() as session:
        found, known = figures(session, since, until, canal or None), channels(session)
    titles = _titles(services.store.current())
    tables = {
        "needs": _ranked(found.total(Series.need), titles),
        "outside": _ranked(found.total(Series.outside), titles),
        "parts": _in_order(found.total(Series.part), PARTS),
    }
    return render(
        request, "figures.html", page="figures", found=found, tables=tables, weeks=semaines, choices=_WEEKS, channel=canal,
        channels=known, masked=masked, least=LEAST_SHOWN, series=Series,
    )  # fmt: skip


@router.get("/staff/chiffres.csv")
def figures_file(request: Request, semaines: Annotated[int, Query(ge=1, le=104)] = _WEEKS[0]) -> Response:
    """The same figures as a file, one sum a line, by name and by code; small ones are left out of it as they are on the page."""
    services = request.app.state.services
    with services.sessions() as session:
        found = rows(session, *_period(semaines))
    said: Any = templates.env.get_template("staff/words.html").module
    titles = _titles(services.store.current())
    names = {
        Series.conversation: {"": said.SERIES[Series.conversation]},
        Series.outcome: said.OUTCOMES,
        Series.need: titles,
        Series.outside: {**titles, "": said.NO_TOPIC},
        Series.part: said.PARTS,
        Series.feedback: said.HELPFUL,
    }
    text = io.StringIO()
    written = csv.writer(text, delimiter=";")
    written.writerow(_HEADER)
    for week, channel, series, code, number in found:
        shown = number if masked(number) is not None else f"<{LEAST_SHOWN}"
        name = names[Series(series)].get(code, code)
        written.writerow((week.isoformat(), said.CHANNELS.get(channel, channel), said.SERIES[series], code, name, shown))
    headers = {"Content-Disposition": 'attachment; filename="passerelle-chiffres.csv"', "Cache-Control": "no-store"}
    return Response(text.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


def _period(weeks: int) -> tuple[dt.date, dt.date]:
    today = now_in_paris().date()
    return today - dt.timedelta(weeks=weeks - 1), today


def _titles(directory: Directory) -> dict[str, str]:
    """What people call an action or an outside topic; of one that is gone only the id is left."""
    named: Iterable[Any] = (*(entry.action for entry in directory.entries), *directory.outside)
    return {one.id: one.title or one.id for one in named}


def _ranked(counts: Counter[str], titles: dict[str, str]) -> list[tuple[str, int]]:
    """The most frequent, by title; what is too rare to be shown or has no name is summed up under no name."""
    named = Counter({name: number for name, number in counts.items() if name})
    shown = [(titles.get(name, name), number) for name, number in named.most_common(_MOST_ROWS) if masked(number)]
    return [*shown, ("", rest)] if (rest := sum(counts.values()) - sum(number for _, number in shown)) else shown


def _in_order(counts: Counter[str], names: Iterable[str]) -> list[tuple[str, int]]:
    return [(name, counts[name]) for name in names]
