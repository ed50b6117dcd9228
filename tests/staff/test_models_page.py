"""An administrator trains, compares, lets a model answer, and goes back, over real HTTP."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from api import retraining
from api.wiring import Services
from bot import training
from knowledge import trained_models
from knowledge.audit import AuditEntry
from knowledge.signing import signature
from knowledge.trained_models import TrainedModel

ROWS = [{"name": "needs.all.first", "old": 0.9, "new": 0.95, "verdict": "better"}]


@pytest.fixture
def other(services: Services) -> Iterator[Path]:
    """The same model under another name: a candidate that is really there. Afterwards the first one answers again."""
    first = services.models.serving
    folder = training.models_of(services.settings.var_dir)
    path = folder / "passerelle-candidate.tar.gz"
    shutil.copyfile(folder / first, path)
    path.with_name(f"{path.name}{training.ENDING_OF_SIGNATURE}").write_text(signature(services.secret_key, path))
    with services.sessions.begin() as session:
        trained_models.register(session, path.name, training.sha256(path), services.models.code)
    yield path
    with services.sessions.begin() as session:
        session.execute(sa.delete(TrainedModel).where(TrainedModel.name == path.name))
        session.execute(sa.update(TrainedModel).where(TrainedModel.name == first).values(state="active"))
    services.models.look()
    assert services.models.serving == first


def report(services: Services, path: Path, worse: bool) -> None:
    with services.sessions.begin() as session:
        trained_models.note_report(session, path.name, {"worse": worse, "rows": ROWS})


def test_only_administrators_come_in(staff):
    for role in ("agent", "editor"):
        client = staff(role)
        assert client.get("/staff/modele").status_code == 403
        for what in ("entrainer", "activer"):
            assert client.post(f"/staff/modele/{what}", data={"name": "x"}).status_code == 403


def test_a_model_that_is_as_good_answers_by_one_click_and_so_does_the_one_before(staff, services: Services, other: Path):
    administrator, first = staff("administrator"), services.models.serving
    report(services, other, worse=False)
    page = administrator.get("/staff/modele").text
    assert "95,0" in page and "mieux" in page and 'name="reason"' not in page
    assert administrator.post("/staff/modele/activer", data={"name": other.name}).status_code == 303
    services.models.look()  # as every process does, within seconds
    assert services.models.serving == other.name

    page = administrator.get("/staff/modele").text
    assert re.search(rf'name="name" value="{re.escape(first)}"', page)
    assert administrator.post("/staff/modele/activer", data={"name": first}).status_code == 303
    services.models.look()
    assert services.models.serving == first


def test_one_that_is_worse_needs_a_reason_which_the_audit_keeps(staff, services: Services, other: Path):
    administrator = staff("administrator")
    report(services, other, worse=True)
    assert 'name="reason"' in administrator.get("/staff/modele").text
    for reason in ("", "   "):
        refused = administrator.post("/staff/modele/activer", data={"name": other.name, "reason": reason})
        assert refused.status_code == 409 and "Dites pourquoi" in refused.text
    assert administrator.post("/staff/modele/activer", data={"name": other.name, "reason": "les essais sont vieux"}).status_code == 303
    assert "les essais sont vieux" in administrator.get("/staff/modele").text
    with services.sessions() as session:
        entry = (
            session.execute(sa.select(AuditEntry).where(AuditEntry.what == "model.activated").order_by(AuditEntry.id.desc()))
            .scalars()
            .first()
        )
    assert (entry.subject, entry.details) == (other.name, {"reason": "les essais sont vieux"})


def test_an_unknown_model_is_refused(staff):
    refused = staff("administrator").post("/staff/modele/activer", data={"name": "../../etc/passwd", "reason": "x"})
    assert refused.status_code == 409


def test_while_a_training_runs_none_is_started(staff, services: Services):
    administrator = staff("administrator")
    assert not retraining.is_running(services.settings.var_dir)
    with retraining.alone(services.settings.var_dir):
        assert "est en cours" in administrator.get("/staff/modele").text
        assert administrator.post("/staff/modele/entrainer").status_code == 409
        with pytest.raises(retraining.TrainingRuns), retraining.alone(services.settings.var_dir):
            pass
    assert "est en cours" not in administrator.get("/staff/modele").text
