"""What is written in the widget: sent once, kept from page to page, erased on demand, handed to an agent."""

import asyncio
import json
import time

import pytest
from city import LOST, QUESTION, City, Launch
from selenium.webdriver.common.by import By

from knowledge.handover import callbacks, talks


def test_a_conversation_goes_along_to_another_page_and_is_erased(city: City, site: str) -> None:
    shown = city.launch().asked(QUESTION).text
    conversation = json.loads(city.script("return sessionStorage.getItem('passerelle')"))["id"]
    city.driver.get(f"{site}/other")
    city.addresses_asked()
    assert not city.is_open and not [a for a in city.addresses_asked() if "/api/" in a]
    assert city.launch().answer().text == shown
    city.inside("#erase button")[0].click()
    city.until(lambda: not city.inside(".exchange"))
    assert city.script("return sessionStorage.length") == 0
    assert city.focused_inside == "message"
    assert any(conversation in address for address in city.addresses_asked())
    city.driver.get(site)
    city.launch()
    assert not city.inside(".exchange")


def test_two_on_a_page_share_one_conversation(city: City, site: str) -> None:
    city.driver.get(f"{site}/two")
    assert len(city.all("passerelle-chat")) == 2
    city.launch().asked(QUESTION)
    city.inside(".close")[0].click()
    city.number = 1
    city.launch()
    assert len(city.inside(".exchange")) == 1
    city.asked("c'est quand", 2)
    city.inside(".close")[0].click()
    city.number = 0
    city.launch()
    assert len(city.inside(".exchange")) == 2


def test_what_is_sent_without_a_connection_is_sent_once_it_is_back(city: City) -> None:
    city.launch().asked("bonjour")
    city.disconnect()
    city.typed(QUESTION)
    city.until(lambda: city.inside(".failure"))
    assert QUESTION in city.inside(".exchange")[-1].text
    city.connect()
    city.until(lambda: city.inside(".card"))
    assert len(city.inside(".exchange")) == 2 and not city.inside(".failure")


def test_two_messages_without_a_connection_leave_in_order_and_outlive_the_page(city: City, site: str, services) -> None:
    city.launch().asked("bonjour")
    said = [QUESTION, "et pour apprendre le français ?"]
    city.disconnect()
    for number, text in enumerate(said, 1):
        city.typed(text)
        city.until(lambda number=number: len(city.inside(".failure")) == number)
    city.connect()
    city.until(lambda: _answered(city) == 3)
    assert not city.inside(".failure")
    assert _transcript(city, services) == ["bonjour", *said]

    city.script("window.fetch = () => Promise.reject(new TypeError('lost'))")
    for number, text in enumerate(["merci", "au revoir"], 1):
        city.typed(text)
        city.until(lambda number=number: len(city.inside(".failure")) == number)
    city.driver.get(f"{site}/other")
    city.launch().until(lambda: _answered(city) == 5)
    assert _transcript(city, services)[-2:] == ["merci", "au revoir"]


def test_what_is_refused_is_explained_and_not_sent_again(city: City, site: str) -> None:
    city.launch()
    city.script("arguments[0].value = '\\u200b\\u200b'", city.inside("#message")[0])
    city.typed("")
    assert city.inside("#problem")[0].text and not city.inside(".exchange")
    city.script(
        """const body = {error: {code: "x", message: "Ce message est refusé."}};
           window.fetch = async () => new Response(JSON.stringify(body), {status: 422});"""
    )
    city.typed("???")
    city.until(lambda: city.inside(".failure"))
    assert city.inside(".failure")[0].text == "Ce message est refusé."
    assert city.script("return sessionStorage.length") == 0
    city.driver.get(f"{site}/other")
    city.launch()
    assert not city.inside(".exchange")


def test_a_stored_conversation_that_is_none_is_forgotten(city: City, site: str) -> None:
    for stored in ["{", "[]", '{"id": "../x", "turns": [{"said": 1}, null]}', '{"turns": [{"said": "x", "reply": {}}]}']:
        city.script("sessionStorage.setItem('passerelle', arguments[0])", stored)
        city.driver.get(f"{site}/other")
        city.launch()
        assert not city.inside(".exchange")
    assert "PIMMS" in city.asked(QUESTION).text


