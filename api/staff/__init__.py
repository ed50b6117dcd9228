"""``/staff``: the console of the PIMMS.

Two lists, so that forgetting is impossible: every route of ``_PROTECTED`` refuses who is not signed
in, and every unsafe one of both refuses what does not come from a page of ours.
"""

from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse

from api.staff import (
    account,
    accounts,
    answering,
    callbacks,
    exchange,
    figures,
    guard,
    kept,
    learning,
    messages,
    models,
    openid,
    reports,
    second_step,
    session,
    sheet_history,
    to_verify,
    trial,
    upkeep,
)
from api.staff.throttle import SignInThrottle
from knowledge.settings import Settings

_PUBLIC = (session.public, second_step.router, openid.router)
_PROTECTED = (
    session.protected,
    answering.router,
    kept.router,
    trial.router,
    callbacks.router,
    figures.router,
    learning.router,
    messages.router,
    models.router,
    upkeep.router,
    sheet_history.router,
    to_verify.router,
    reports.router,
    exchange.router,
    account.router,
    accounts.router,
)


def install(app: FastAPI, settings: Settings) -> None:
    """Add the console's routes to ``app``."""
    app.state.sign_in_throttle = SignInThrottle(settings)
    app.state.openid_client = openid.client_of(settings)
    guard.install(app)
    # The account first: who is not signed in is sent to the log-in page, whatever they sent.
    for groups, guards in ((_PUBLIC, [guard.check_csrf]), (_PROTECTED, [guard.require("agent"), guard.check_csrf])):
        for group in groups:
            app.include_router(
                group, dependencies=[Depends(check) for check in guards], include_in_schema=False, default_response_class=HTMLResponse
            )
