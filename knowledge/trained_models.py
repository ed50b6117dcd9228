"""The trained models by name: which one answers, which one did before, which ones wait to. All in the caller's transaction."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.errors import KnowledgeError
from knowledge.models import Base
from knowledge.moments import Moment, utc_now
from knowledge.upsert import insert

CANDIDATE, ACTIVE, PREVIOUS, RETIRED = "candidate", "active", "previous", "retired"


class TrainedModel(Base):
    """A model's file by its name. ``code``: the fingerprint of the code that it runs with; ``report``: what its evaluation found."""

    __tablename__ = "trained_models"
    name = sa.Column(sa.String(80), primary_key=True)
    sha256 = sa.Column(sa.String(64), nullable=False)
    code = sa.Column(sa.String(64), nullable=False)
    state = sa.Column(sa.String(10), nullable=False, default=CANDIDATE, index=True)
    made_at = sa.Column(Moment, nullable=False, default=utc_now)
    report = sa.Column(sa.JSON, nullable=False, default=dict)
    activated_at = sa.Column(Moment)
    activated_by = sa.Column(sa.String(100))
    reason = sa.Column(sa.Text)
    __table_args__: Any = (sa.CheckConstraint("state in ('candidate', 'active', 'previous', 'retired')", name="state"),)


class NotActivated(KnowledgeError):
    """A model may not answer; ``code`` says why: it is unknown, of another version of the code, or not shown to be as good."""

    _SENTENCES = {
        "unknown": "No model has this name.",
        "other_version": "The model was made with another version of Passerelle: train it anew.",
        "worse": "The new model is worse than the one that answers, or could not be compared: an administrator decides in the console.",
    }

    def __init__(self, code: str) -> None:
        super().__init__(self._SENTENCES[code])
        self.code = code


def register(session: Session, name: str, sha256: str, code: str) -> None:
    """Note a model that was trained: a candidate, the only one, unless it answers or answered last."""
    known = insert(session, TrainedModel).values(name=name, sha256=sha256, code=code, state=CANDIDATE, made_at=utc_now(), report={})
    session.execute(known.on_conflict_do_update(index_elements=["name"], set_={"sha256": sha256, "code": code, "made_at": utc_now()}))
    model = session.get(TrainedModel, name, populate_existing=True)
    if model.state in (CANDIDATE, RETIRED):
        session.execute(sa.update(TrainedModel).where(TrainedModel.state == CANDIDATE).values(state=RETIRED))
        session.execute(sa.update(TrainedModel).where(TrainedModel.name == name).values(state=CANDIDATE))


def in_state(session: Session, state: str) -> TrainedModel | None:
    """The newest model in ``state``."""
    chosen = sa.select(TrainedModel).where(TrainedModel.state == state)
    return session.execute(chosen.order_by(TrainedModel.made_at.desc()).limit(1)).scalar_one_or_none()


def active(session: Session) -> TrainedModel | None:
    """The model that answers; None before the first start."""
    return in_state(session, ACTIVE)


def needed(session: Session) -> set[str]:
    """The names of the models whose files must stay."""
    return set(session.execute(sa.select(TrainedModel.name).where(TrainedModel.state != RETIRED)).scalars())


def note_report(session: Session, name: str, report: dict[str, Any]) -> None:
    """Keep what an evaluation found: ``{"worse": bool, "rows": […]}``, or ``{"problem": "…"}``."""
    session.execute(sa.update(TrainedModel).where(TrainedModel.name == name).values(report=report))


def activate(session: Session, name: str, code: str, by: str, reason: str | None = None, compared: bool = True) -> None:
    """Let a model answer from now on, and remember the one before it.

    One that was not found to be as good as the active one needs a ``reason``; unless there was nothing to compare it
    with (``compared``: false). Raises NotActivated.
    """
    _wait_for_others(session)
    models = {model.name: model for model in session.execute(sa.select(TrainedModel)).scalars()}
    model = models.get(name)
    if model is None:
        raise NotActivated("unknown")
    if model.code != code:
        raise NotActivated("other_version")
    if model.state not in (ACTIVE, PREVIOUS) and compared and not reason and model.report.get("worse") is not False:
        raise NotActivated("worse")
    if model.state == ACTIVE:
        return
    for other in models.values():
        if other.state in (ACTIVE, PREVIOUS):
            other.state = PREVIOUS if other.state == ACTIVE else RETIRED
    model.state, model.activated_at, model.activated_by, model.reason = ACTIVE, utc_now(), by, reason


def _wait_for_others(session: Session) -> None:
    """Take the lock that makes activations follow each other."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("lock table trained_models in exclusive mode"))
    else:  # SQLite locks at the first write, even of no row
        session.execute(sa.update(TrainedModel).where(sa.false()).values(state=TrainedModel.state))
