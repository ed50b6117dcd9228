"""The widget on another site's page: its own port, a strict policy, no cookies, in another language, on any screen."""

import asyncio
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from importlib.resources import files

import httpx
import pytest
from resident import DESK, PHONE, SMALL_PHONE, Page
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.shadowroot import ShadowRoot
from selenium.webdriver.remote.webelement import WebElement

from knowledge.handover import callbacks, talks
from tests.conftest import serving

QUESTION = "j'ai besoin d'aide pour mes papiers de la caf"
# All that docs/widget.md asks of the page around it; the rest is as strict as it gets.
POLICY = (
    "default-src 'none'; script-src {0}; connect-src {0}; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types passerelle-chat"
)
OLD_BROWSERS = "; style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
# Every answer gets lost.
LOST = """const real = fetch;
          window.fetch = async (address, options) => {
            const response = await real(address, options);
            if (address.endsWith("/api/chat")) throw new TypeError("lost");
            return response;
          };"""
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>City of Blois</title>
<meta name="viewport" content="width=device-width, initial-scale=1">{head}</head>
<body><main><h1>Town hall</h1><p>Opening hours. <a href="/other">Another page</a></p>
{body}<p>{filler}</p></main></body></html>"""


Launch = Callable[..., Page]


class _Site(http.server.ThreadingHTTPServer):
    """The city's website."""

    daemon_threads = True
    assistant = ""
    tag = '<script src="{0}/widget.js" defer></script>'
    bodies: dict[str, str] = {}


class _Pages(http.server.BaseHTTPRequestHandler):
    server: _Site

    def do_GET(self) -> None:
        body = self.server.bodies.get(self.path.split("?")[0], "").format(self.server.assistant)
        page = PAGE.format(head=self.server.tag.format(self.server.assistant), body=body, filler="Lorem ipsum. " * 400)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        policy = POLICY.format(self.server.assistant) + (OLD_BROWSERS if self.path == "/old" else "")
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def site(settings, services) -> Iterator[str]:
    """Address of the city's website, whose pages bear the tag; the assistant has another port."""
    from api.app import create_app

    server = _Site(("127.0.0.1", 0), _Pages)
    server.bodies = {
        "/again": '<script src="{0}/widget.js" defer></script>',
        "/two": '<passerelle-chat position="inline"></passerelle-chat> <passerelle-chat position="left" color="#ffd400"></passerelle-chat>',
    }
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    with serving(create_app(settings.copy(update={"widget_origins": address}), lambda _settings: services)) as assistant:
        server.assistant = assistant
        yield address
    server.shutdown()
    server.server_close()


class City(Page):
    """A tab on the city's website."""

    number = 0

    def visit(self, path: str = "/", size: tuple[int, int] = DESK) -> "City":
        self.number = 0
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.connect()
        self.open(path, size)
        self.complaints(), self.addresses_asked()
        return self

    @property
    def shadow(self) -> ShadowRoot:
        return self.all("passerelle-chat")[self.number].shadow_root

    def inside(self, selector: str) -> list[WebElement]:
        return self.shadow.find_elements(By.CSS_SELECTOR, selector)

    def within(self, code: str) -> object:
        """Run ``code``, in which ``root`` is the shadow root."""
        return self.script(f"const root = document.querySelectorAll('passerelle-chat')[arguments[0]].shadowRoot; {code}", self.number)

    def launch(self) -> "City":
        self.inside(".launcher")[0].click()
        self.until(lambda: self.inside("#message") and self.inside("#message")[0].is_displayed())
        return self

    def typed(self, text: str) -> None:
        self.inside("#message")[0].send_keys(text, Keys.ENTER)

    def asked(self, text: str, answers: int = 1) -> WebElement:
        """Ask and return the exchange, answered."""
        self.typed(text)
        return self.answer(answers)

    def answer(self, answers: int = 1) -> WebElement:
        self.until(lambda: len(self.inside(".exchange .answer .bubble")) >= answers and not self.inside("#status")[0].text)
        return self.inside(".exchange")[-1]

    def disconnect(self) -> None:
        self._network(offline=True)

    def connect(self) -> None:
        self._network(offline=False)

    def _network(self, offline: bool) -> None:
        conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.driver.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)

    @property
    def focused_inside(self) -> str | None:
        return self.within("return root.activeElement?.id")  # type: ignore[return-value]

    @property
    def is_open(self) -> bool:
        return bool(self.inside("dialog[open]"))


