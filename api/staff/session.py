"""Signing in and out; choosing the password that an invitation asks for."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from starlette.datastructures import URL

from api.limits import client_address
from api.staff.guard import SIGN_IN, cookie_name, forget_cookie, lifetime, open_session, require, set_cookie
from api.staff.known import known_browser, remember_browser
from api.staff.page import back_to, render
from api.wiring import Services
from knowledge.accounts import people, sessions
from knowledge.accounts.errors import AccountRefused
from knowledge.accounts.models import Account
from knowledge.accounts.passwords import password_fits
from knowledge.audit import audit

HOME = "/staff"
CODE = f"{SIGN_IN}/code"

public = APIRouter()
protected = APIRouter()


@public.get(SIGN_IN)
def sign_in_page(request: Request, suite: str = HOME) -> Response:
    """The log-in form; who is signed in already goes on."""
    found = open_session(request)
    if found and not found.awaits_code:
        return back_to(_inside(suite))
    return render(request, "sign_in.html", suite=suite)


@public.post(SIGN_IN)
def sign_in(
    request: Request,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    suite: Annotated[str, Form()] = HOME,
) -> Response:
    """Open a session. One answer for an unknown address and a wrong password, after the same time."""
    services: Services = request.app.state.services
    wait = _seconds_to_wait_at_the_door(request, people.normal_email(email))
    if wait:
        return _refused(request, "slow", 429, email, suite, wait)
    with services.sessions.begin() as session:
        account = people.find(session, email)
        if not password_fits(password, account.password_hash if account else None) or account is None or account.disabled:
            if account:
                audit(session, account, "sign-in.refused", account.email)
            return _refused(request, "sign_in", 401, email, suite)
    return first_step_done(request, account, suite)


def first_step_done(request: Request, account: Account, suite: str) -> Response:
    """Go on after a password or an OpenID provider: to the second factor where there is one, else into the console."""
    if account.totp_secret is None:
        return signed_in(request, account, suite)
    with request.app.state.services.sessions.begin() as session:
        token = sessions.begin(session, account, awaits_code=True)
    response = back_to(str(URL(CODE).include_query_params(suite=suite)))
    set_cookie(request, response, token)
    return response


def signed_in(request: Request, account: Account, suite: str) -> Response:
    """Open a session for who has proved to be ``account``; with a new token, whatever the cookie held."""
    services: Services = request.app.state.services
    request.app.state.sign_in_throttle.forget(*_counted(request, account.email))
    with services.sessions.begin() as session:
        sessions.erase_old(session, lifetime(services.settings))
        sessions.end(session, request.cookies.get(cookie_name(request), ""))
        token = sessions.begin(session, account)
        audit(session, account, "sign-in.done", account.email)
    response = back_to(_inside(suite))
    set_cookie(request, response, token)
    remember_browser(request, response, account.email)
    return response


def _seconds_to_wait_at_the_door(request: Request, email: str) -> int:
    """As ``seconds_to_wait``; a browser in which this person signed in before is counted apart from everybody else's."""
    return request.app.state.sign_in_throttle.seconds_to_wait(*_counted(request, email))


def _counted(request: Request, email: str) -> tuple[str, str]:
    """As whom an attempt is counted, and from where."""
    known = known_browser(request, email)
    proxies = request.app.state.services.settings.trusted_proxies
    return (known, known) if known else (email, client_address(request.scope, proxies))


def seconds_to_wait(request: Request, account: str) -> int:
    """Count one attempt on ``account`` from this client; 0 when it may go on."""
    settings = request.app.state.services.settings
    return request.app.state.sign_in_throttle.seconds_to_wait(account, client_address(request.scope, settings.trusted_proxies))


@protected.post("/staff/deconnexion")
def sign_out(request: Request) -> Response:
    """Close this browser's session."""
    with request.app.state.services.sessions.begin() as session:
        sessions.end(session, request.cookies[cookie_name(request)])
    return _left(request)


@protected.post("/staff/deconnexion-partout")
def sign_out_everywhere(request: Request, account: Account = Depends(require("agent"))) -> Response:
    """Close all of the account's sessions."""
    with request.app.state.services.sessions.begin() as session:
        sessions.end_all(session, account.id)
        audit(session, account, "sessions.ended", account.email)
    return _left(request)


@public.get("/staff/invitation/{token}")
def invitation_page(request: Request, token: str) -> Response:
    """The form behind an invitation."""
    with request.app.state.services.sessions() as session:
        try:
            return render(request, "invitation.html", invited=people.invited(session, token))
        except AccountRefused as error:
            return render(request, "invitation.html", 404, problem=error.code)


@public.post("/staff/invitation/{token}")
def accept_invitation(request: Request, token: str, password: Annotated[str, Form()] = "", again: Annotated[str, Form()] = "") -> Response:
    """Set the first password, or a new one, of who was invited."""
    with request.app.state.services.sessions() as session:
        invited = None
        try:
            invited = people.invited(session, token)
            if password != again:
                return render(request, "invitation.html", 422, invited=invited, problem="unlike")
            people.set_password(session, invited, password)
        except AccountRefused as error:
            return render(request, "invitation.html", 422 if invited else 404, invited=invited, problem=error.code)
        audit(session, invited, "password.chosen", invited.email)
        session.commit()
    return back_to(SIGN_IN, "password")


def _left(request: Request) -> Response:
    response = back_to(SIGN_IN, "left")
    forget_cookie(request, response)
    return response


def _refused(request: Request, problem: str, status: int, email: str, suite: str, wait: int = 0) -> Response:
    response = render(request, "sign_in.html", status, problem=problem, email=email, suite=suite, minutes=-(-wait // 60))
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def _inside(path: str) -> str:
    """``path`` when it leads into the console: a link must not send people elsewhere after they signed in."""
    return path if path == HOME or path.startswith((f"{HOME}/", f"{HOME}?")) else HOME
