"""``/staff/compte``: one's own password, sessions and second factor."""

from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from api.staff.guard import require, staff_session
from api.staff.page import back_to, render
from api.staff.session import seconds_to_wait
from knowledge.accounts import people, second_factor, sessions
from knowledge.accounts.errors import AccountRefused
from knowledge.accounts.models import Account
from knowledge.accounts.passwords import password_fits
from knowledge.accounts.second_factor import SecondFactor
from knowledge.audit import audit

HERE = "/staff/compte"
_FACTOR = f"{HERE}/double"

router = APIRouter()
Own = Annotated[Account, Depends(require("agent"))]


@router.get(HERE)
def account_page(request: Request) -> Response:
    """The account as its owner sees it."""
    return _page(request)


@router.post(f"{HERE}/mot-de-passe")
def change_password(
    request: Request,
    account: Own,
    old: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Change the password: the present one is asked for, and every other session ends."""
    if seconds_to_wait(request, f"password:{account.id}"):
        return _page(request, 429, problem="slow")
    with request.app.state.services.sessions.begin() as session:
        mine = session.get(Account, account.id)
        if not password_fits(old, mine.password_hash):
            return _page(request, 422, problem="old_password")
        if password != again:
            return _page(request, 422, problem="unlike")
        try:
            people.set_password(session, mine, password, but_session=staff_session(request).id)
        except AccountRefused as error:
            return _page(request, 422, problem=error.code)
        audit(session, mine, "password.chosen", mine.email)
    return back_to(HERE, "password")


@router.get(_FACTOR)
def factor_page(request: Request, account: Own) -> Response:
    """The QR code for the telephone, and the field for its first code."""
    return _factor_page(request, account, _factor(request).new_secret())


@router.post(_FACTOR)
def enable_factor(request: Request, account: Own, sealed: Annotated[str, Form()] = "", code: Annotated[str, Form()] = "") -> Response:
    """Ask for a code from the next log-in on; the recovery codes are shown this once."""
    with request.app.state.services.sessions.begin() as session:
        mine = session.get(Account, account.id)
        try:
            codes = _factor(request).enable(mine, sealed, code) if mine.totp_secret is None else []
        except ValueError:
            return back_to(_FACTOR)
        if not codes:
            return _factor_page(request, account, sealed, 422, "code")
        audit(session, mine, "factor.enabled", mine.email)
    return render(request, "recovery.html", page="account", codes=codes)


@router.post(f"{_FACTOR}/retirer")
def disable_factor(request: Request, account: Own, code: Annotated[str, Form()] = "") -> Response:
    """Ask for no code any more; the present one is asked for."""
    if seconds_to_wait(request, f"code:{account.id}"):
        return _page(request, 429, problem="slow")
    with request.app.state.services.sessions.begin() as session:
        mine = session.get(Account, account.id)
        if not _factor(request).accepts(mine, code):
            return _page(request, 422, problem="code")
        second_factor.disable(mine)
        audit(session, mine, "factor.disabled", mine.email)
    return back_to(HERE, "factor.disabled")


def _factor(request: Request) -> SecondFactor:
    return SecondFactor(request.app.state.services.secret_key)


def _factor_page(request: Request, account: Account, sealed: str, status: int = 200, problem: str | None = None) -> Response:
    secret, address = _factor(request).enrolment(account, sealed)
    code = segno.make_qr(address).svg_data_uri(border=4, dark="#000", light="#fff")
    spoken = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return render(request, "factor.html", status, page="account", sealed=sealed, secret=spoken, code=code, problem=problem)


def _page(request: Request, status: int = 200, **context: Any) -> Response:
    with request.app.state.services.sessions() as session:
        mine = staff_session(request)
        opened = sessions.of_account(session, mine.account_id)
    return render(request, "account.html", status, page="account", opened=opened, this=mine.id, **context)