@pytest.fixture(scope="module")
def tab(launch: Launch, site: str) -> City:
    return City(launch().driver, site)


@pytest.fixture
def city(tab: City) -> City:
    return tab.visit()


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


def test_the_keyboard_opens_stays_inside_and_comes_back(city: City) -> None:
    launcher = city.inside(".launcher")[0]
    launcher.send_keys(Keys.ENTER)
    city.until(lambda: city.focused_inside == "message")
    for _ in range(25):
        city.driver.switch_to.active_element.send_keys(Keys.TAB)
        assert city.script("return document.activeElement.localName") in ("passerelle-chat", "body")
    assert city.is_open
    city.inside("#message")[0].send_keys(Keys.ESCAPE)
    city.until(lambda: not city.is_open)
    assert city.script("return document.querySelector('passerelle-chat').shadowRoot.activeElement.className") == "launcher"


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


def test_a_colour_keeps_its_words_readable(city: City, site: str) -> None:
    city.driver.get(f"{site}/two")
    colours = "const {color, backgroundColor} = getComputedStyle(arguments[0]); return [color, backgroundColor]"
    city.number = 1
    launcher = city.inside(".launcher")[0]
    assert city.script(colours, launcher) == ["rgb(0, 0, 0)", "rgb(255, 212, 0)"]
    assert launcher.rect["x"] < 40
    chat = city.all("passerelle-chat")[1]
    for given, expected in [("navy", ["rgb(255, 255, 255)", "rgb(0, 0, 128)"]), ("red; x", ["rgb(255, 255, 255)", "rgb(11, 79, 138)"])]:
        city.script("arguments[0].setAttribute('color', arguments[1])", chat, given)
        assert city.script(colours, launcher) == expected


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


@pytest.mark.parametrize("size", [SMALL_PHONE, PHONE, DESK], ids=["320px", "375px", "desk"])
def test_it_fits_and_axe_finds_nothing(city: City, size: tuple[int, int]) -> None:
    city.visit("/", size)
    assert _violations(city) == []
    city.launch().asked("je veux apprendre le francais")
    city.within("for (const one of root.querySelectorAll('details')) one.open = true")
    assert _violations(city) == []
    outside = """const right = root.querySelector('dialog').getBoundingClientRect().right;
                 return [...root.querySelectorAll('dialog *')].filter((e) => e.getClientRects().length && !e.closest('.unseen')
                   && e.getBoundingClientRect().right > right + 1).map((e) => e.outerHTML.slice(0, 100))"""
    assert city.within(outside) == []
    small = [
        b.text
        for b in city.inside("dialog button, dialog textarea, dialog .call, dialog summary")
        if b.is_displayed() and b.size["height"] < 44
    ]
    assert small == []


@pytest.mark.parametrize("feature", [("prefers-color-scheme", "dark"), ("forced-colors", "active")])
def test_other_colours_are_as_readable(city: City, feature: tuple[str, str]) -> None:
    emulate = "Emulation.setEmulatedMedia"
    city.driver.execute_cdp_cmd(emulate, {"features": [{"name": feature[0], "value": feature[1]}]})
    city.launch().asked(QUESTION)
    assert _violations(city) == []
    city.driver.execute_cdp_cmd(emulate, {"features": []})


def test_the_keyboard_of_a_telephone_covers_nothing(city: City) -> None:
    city.visit("/", PHONE)
    city.launch().asked(QUESTION)
    city.script(
        """for (const [name, value] of [["height", 320], ["offsetTop", 40]]) Object.defineProperty(visualViewport, name, {value});
           visualViewport.dispatchEvent(new Event("resize"));"""
    )
    top, bottom = city.within("const r = root.querySelector('dialog').getBoundingClientRect(); return [r.top, r.bottom]")
    assert (top, bottom) == (40, 360)
    box = city.inside("#message")[0].rect
    assert box["y"] > 40 and box["y"] + box["height"] <= 360
    assert city.within("return root.querySelector('.scroll').clientHeight") > 100


