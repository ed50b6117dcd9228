"""The pages of figures, missed questions and the model: clean for axe, on a desk and on a phone, with and without content."""

import httpx
import pytest
import sqlalchemy as sa
from resident import DESK, PHONE, Page
from selenium.webdriver.common.keys import Keys

from bot import training
from knowledge import reports, trained_models
from knowledge.learning.models import MissedQuestion, SetAside
from knowledge.trained_models import TrainedModel

MISSED = ("une recette de gâteau au chocolat", "je m'appelle Nadia, la recette du gâteau au chocolat", "asdf qsdf zzzz")


@pytest.fixture
def administrator(console) -> Page:
    """A browser signed in as an administrator."""
    return console("administrator")


@pytest.fixture
def filled(live_server, services):
    """Messages that leave figures and missed questions, and a candidate with its comparison."""
    for message in [*MISSED, *["j'ai besoin d'aide pour mes papiers de la caf"] * 6]:
        httpx.post(f"{live_server}/api/chat", json={"message": message, "conversation_id": None}, timeout=30)
    rows = [
        {"name": "needs.all.first", "old": 0.95, "new": 0.96, "verdict": "better"},
        {"name": "talk.right", "old": 0.9, "new": 0.8, "verdict": "worse"},
    ]
    with services.sessions.begin() as session:
        for subject in ("over", "schedule"):
            reports.leave(session, "pimms", subject, "un mot" * 80)
        trained_models.register(session, "passerelle-shown.tar.gz", "a" * 64, training.code_fingerprint())
        trained_models.note_report(session, "passerelle-shown.tar.gz", {"worse": True, "rows": rows})
    yield
    with services.sessions.begin() as session:
        session.execute(sa.delete(TrainedModel).where(TrainedModel.name == "passerelle-shown.tar.gz"))
        for table in (MissedQuestion, SetAside, reports.SheetReport):
            session.execute(sa.delete(table))


@pytest.mark.parametrize("size", [pytest.param(DESK, marks=pytest.mark.soak), PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(administrator: Page, filled, size: tuple[int, int]) -> None:
    for path in ("/staff/chiffres", "/staff/questions", "/staff/modele", "/staff/signalements"):
        administrator.open(path, size)
        administrator.script("for (const details of document.querySelectorAll('details')) details.open = true")
        assert administrator.accessibility_violations() == [], path
        assert administrator.script("return document.documentElement.scrollWidth <= innerWidth"), path
    assert administrator.complaints() == []


def test_a_missed_question_is_decided_on_by_one_click(administrator: Page, filled, services) -> None:
    administrator.open("/staff/questions")
    (cake,) = [card for card in administrator.all("article.card") if "gâteau" in card.text]
    assert "Nadia" not in administrator.one("main").text
    button = next(b for b in cake.find_elements("css selector", "button") if b.text == "Ignorer")
    administrator.tap(button)
    administrator.until(lambda: administrator.all(".done"))
    assert not [card for card in administrator.all("article.card") if "gâteau" in card.text]
    assert "gâteau" in administrator.one("[aria-labelledby=ignored]").text


def test_figures_of_another_period_are_chosen_with_the_keyboard(administrator: Page, filled) -> None:
    administrator.open("/staff/chiffres")
    administrator.one("#weeks").send_keys("13")
    administrator.one("#channel").send_keys(Keys.ENTER)
    administrator.one("form.search button").send_keys(Keys.ENTER)
    administrator.until(lambda: "semaines=13" in administrator.driver.current_url)
    assert len(administrator.all("table")[0].find_elements("css selector", "tbody tr")) == 13