def test_a_conversation_whose_answer_was_lost_is_erased(city: City, services) -> None:
    city.launch()
    city.script(LOST)
    city.typed("je m'appelle Zoé et je cherche du travail")
    city.until(lambda: city.inside(".failure"))
    conversation = json.loads(city.script("return sessionStorage.getItem('passerelle')"))["id"]
    assert asyncio.run(services.engine.transcript(conversation))
    city.inside("#erase button")[0].click()
    city.until(lambda: not city.inside(".exchange"))
    assert not asyncio.run(services.engine.transcript(conversation))
    assert city.script("return sessionStorage.length") == 0


def test_erasing_does_not_wait_for_the_answer(city: City, services) -> None:
    city.launch()
    city.script(
        """const real = fetch;
           window.fetch = (address, options) => address.endsWith("/api/chat")
             ? real(address, {...options, signal: null}).then(() => new Promise((_, no) => options.signal.addEventListener("abort", no)))
             : real(address, options);"""
    )
    city.typed("je m'appelle Zoé et je cherche du travail")
    conversation = json.loads(city.script("return sessionStorage.getItem('passerelle')"))["id"]
    city.until(lambda: asyncio.run(services.engine.transcript(conversation)))
    city.inside("#erase button")[0].click()
    city.until(lambda: not city.inside(".exchange"))
    assert city.inside("#status")[0].text == "La conversation est effacée."
    assert not asyncio.run(services.engine.transcript(conversation))
    time.sleep(2)  # longer than a lost message waits before it is sent once more
    assert not city.inside(".exchange") and not asyncio.run(services.engine.transcript(conversation))


def test_without_a_connection_erasing_says_that_it_failed(city: City) -> None:
    city.launch().asked(QUESTION)
    city.disconnect()
    city.inside("#erase button")[0].click()
    city.until(lambda: "n'a pas pu être effacée" in city.inside("#status")[0].text)
    assert city.inside(".exchange")
    city.connect()


def test_an_answer_that_comes_when_the_window_is_closed_is_announced(city: City) -> None:
    city.launch()
    city.script("const real = fetch; window.fetch = (...one) => new Promise((go) => setTimeout(() => go(real(...one)), 1000))")
    city.typed(QUESTION)
    city.inside(".close")[0].click()
    city.until(lambda: city.inside(".launcher")[0].text == "Nouveau message")
    assert "PIMMS" in city.launch().answer().text
    assert city.inside(".launcher")[0].text == "Une question ?"


def test_thanks_are_said_when_the_feedback_arrived_and_once(city: City, site: str) -> None:
    city.launch().asked(QUESTION)
    city.disconnect()
    city.script("arguments[0].click()", city.inside("[data-helpful=true]")[0])
    city.until(lambda: "connexion" in city.inside("#status")[0].text)
    assert not city.inside("[data-thanks]")[0].is_displayed()
    city.connect()
    city.script("arguments[0].click()", city.inside("[data-helpful=true]")[0])
    city.until(lambda: city.inside("[data-thanks]")[0].is_displayed())
    city.driver.get(f"{site}/other")
    city.launch().answer()
    assert city.inside("[data-thanks]")[0].is_displayed() and not city.inside("[data-helpful]")


def test_an_answer_that_is_lost_is_fetched_and_not_made_twice(city: City, services) -> None:
    city.launch()
    city.script(
        """const real = fetch;
           window.sent = [];
           window.fetch = async (address, options) => {
             if (!address.endsWith("/api/chat")) return real(address, options);
             window.sent.push(JSON.parse(options.body));
             const response = await real(address, options);
             if (window.sent.length === 1) throw new TypeError("lost");
             return response;
           };"""
    )
    city.asked(QUESTION)
    sent = city.script("return window.sent")
    assert len(sent) == 2 and sent[0] == sent[1] and sent[0]["conversation_id"] is None
    stored = json.loads(city.script("return sessionStorage.getItem('passerelle')"))
    assert len(stored["turns"]) == 1 and stored["turns"][0]["reply"]
    turns = asyncio.run(services.engine.transcript(stored["id"]))
    assert [turn.said for turn in turns] == [QUESTION]


def test_what_was_on_its_way_when_the_page_changed_is_sent_again(city: City, site: str) -> None:
    city.launch()
    city.script("window.fetch = () => new Promise(() => {})")
    city.typed(QUESTION)
    city.until(lambda: city.script("return sessionStorage.getItem('passerelle')"))
    city.driver.get(f"{site}/other")
    assert "PIMMS" in city.launch().answer().text


def test_an_assistant_that_is_away_is_said_with_the_emergency_numbers(city: City) -> None:
    city.disconnect()
    city.inside(".launcher")[0].click()
    city.until(lambda: city.inside("[role=alert]"))
    assert "112" in city.inside("[role=alert]")[0].text
    city.connect()
    city.inside(".close")[0].click()
    city.launch()


