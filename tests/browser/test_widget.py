"""The widget's tag on another site's pages: under their policy, beside their styles, in their language."""

import time

import httpx
from city import QUESTION, City
from selenium.webdriver.common.by import By


def test_nothing_is_asked_and_nothing_kept_before_it_is_opened(city: City, site: str) -> None:
    city.driver.get(site)
    city.until(lambda: city.inside(".launcher"))
    time.sleep(0.3)
    asked = {address.split("?")[0] for address in city.addresses_asked()} - {f"{site}/favicon.ico"}
    assert {address for address in asked if address.startswith(site)} == {f"{site}/"}
    (script,) = [address for address in asked if not address.startswith(site)]
    assert script.endswith("/widget.js")
    assert city.script("return [sessionStorage.length, localStorage.length, document.cookie]") == [0, 0, ""]


def test_a_question_is_answered_under_a_strict_policy(city: City, site: str) -> None:
    exchange = city.launch().asked(QUESTION)
    assert "PIMMS" in exchange.find_element(By.CSS_SELECTOR, ".card h3").text
    call = exchange.find_element(By.CSS_SELECTOR, ".card a.call")
    assert call.get_attribute("href") == "tel:+33254453454"
    assert exchange.find_element(By.CSS_SELECTOR, ".card .sources").text
    link = exchange.find_element(By.CSS_SELECTOR, ".card h3 a").get_attribute("href")
    assert httpx.get(link).status_code == 200 and "/annuaire/" in link
    assert [a.get_attribute("href") for a in city.inside(".emergency a")] == ["tel:112", "tel:17", "sms:114"]
    title = exchange.find_element(By.CSS_SELECTOR, ".quick-replies button")
    city.script("arguments[0].click()", title)
    city.until(lambda: len(city.inside(".exchange")) == 2 and city.answer(2))
    city.script("arguments[0].click()", city.inside("[data-helpful=true]")[0])
    city.until(lambda: any(address.endswith("/api/feedback") for address in city.addresses_asked()))
    assert [complaint for complaint in city.complaints() if "favicon" not in complaint] == []


def test_only_the_assistant_is_ever_asked(city: City, site: str) -> None:
    city.launch().asked("je veux parler à une personne")
    assert city.inside(".offer")
    hosts = {"/".join(address.split("/")[:3]) for address in city.addresses_asked() if address.startswith("http")}
    assert len(hosts - {site}) == 1
    assert not city.driver.get_cookies()


def test_a_page_in_another_language_does_not_read_french_as_english(city: City) -> None:
    assert city.script("return document.documentElement.lang") == "en"
    assert city.inside(".corner")[0].get_attribute("lang") == "fr"
    assert city.launch().inside("dialog")[0].get_attribute("lang") == "fr"


def test_a_page_that_runs_from_right_to_left_and_styles_everything_changes_nothing(city: City) -> None:
    city.script("document.documentElement.style.overflow = 'hidden'")  # the page's own scroll bars would change our room
    city.launch().asked(QUESTION)
    box = """const {x, y, width, height} = e.getBoundingClientRect();
             return [e.className || e.localName, ...[x, y, width, height].map(Math.round)];"""
    shown = f"return [...root.querySelectorAll('dialog, dialog *')].filter((e) => e.getClientRects().length).map((e) => {{ {box} }})"
    before = city.within(shown)
    city.script(
        """document.documentElement.dir = "rtl";
           Object.assign(document.body.style, {
             whiteSpace: "nowrap", textIndent: "3em", wordSpacing: "1em", letterSpacing: "2px", textShadow: "1px 1px red",
             cursor: "none", hyphens: "auto", textTransform: "uppercase", textAlign: "right", visibility: "hidden",
             font: "italic small-caps 30px monospace", pointerEvents: "none", lineHeight: 4, wordBreak: "break-all",
             colorScheme: "dark", color: "red", quotes: "none"});"""
    )
    assert city.within(shown) == before
    look = "const s = getComputedStyle(root.querySelector('.answer .bubble')); return [s.direction, s.textShadow, s.cursor, s.hyphens]"
    assert city.within(look) == ["ltr", "none", "auto", "manual"]
    city.script("for (const e of document.querySelectorAll('passerelle-chat')) e.setAttribute('position', 'inline')")
    assert city.within("return getComputedStyle(root.querySelector('.corner')).direction") == "ltr"


def test_a_tag_twice_on_a_page_is_one(city: City, site: str) -> None:
    city.driver.get(f"{site}/again")
    city.launch()
    assert len(city.all("passerelle-chat")) == 1
    assert [complaint for complaint in city.complaints() if "favicon" not in complaint] == []


def test_a_browser_without_sheets_by_script_gets_the_same_under_the_documented_policy(city: City, site: str) -> None:
    shown = "return ['.launcher', '.close', '#message'].map((name) => JSON.stringify(root.querySelector(name).getBoundingClientRect()))"
    expected = city.launch().within(shown)
    old = {"source": "window.CSSStyleSheet = class { constructor() { throw new TypeError('Illegal constructor'); } }"}
    kept = city.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", old)
    city.driver.get(f"{site}/old")
    assert city.launch().within(shown) == expected
    assert [complaint for complaint in city.complaints() if "favicon" not in complaint] == []
    city.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", kept)
