"""``/staff/connexion/code``: the second step of signing in, for accounts that ask for it."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.staff.guard import SIGN_IN, open_session
from api.staff.page import back_to, render
from api.staff.session import CODE, HOME, seconds_to_wait, signed_in
from knowledge.accounts.models import Account
from knowledge.accounts.second_factor import SecondFactor
from knowledge.audit import audit
from knowledge.moments import utc_now

# After the first step there is so long to type the code.
_TIME_FOR_CODE = dt.timedelta(minutes=10)

router = APIRouter()


@router.get(CODE)
def code_page(request: Request, suite: str = HOME) -> Response:
    """The field for the code, after the first step only."""
    return render(request, "code.html", suite=suite) if _waiting(request) else back_to(SIGN_IN)


@router.post(CODE)
def give_code(request: Request, code: Annotated[str, Form()] = "", suite: Annotated[str, Form()] = HOME) -> Response:
    """Open the console with the telephone's code or a recovery code."""
    account = _waiting(request)
    if account is None:
        return back_to(SIGN_IN)
    if seconds_to_wait(request, f"code:{account.id}"):
        return render(request, "code.html", 429, problem="slow", suite=suite)
    services = request.app.state.services
    with services.sessions.begin() as session:
        mine = session.get(Account, account.id)
        accepted = SecondFactor(services.secret_key).accepts(mine, code)
        if not accepted:
            audit(session, mine, "code.refused", mine.email)
    return signed_in(request, account, suite) if accepted else render(request, "code.html", 401, problem="code", suite=suite)


def _waiting(request: Request) -> Account | None:
    """Whose code is awaited in this browser."""
    found = open_session(request)
    fresh = found is not None and found.awaits_code and found.created_at > utc_now() - _TIME_FOR_CODE
    return found.account if found and fresh else None
