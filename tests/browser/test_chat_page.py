"""Asking, as a resident does: by keyboard, by tapping, and when something goes wrong."""

import pytest
from resident import PHONE, Page
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

QUESTION = "j'ai besoin d'aide pour mes papiers de la caf"


def test_a_question_typed_and_sent_by_keyboard_is_answered(page: Page) -> None:
    page.script("document.activeElement.blur()")
    for _ in range(30):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        if page.focused == "message":
            break
    page.driver.switch_to.active_element.send_keys(QUESTION)
    exchange = page.answered(lambda: page.driver.switch_to.active_element.send_keys(Keys.ENTER))
    assert exchange.find_element(By.CSS_SELECTOR, ".said").text.endswith(QUESTION)
    assert exchange.find_element(By.CSS_SELECTOR, ".answer .bubble").text
    assert "PIMMS" in exchange.find_element(By.CSS_SELECTOR, ".card h3").text
    assert page.complaints() == []


def test_focus_stays_in_the_box_and_the_box_is_empty(page: Page) -> None:
    page.ask(QUESTION)
    assert page.focused == "message"
    assert page.box.get_attribute("value") == ""


def test_shift_and_enter_starts_a_line(page: Page) -> None:
    page.box.send_keys("bonjour", Keys.SHIFT, Keys.ENTER, Keys.NULL, "je cherche du travail")
    assert page.box.get_attribute("value") == "bonjour\nje cherche du travail"


def test_an_example_is_asked_by_tapping_it(page: Page) -> None:
    example = page.one(".examples button")
    exchange = page.answered(lambda: page.tap(example))
    assert exchange.find_elements(By.CSS_SELECTOR, ".card")
    assert not page.one("#examples").is_displayed()


def test_a_quick_reply_shows_its_title_and_is_answered(page: Page) -> None:
    reply = page.ask(QUESTION).find_element(By.CSS_SELECTOR, ".quick-replies button")
    title = reply.text
    exchange = page.answered(lambda: page.tap(reply))
    assert exchange.find_element(By.CSS_SELECTOR, ".said").text.endswith(title)
    assert page.focused == "message"


def test_a_telephone_number_is_called_by_tapping_it(page: Page) -> None:
    page.open(size=PHONE)
    call = page.ask(QUESTION).find_element(By.CSS_SELECTOR, ".card a.call")
    assert call.get_attribute("href") == "tel:+33254453454"
    assert "02 54 45 34 54" in call.text
    assert call.size["height"] >= 44


def test_numbers_in_a_text_are_links_and_lines_are_kept(page: Page) -> None:
    said = "Appelez le 15 ou le 112.\nSans voix : 114.\nLe 15 juin, 12 rue X, contact@exemple.fr, http://exemple.fr/a."
    reply = {"conversation_id": "c", "outcome": "emergency", "messages": [{"text": said, "quick_replies": []}], "actions": []}
    exchange = _ask_with_answer(page, 200, reply)
    links = [a.get_attribute("href") for a in exchange.find_elements(By.CSS_SELECTOR, ".bubble a")]
    assert links == ["tel:15", "tel:112", "sms:114", "mailto:contact@exemple.fr", "http://exemple.fr/a"]
    assert exchange.find_element(By.CSS_SELECTOR, ".answer .bubble").text.count("\n") == 2


def test_an_answer_is_never_read_as_html(page: Page) -> None:
    text = "<img src=x onerror=document.title='broken'> <b>gras</b>"
    reply = {"conversation_id": "c", "outcome": "help", "messages": [{"text": text, "quick_replies": []}], "actions": []}
    exchange = _ask_with_answer(page, 200, reply)
    assert exchange.find_element(By.CSS_SELECTOR, ".answer .bubble").text == text
    assert not page.all(".bubble img, .bubble b")


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_nothing_is_lost_when_the_answer_does_not_come(page: Page, status: int) -> None:
    exchange = _ask_with_answer(page, status, {"error": {"code": "x", "message": "x"}})
    failure = exchange.find_element(By.CSS_SELECTOR, ".failure")
    assert failure.find_element(By.TAG_NAME, "p").text
    assert QUESTION in exchange.find_element(By.CSS_SELECTOR, ".said").text
    page.script("fetch = window.realFetch")
    failure.find_element(By.TAG_NAME, "button").click()
    page.until(lambda: exchange.find_elements(By.CSS_SELECTOR, ".card"))
    assert len(page.all(".exchange")) == 1


