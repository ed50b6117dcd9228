"""``/staff/modele``: the language model that answers, a new one beside it, and back to the one before."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response

from api import retraining
from api.staff.guard import require
from api.staff.page import back_to, render
from api.wiring import Services
from bot import training
from bot.phrasings import taught_by
from knowledge import trained_models
from knowledge.accounts.models import Account
from knowledge.audit import audit
from knowledge.schedules import PARIS
from knowledge.trained_models import NotActivated

PAGE = "/staff/modele"
_LONGEST_REASON = 300

router = APIRouter(dependencies=[Depends(require("administrator"))])
Administrator = Annotated[Account, Depends(require("administrator"))]


@router.get(PAGE)
def model_page(request: Request) -> Response:
    """Which model answers since when; the new one, compared with it; what a running training says."""
    return _page(request)


@router.post(PAGE + "/entrainer")
def train(request: Request, account: Administrator) -> Response:
    """Start a training in a process of its own; one at a time."""
    services: Services = request.app.state.services
    if retraining.is_running(services.settings.var_dir):
        return _page(request, 409, problem="training_runs")
    training.start_candidate(services.settings.var_dir, services.settings.database, services.secret_key)
    with services.sessions.begin() as session:
        audit(session, account, "model.training")
    return back_to(PAGE, "model.training")


@router.post(PAGE + "/activer")
def activate(request: Request, account: Administrator, name: Annotated[str, Form()] = "", reason: Annotated[str, Form()] = "") -> Response:
    """Let a model answer. One that is worse, or was not compared, needs a reason, which is kept."""
    services: Services = request.app.state.services
    reason = " ".join(reason.split())[:_LONGEST_REASON]
    try:
        with services.sessions.begin() as session:
            trained_models.activate(session, name, services.models.code, account.name, reason or None)
            audit(session, account, "model.activated", name, {"reason": reason} if reason else None)
    except NotActivated as refused:
        return _page(request, 409, problem=f"model_{refused.code}")
    return back_to(PAGE, "model.activated")


def _page(request: Request, status_code: int = 200, **context: Any) -> Response:
    services: Services = request.app.state.services
    with services.sessions() as session:
        states = (trained_models.ACTIVE, trained_models.PREVIOUS, trained_models.CANDIDATE)
        models = {state: trained_models.in_state(session, state) for state in states}
    present = training.model_path(services.settings.var_dir, taught_by(services.store.current())).name
    active = models[trained_models.ACTIVE]
    return render(
        request, "models.html", status_code, page="models", running=retraining.is_running(services.settings.var_dir),
        failed=training.last_failed(services.settings.var_dir), changed=active is not None and active.name != present,
        serving=services.models.serving, paris=PARIS, longest=_LONGEST_REASON, **models, **context,
    )  # fmt: skip