def test_the_size_of_texts_is_the_persons_and_not_the_pages(city: City) -> None:
    before = city.launch().inside("#message")[0].rect["height"]
    city.script("document.documentElement.style.fontSize = '5px'")
    assert city.inside("#message")[0].rect["height"] == before


def test_answers_are_announced(city: City) -> None:
    log = city.launch().inside("#log")[0]
    assert (log.get_attribute("role"), log.get_attribute("aria-live")) == ("log", "polite")
    assert city.inside("#status")[0].get_attribute("role") == "status"


def test_speech_is_offered_where_the_browser_has_it(city: City) -> None:
    city.launch().asked(QUESTION)
    assert not city.script("return speechSynthesis.getVoices().some((voice) => voice.lang.startsWith('fr'))")
    assert not city.inside(".listen")[0].is_displayed()
    city.script(
        """window.said = [];
           speechSynthesis.getVoices = () => [{lang: "fr-FR", name: "Voix"}];
           speechSynthesis.speak = (one) => { window.said.push([one.lang, one.text]); setTimeout(() => one.onend(), 300); };
           Object.defineProperty(SpeechSynthesisUtterance.prototype, "voice", {set() {}});
           speechSynthesis.dispatchEvent(new Event("voiceschanged"));"""
    )
    button = city.inside(".listen button")[0]
    assert button.is_displayed()
    city.script("arguments[0].click()", button)
    assert button.text == "Arrêter la lecture"
    city.until(lambda: button.text == "Écouter la réponse")
    said = city.script("return window.said")
    spoken = "".join(text for _, text in said)
    assert {language for language, _ in said} == {"fr-FR"} and "PIMMS" in spoken


def test_dictation_fills_the_box_and_sends_nothing(launch: Launch, city: City, site: str) -> None:
    double = """class Ear {
                  start() {
                    const results = [[{transcript: "je cherche "}], [{transcript: "du travail"}]];
                    setTimeout(() => { this.onresult({results}); this.onend(); }, 50);
                  }
                  stop() {}
                }
                window.SpeechRecognition = Ear; delete window.webkitSpeechRecognition;"""
    kept = city.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": double})
    city.driver.get(site)
    city.launch().inside("#dictate")[0].click()
    city.until(lambda: city.inside("#message")[0].get_attribute("value") == "je cherche du travail")
    assert not city.inside(".exchange") and city.focused_inside == "message"
    city.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", kept)
    missing = {"source": "delete window.SpeechRecognition; delete window.webkitSpeechRecognition"}
    kept = city.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", missing)
    city.driver.get(site)
    assert not city.launch().inside("#dictate")[0].is_displayed()
    city.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", kept)


@pytest.mark.parametrize("act", ["send", "close", "erase"])
def test_dictation_ends_with_what_comes_next(city: City, site: str, act: str) -> None:
    double = """window.ears = [];
                window.SpeechRecognition = class { start() { ears.push(this); } stop() {} abort() { this.aborted = true; } };
                delete window.webkitSpeechRecognition;"""
    kept = city.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": double})
    city.driver.get(site)
    city.launch().asked("bonjour")
    button = city.inside("#dictate")[0]
    button.click()
    hear = "const [ear] = ears; ear.onresult?.({results: [[{transcript: 'je cherche du travail'}]]})"
    city.script(hear)
    box = city.inside("#message")[0]
    assert box.get_attribute("value") == "je cherche du travail"
    if act == "send":
        box.send_keys(Keys.ENTER)
        city.answer(2)
    elif act == "close":
        city.inside(".close")[0].click()
    else:
        city.inside("#erase button")[0].click()
        city.until(lambda: not city.inside(".exchange"))
    city.until(lambda: city.script("return ears[0].aborted"))
    city.script(hear)
    assert button.get_attribute("aria-pressed") == "false"
    assert box.get_attribute("value") == ("" if act == "send" else "je cherche du travail")
    city.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", kept)


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


def _violations(city: City) -> list[str]:
    """What axe-core finds on the whole page, the shadow root included; run beside the page's policy, which it is no part of."""
    axe = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    city.driver.execute_script(axe)
    result = city.driver.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    return [f"{v['id']}: {node['html'][:160]}" for v in result["violations"] for node in v["nodes"]]
