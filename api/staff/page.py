"""What every page of the console is rendered with."""

import datetime as dt
from typing import Any

from babel.dates import format_datetime
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import URL

from api.pages import templates
from api.staff.guard import browser_token, cookie_name, csrf_token, set_cookie
from api.staff.notices import notices
from knowledge.schedules import PARIS

_PRIVATE = {"Cache-Control": "no-store"}


def render(request: Request, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    """Return the page ``templates/staff/<template>`` with the account, the form token and the last confirmation.

    ``page`` in the context names the entry of the navigation; ``problem`` a sentence of ``staff/words.html``.
    """
    account = getattr(request.state, "account", None)
    common = {
        "account": account,
        "notices": notices(request, account),
        "csrf_token": csrf_token(request),
        "openid": request.app.state.openid_client is not None,
        "moment": _moment,
        "done": request.query_params.get("fait"),
    }
    response = templates.TemplateResponse(request, f"staff/{template}", common | context, status_code=status_code, headers=_PRIVATE)
    if cookie_name(request) not in request.cookies:
        set_cookie(request, response, browser_token(request))
    return response


def _moment(value: dt.datetime) -> str:
    """A moment as people write it, on the clock of Blois."""
    return format_datetime(value, "d MMM y, HH:mm", tzinfo=PARIS, locale="fr")


def back_to(path: str, done: str | None = None) -> Response:
    """Return the redirect after something was done; ``done`` names its confirmation in ``staff/words.html``."""
    return RedirectResponse(str(URL(path).include_query_params(fait=done)) if done else path, 303)
