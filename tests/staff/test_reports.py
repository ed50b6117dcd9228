"""What a reader reports reaches the editors, and nobody else."""

import re
import uuid

import httpx
import pytest
import sqlalchemy as sa

from knowledge.audit import AuditEntry
from knowledge.reports import SheetReport

PAGE = "/staff/signalements"


@pytest.fixture
def reported(client: httpx.Client, services) -> str:
    text = f"le numéro a changé <i>{uuid.uuid4().hex}</i>"
    assert client.post("/signaler", data={"fiche": "pimms", "subject": "contact", "text": text}).status_code == 200
    with services.sessions() as session:
        return session.execute(sa.select(SheetReport.id).where(SheetReport.text == text)).scalar_one()


def test_an_editor_reads_a_report_and_decides_once(staff, services, reported: str) -> None:
    editor = staff("editor")
    page = editor.get(PAGE).text
    assert f"{PAGE}/{reported}" in page and "&lt;i&gt;" in page and 'href="/staff/annuaire/actions/pimms"' in page
    done = editor.post(f"{PAGE}/{reported}", data={"state": "done"}, follow_redirects=True).text
    assert "Le signalement est réglé" in done
    assert "déjà occupé" in editor.post(f"{PAGE}/{reported}", data={"state": "ignored"}, follow_redirects=True).text
    assert "de nouveau" in editor.post(f"{PAGE}/{reported}", data={"state": "open"}, follow_redirects=True).text
    assert editor.post(f"{PAGE}/{reported}", data={"state": "x"}).status_code == 422
    with services.sessions() as session:
        noted = session.execute(sa.select(AuditEntry.what).where(AuditEntry.subject == reported).order_by(AuditEntry.id)).scalars().all()
    assert noted == ["report.done", "report.open"]


def test_what_is_over_may_be_reported_too(staff, services) -> None:
    finished = [entry.id for entry in services.store.current().entries if entry.action.status == "finished"]
    assert finished
    sent = staff("agent").post("/signaler", data={"fiche": finished[0], "subject": "schedule", "text": "les dates ont changé"})
    assert sent.status_code == 200 and "Merci" in sent.text
    with services.sessions.begin() as session:
        session.execute(sa.delete(SheetReport).where(SheetReport.action == finished[0]))


def test_an_agent_who_edits_nothing_sees_none(staff, reported: str) -> None:
    agent = staff("agent")
    assert agent.get(PAGE).status_code == 403 and PAGE not in agent.get("/staff").text
    assert agent.post(f"{PAGE}/{reported}", data={"state": "done"}).status_code == 403
    assert PAGE in staff("editor").get("/staff").text


def test_reports_are_counted_against_floods(open_app) -> None:
    client = open_app(rate_limit_chat=2)
    form = {"fiche": "pimms", "subject": "over"}
    assert [client.post("/signaler", data=form).status_code for _ in range(3)] == [200, 200, 429]


def test_the_form_asks_for_nothing_personal(client: httpx.Client) -> None:
    page = client.get("/annuaire/pimms", headers={"accept": "text/html"}).text
    (address,) = re.findall(r'href="(/signaler\?fiche=[\w-]+)"', page)
    form = client.get(address).text
    assert not re.search(r'type="(email|tel)"|autocomplete="(name|given-name|email|tel)"', form)
