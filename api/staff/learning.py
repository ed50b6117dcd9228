"""``/staff/questions``: what residents asked and the assistant missed, and one click for each decision."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from sqlalchemy.orm import Session

from api.staff.guard import require
from api.staff.page import back_to, render
from api.wiring import Services
from knowledge.accounts.models import Account
from knowledge.audit import audit
from knowledge.errors import InvalidSheet, UnknownSheet
from knowledge.learning import decisions
from knowledge.learning.groups import Group, missed
from knowledge.learning.masking import without_masks
from nlu.french.text import clean, words

PAGE = "/staff/questions"
_MOST_GROUPS = 50
_GUESSES = 3
# In the list of all others: a whole city, or what is likeliest in a region.
_OFFERED = 300
_LONGEST = 300

router = APIRouter()
Editor = Annotated[Account, Depends(require("editor"))]
Ids = Annotated[tuple[str, ...], Form()]


@router.get(PAGE)
def questions_page(request: Request) -> Response:
    """Groups of questions that ask the same, most frequent first; what was set aside."""
    return _page(request)


@router.post(PAGE + "/action")
def teach_action(
    request: Request, account: Editor, ids: Ids = (), text: Annotated[str, Form()] = "", action_id: Annotated[str, Form()] = ""
) -> Response:
    """The action was right: the question becomes one of its phrasings."""
    return _teach(
        request, account, text, action_id, lambda session, said: decisions.teach_action(session, ids, said, action_id, account.name)
    )


@router.post(PAGE + "/hors-sujet")
def teach_outside(
    request: Request, account: Editor, ids: Ids = (), text: Annotated[str, Form()] = "", topic_id: Annotated[str, Form()] = ""
) -> Response:
    """No action is to cover it: the question becomes a phrasing of an outside topic."""
    return _teach(
        request, account, text, topic_id, lambda session, said: decisions.teach_outside(session, ids, said, topic_id, account.name)
    )


@router.post(PAGE + "/a-creer")
def need_action(request: Request, account: Editor, ids: Ids = ()) -> Response:
    """A new action is needed: the question is kept in a list of its own."""
    return _set_aside(request, account, ids, decisions.NEEDED)


@router.post(PAGE + "/ignorer")
def ignore(request: Request, account: Editor, ids: Ids = ()) -> Response:
    """Nothing to learn: this question, and those like it, are not shown again."""
    return _set_aside(request, account, ids, decisions.IGNORED)


@router.post(PAGE + "/reprendre")
def take_back(request: Request, account: Editor, aside_id: Annotated[str, Form()] = "") -> Response:
    """Show questions like one that was set aside again."""
    with request.app.state.services.sessions.begin() as session:
        decisions.take_back(session, aside_id)
        audit(session, account, "question.taken-back")
    return back_to(PAGE, "question.taken-back")


def _teach(request: Request, account: Account, text: str, where: str, teach: Callable[[Session, str], None]) -> Response:
    said = clean(text)
    if not words(said) or len(said) > _LONGEST:
        return _page(request, 422, problem="question_text")
    try:
        with request.app.state.services.sessions.begin() as session:
            teach(session, said)
            # The sheet's own history holds the words; the audit holds none of a resident.
            audit(session, account, "question.taught", where)
    except (UnknownSheet, InvalidSheet):
        return _page(request, 422, problem="question_where")
    return back_to(PAGE, "question.taught")


def _set_aside(request: Request, account: Account, ids: Sequence[str], kind: str) -> Response:
    with request.app.state.services.sessions.begin() as session:
        decisions.set_aside(session, ids, kind, account.name)
        audit(session, account, f"question.{kind}")
    return back_to(PAGE, f"question.{kind}")


def _page(request: Request, status_code: int = 200, **context: Any) -> Response:
    services: Services = request.app.state.services
    with services.sessions() as session:
        groups, aside = missed(session, services.search.rows)
    directory = services.store.current()
    kinds = {kind: [(one, times) for one, times in aside if one.kind == kind] for kind in (decisions.NEEDED, decisions.IGNORED)}
    return render(
        request, "questions.html", status_code, page="learning", groups=[_shown(services, group) for group in groups[:_MOST_GROUPS]],
        more=len(groups[_MOST_GROUPS:]), topics=[t for t in directory.outside if t.title], longest=_LONGEST,
        **kinds, **context,
    )  # fmt: skip


def _shown(services: Services, group: Group) -> dict[str, Any]:
    """A group with what the search takes its question for."""
    text = without_masks(group.text)
    result = services.search.find(text, limit=_OFFERED)
    found = [hit.entry for hit in result.hits]
    every = services.store.current().entries
    others = every if len(every) <= _OFFERED else found
    return {"group": group, "text": text, "guesses": found[:_GUESSES], "others": others, "topic": result.topic}
