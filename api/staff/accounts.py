"""``/staff/comptes``: who may use the console; ``/staff/journal``: what was done in it. For administrators."""

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from api.errors import ApiError
from api.staff.guard import require
from api.staff.page import back_to, render
from knowledge.accounts import people, second_factor, sessions
from knowledge.accounts.errors import AccountRefused
from knowledge.accounts.models import Account, Role
from knowledge.audit import audit, entries

HERE = "/staff/comptes"
_ENTRIES = 50

router = APIRouter(dependencies=[Depends(require("administrator"))])
Administrator = Annotated[Account, Depends(require("administrator"))]


@router.get(HERE)
def accounts_page(request: Request) -> Response:
    """Every account."""
    return _page(request)


@router.post(HERE)
def create_account(
    request: Request,
    me: Administrator,
    name: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
    role: Annotated[Role, Form()] = Role.agent,
) -> Response:
    """Create an account and show, this once, the link by which its owner chooses the password."""
    try:
        with request.app.state.services.sessions.begin() as session:
            account = people.create(session, name, email, role)
            token = people.invite(session, account)
            audit(session, me, "account.created", account.email, {"role": account.role})
    except AccountRefused as error:
        return _page(request, 422, problem=error.code, given={"name": name, "email": email, "role": role.value})
    return _page(request, invited=account, link=_link(request, token))


@router.post(HERE + "/{account_id}")
def change_account(
    request: Request, me: Administrator, account_id: str, role: Annotated[Role, Form()], disabled: Annotated[bool, Form()] = False
) -> Response:
    """Change the role, or whether the account may sign in."""
    try:
        with request.app.state.services.sessions.begin() as session:
            account = _account(session, account_id)
            people.change(session, account, role, disabled)
            audit(session, me, "account.changed", account.email, {"role": account.role, "disabled": disabled})
    except AccountRefused as error:
        return _page(request, 422, problem=error.code)
    return back_to(HERE, "account.changed")


@router.post(HERE + "/{account_id}/invitation")
def invite_again(request: Request, me: Administrator, account_id: str) -> Response:
    """Show, this once, a link by which the owner chooses a new password; the second factor is asked for no more."""
    with request.app.state.services.sessions.begin() as session:
        account = _account(session, account_id)
        token = people.invite(session, account)
        second_factor.disable(account)
        audit(session, me, "account.invited", account.email)
    return _page(request, invited=account, link=_link(request, token))


@router.post(HERE + "/{account_id}/sessions")
def end_sessions(request: Request, me: Administrator, account_id: str) -> Response:
    """Sign the account out of every browser."""
    with request.app.state.services.sessions.begin() as session:
        account = _account(session, account_id)
        sessions.end_all(session, account.id)
        audit(session, me, "sessions.ended", account.email)
    return back_to(HERE, "sessions.ended")


@router.get("/staff/journal")
def audit_page(request: Request, avant: Annotated[int | None, Query(ge=1)] = None) -> Response:
    """What was done, newest first, page by page."""
    with request.app.state.services.sessions() as session:
        shown = entries(session, avant, _ENTRIES)
    return render(request, "audit.html", page="audit", entries=shown, older=shown[-1].id if len(shown) == _ENTRIES else None)


def _account(session: Session, account_id: str) -> Account:
    account = session.get(Account, account_id)
    if account is None:
        raise ApiError(404, "not_found")
    return account


def _link(request: Request, token: str) -> str:
    return f"{request.app.state.services.settings.public_url.rstrip('/')}/staff/invitation/{token}"


def _page(request: Request, status: int = 200, **context: Any) -> Response:
    with request.app.state.services.sessions() as session:
        accounts = session.execute(sa.select(Account).order_by(Account.disabled, Account.name)).scalars().all()
    return render(request, "accounts.html", status, page="accounts", accounts=accounts, roles=[role.value for role in Role], **context)