def test_an_empty_and_a_too_long_message_are_explained(page: Page) -> None:
    page.box.send_keys(Keys.ENTER)
    assert page.one("#problem").text
    assert page.box.get_attribute("aria-invalid") == "true"
    page.script("arguments[0].value = 'a'.repeat(1001)", page.box)
    page.box.send_keys(Keys.ENTER)
    assert "1 000" in page.one("#problem").text
    assert len(page.box.get_attribute("value")) == 1001
    assert not page.all(".exchange")


def test_the_conversation_outlives_a_reload_and_is_erased_on_demand(page: Page) -> None:
    assert not page.script("return sessionStorage.length")
    assert not page.one("#erase").is_displayed()
    shown = page.ask(QUESTION).find_element(By.CSS_SELECTOR, ".cards").text
    page.driver.refresh()
    page.until(lambda: page.all(".exchange"))
    assert page.one(".cards").text == shown

    page.addresses_asked()
    page.one("#erase button").click()
    page.until(lambda: not page.all(".exchange"))
    page.until(lambda: page.focused == "message")
    assert not page.script("return sessionStorage.length")
    assert page.one("#examples").is_displayed()
    assert any("/api/conversations/" in address for address in page.addresses_asked())


@pytest.mark.parametrize(("answer", "thanks"), [("true", "[data-thanks]"), ("false", "[data-sorry]")])
def test_a_person_can_say_whether_it_helped(page: Page, answer: str, thanks: str) -> None:
    exchange = page.ask(QUESTION)
    page.tap(exchange.find_element(By.CSS_SELECTOR, f"[data-helpful={answer}]"))
    page.until(lambda: exchange.find_element(By.CSS_SELECTOR, thanks).is_displayed())
    page.until(lambda: any(address.endswith("/api/feedback") for address in page.addresses_asked()))
    assert page.complaints() == []


def test_the_form_works_without_script(without_script: Page) -> None:
    page = without_script
    page.driver.get(page.base)
    page.box.send_keys(QUESTION)
    page.one("#ask .send").click()
    page.until(lambda: page.all(".exchange"))
    assert QUESTION in page.one(".said").text
    assert "PIMMS" in page.one(".card h3").text
    conversation = page.one("#ask [name=conversation_id]").get_attribute("value")
    assert conversation

    title = page.one(".quick-replies button").text
    page.tap(page.one(".quick-replies button"))
    page.until(lambda: title in page.one(".said").text)
    assert page.one("#ask [name=conversation_id]").get_attribute("value") == conversation

    page.one("#erase button").click()
    page.until(lambda: not page.all(".exchange"))
    assert not page.one("#ask [name=conversation_id]").get_attribute("value")


@pytest.mark.parametrize("question", [QUESTION, "je veux apprendre le francais", "le festival figas c'est quand"])
def test_both_renderings_of_an_answer_say_the_same(page: Page, without_script: Page, question: str) -> None:
    page.ask(question)
    page.script("for (const details of document.querySelectorAll('details')) details.open = true")
    without_script.driver.get(page.base)
    without_script.box.send_keys(question)
    without_script.one("#ask .send").click()
    without_script.until(lambda: without_script.all(".exchange"))
    for summary in without_script.all("summary"):
        without_script.tap(summary)
    assert [card.text for card in page.all(".card")] == [card.text for card in without_script.all(".card")]
    links = [[(a.text, a.get_attribute("href")) for a in shown.all(".card a")] for shown in (page, without_script)]
    assert [link for link in links[0] if link[1]] == [link for link in links[1] if link[1]]


def _ask_with_answer(page: Page, status: int, body: dict):  # type: ignore[no-untyped-def]
    """Ask, with the server's answer replaced; status 0 stands for no connection."""
    page.script(
        """window.realFetch ??= fetch;
           fetch = (...request) => arguments[0]
             ? Promise.resolve(new Response(JSON.stringify(arguments[1]), {status: arguments[0], headers: {"Retry-After": "7"}}))
             : Promise.reject(new TypeError("offline"));""",
        status,
        body,
    )
    try:
        return page.ask(QUESTION)
    finally:
        if 200 <= status < 300:
            page.script("fetch = window.realFetch")