def test_without_storage_it_still_answers(launch: Launch, site: str) -> None:
    blocked = City(launch({"profile.default_content_setting_values.cookies": 2}).driver, site)
    blocked.driver.get(site)
    with pytest.raises(Exception, match="denied"):
        blocked.script("return sessionStorage.length")
    assert "PIMMS" in blocked.launch().asked(QUESTION).text
    blocked.inside(".close")[0].click()
    assert len(blocked.launch().inside(".exchange")) == 1
    blocked.driver.quit()


def test_a_person_can_be_asked_for(city: City) -> None:
    exchange = city.launch().asked("je veux parler à une personne")
    city.script("arguments[0].open = true", exchange.find_element(By.CSS_SELECTOR, ".offer"))
    for name, value in [("first_name", "Nadia"), ("phone", "06 12 34 56 78"), ("subject", "ma carte de séjour")]:
        exchange.find_element(By.CSS_SELECTOR, f".callback [name={name}]").send_keys(value)
    city.script("arguments[0].click()", exchange.find_element(By.CSS_SELECTOR, ".callback [name=consent]"))
    city.script("arguments[0].form.requestSubmit()", exchange.find_element(By.CSS_SELECTOR, ".callback [name=consent]"))
    city.until(lambda: city.inside("[data-sent]"))
    assert [complaint for complaint in city.complaints() if "favicon" not in complaint] == []


def test_what_an_agent_writes_is_announced_on_the_next_page(city: City, site: str, services, add_account) -> None:
    exchange = city.launch().asked("je veux parler à une personne")
    assert exchange.find_elements(By.CSS_SELECTOR, ".offer"), (exchange.get_attribute("data-outcome"), exchange.text)
    _ask_for_a_person_here(city)
    conversation = json.loads(city.script("return sessionStorage.getItem('passerelle')"))["id"]
    with services.sessions.begin() as session:
        agent = session.merge(add_account("agent"))
        (asked,) = [one for one in callbacks.queue(session) if one.conversation == conversation]
        assert callbacks.take(session, asked.id, agent) and talks.open_talk(session, asked.id, agent)
        talks.say(session, conversation, agent, "Bonjour Nadia, venez demain.")
    city.driver.get(f"{site}/other")
    city.until(lambda: city.inside(".launcher")[0].text == "Nouveau message")
    assert not city.is_open
    city.launch()
    assert "venez demain" in city.inside(".written .bubble")[-1].text
    assert city.inside(".launcher")[0].text == "Une question ?"
    assert city.inside(".written .listen")


def test_two_on_a_page_wait_for_an_agent_with_one_memory(city: City, site: str) -> None:
    city.driver.get(f"{site}/two")
    city.launch().asked("je veux parler à une personne")
    _ask_for_a_person_here(city)
    city.inside(".close")[0].click()
    city.number = 1
    city.launch()
    assert len(city.inside(".exchange")) == 1 and not city.inside(".offer")
    city.asked("bonjour", 2)
    time.sleep(3)  # both have looked for what an agent wrote
    assert len(json.loads(city.script("return sessionStorage.getItem('passerelle')"))["turns"]) == 2
    city.inside("#erase button")[0].click()
    city.until(lambda: not city.inside(".exchange"))
    time.sleep(3)
    assert city.script("return sessionStorage.length") == 0
    city.inside(".close")[0].click()
    city.number = 0
    city.launch()
    assert not city.inside(".exchange")


def _ask_for_a_person_here(city: City) -> None:
    offer = city.inside(".offer")[0]
    city.script("arguments[0].open = true", offer)
    for name, value in [("first_name", "Nadia"), ("subject", "ma carte de séjour")]:
        offer.find_element(By.CSS_SELECTOR, f".callback [name={name}]").send_keys(value)
    for name in ("here", "consent"):
        city.script("arguments[0].click()", offer.find_element(By.CSS_SELECTOR, f".callback [name={name}]"))
    city.script("arguments[0].requestSubmit()", offer.find_element(By.CSS_SELECTOR, ".callback"))
    city.until(lambda: city.inside("[data-sent]"))


def _answered(city: City) -> int:
    return sum(bool(one.find_elements(By.CSS_SELECTOR, ".answer .bubble")) for one in city.inside(".exchange"))


def _transcript(city: City, services) -> list[str]:
    conversation = json.loads(city.script("return sessionStorage.getItem('passerelle')"))["id"]
    return [turn.said for turn in asyncio.run(services.engine.transcript(conversation))]
