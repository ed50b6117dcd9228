"""A resident asks for a person, an agent takes the request and writes, the resident sees it, the bot comes back."""

import pytest
from resident import DESK, PHONE, Page
from selenium.webdriver.common.by import By

PAPERS = "j'ai besoin d'aide pour mes papiers"


@pytest.fixture
def agent(console) -> Page:
    """A second browser, signed in as an agent."""
    return console("agent")


def press(page: Page, word: str) -> None:
    """Press the button that says ``word``, as an agent or a resident would."""
    button = next(b for b in page.all("button") if b.text == word and b.is_displayed())
    page.tap(button)


def take(agent: Page, name: str) -> None:
    """Take the request of this person, whoever else waits: each test has a name of its own, as other files leave requests too."""
    card = next(card for card in agent.all("#waiting .card") if name in card.text)
    agent.tap(card.find_element(By.CSS_SELECTOR, "button"))


def violations(page: Page) -> list[str]:
    """What axe finds, on a page where nothing sticks over what it measures."""
    page.script("for (const e of document.querySelectorAll('.emergency, .composer')) e.style.position = 'static'")
    return page.accessibility_violations()


def come_back(page: Page) -> None:
    """As somebody who returns to this tab: who waits for long is asked after ever more rarely, and at once then."""
    page.script("document.dispatchEvent(new Event('visibilitychange'))")


def fill(page: Page, **fields: str) -> None:
    for name, text in fields.items():
        page.one(f"#log .callback [name={name}]").send_keys(text)


def test_from_the_wish_for_a_person_to_the_bot_again(page: Page, agent: Page) -> None:
    page.open("/", PHONE)
    exchange = page.ask("je veux parler à une personne")
    assert "02 54 45 34 54" in exchange.text  # the counter, as ever
    page.tap(exchange.find_element(By.CSS_SELECTOR, ".offer summary"))
    assert violations(page) == []
    fill(page, first_name="Yasmine", phone="06 12", subject="ma carte de séjour")
    press(page, "Envoyer ma demande")
    page.until(lambda: "06 12 34 56 78" in page.one("#log .callback .problem").text)  # what a number looks like
    fill(page, phone=" 34 56 78")
    page.tap(page.one("#log .callback [name=consent]"))
    press(page, "Envoyer ma demande")
    page.until(lambda: page.all("#log [data-sent]"))
    assert not page.all("#log .callback")
    assert violations(page) == []

    agent.open("/staff/rappels")
    assert "Yasmine" in agent.one("#waiting").text
    assert violations(agent) == []
    take(agent, "Yasmine")
    agent.until(lambda: agent.all("#mine"))
    assert violations(agent) == []
    press(agent, "Répondre dans la conversation")
    agent.until(lambda: agent.all("#text"))
    agent.tap(agent.one("summary"))
    assert "je veux parler à une personne" in agent.one("main").text
    assert violations(agent) == []
    agent.one("#text").send_keys("Bonjour Yasmine. Venez mardi à 9 h, ou appelez le 02 54 45 34 54.")
    press(agent, "Envoyer")
    agent.until(lambda: "Venez mardi" in agent.one("#talk").text)

    come_back(page)
    page.until(lambda: page.all("#log .written[data-author=agent]"))
    said = page.one("#log .written[data-author=agent]")
    assert "Venez mardi à 9 h" in said.text
    assert said.find_element(By.TAG_NAME, "a").get_attribute("href") == "tel:+33254453454"
    held = page.ask("merci, avec quels papiers ?")
    assert "Un agent du PIMMS lit votre message" in held.text and not held.find_elements(By.CSS_SELECTOR, ".offer")
    assert violations(page) == []
    agent.until(lambda: "avec quels papiers" in agent.one("#talk").text)  # without a reload

    page.driver.refresh()
    page.until(lambda: page.all("#log .written[data-author=agent]"))
    assert len(page.all("#log .written[data-author=agent]")) == 1

    press(agent, "Fermer et rendre la parole à l'assistant")
    agent.until(lambda: agent.all(".done"))
    press(agent, "C'est réglé")
    agent.until(lambda: agent.all("#closed"))
    page.until(lambda: "L'assistant vous répond de nouveau" in page.one("#log").text)
    assert page.ask(PAPERS).find_elements(By.CSS_SELECTOR, ".card")
    page.one("#erase button").click()
    page.until(lambda: page.one("#status").text)
    agent.open("/staff/rappels")
    assert "Yasmine" not in agent.one("main").text
    # The form's refusal is a 422, which the browser notes; nothing else is.
    assert [line for line in page.complaints() if "422" not in line] == []
    assert agent.complaints() == []


def test_all_of_it_without_script(without_script: Page, agent: Page) -> None:
    page = without_script
    page.driver.get(page.base)
    page.box.send_keys("je veux parler à une personne")
    page.one("#ask .send").click()
    page.until(lambda: page.all(".offer"))
    page.tap(page.one(".offer summary"))
    fill(page, first_name="Bilel", phone="112", subject="la CAF")
    press(page, "Envoyer ma demande")
    page.until(lambda: page.one(".callback .problem").text)
    assert page.one("[name=first_name]").get_attribute("value") == "Bilel"
    page.one("[name=phone]").clear()
    page.tap(page.one("[name=here]"))
    page.tap(page.one("[name=consent]"))
    press(page, "Envoyer ma demande")
    page.until(lambda: page.all("[data-sent]"))

    agent.open("/staff/rappels", DESK)
    take(agent, "Bilel")
    agent.until(lambda: agent.all("#mine"))
    press(agent, "Répondre dans la conversation")
    agent.until(lambda: agent.all("#text"))
    agent.one("#text").send_keys("Bonjour Bilel.")
    press(agent, "Envoyer")
    agent.until(lambda: "Bonjour Bilel." in agent.one("#talk").text)

    press(page, "Voir les nouveaux messages")
    page.until(lambda: "Bonjour Bilel." in page.one("#log").text)
    page.box.send_keys("bonjour madame")
    page.one("#ask .send").click()
    page.until(lambda: "bonjour madame" in page.one("#log").text)
    assert "Un agent du PIMMS lit votre message" in page.one("#log").text
    agent.until(lambda: "bonjour madame" in agent.one("#talk").text)
    press(page, "Effacer la conversation")
    page.until(lambda: not page.all(".written"))


@pytest.mark.parametrize("size", [(320, 568), (640, 400)], ids=["320px", "zoom200"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_the_form_is_usable_by_everyone(page: Page, size: tuple[int, int], scheme: str) -> None:
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    page.open("/rappel", size)
    assert violations(page) == []
    assert page.script("return document.documentElement.scrollWidth <= innerWidth")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "light"}]})
