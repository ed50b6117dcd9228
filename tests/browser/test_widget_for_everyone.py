"""The widget for everyone: on any screen, by keyboard, with a screen reader, by voice, in other colours."""

from importlib.resources import files

import pytest
from city import QUESTION, City, Launch
from resident import DESK, PHONE, SMALL_PHONE
from selenium.webdriver.common.keys import Keys

# A desk of 1280 by 800 at 200 %.
ZOOMED = (640, 400)


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


@pytest.mark.parametrize("size", [SMALL_PHONE, PHONE, ZOOMED, DESK], ids=["320px", "375px", "zoom200", "desk"])
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


def _violations(city: City) -> list[str]:
    """What axe-core finds on the whole page, the shadow root included; run beside the page's policy, which it is no part of."""
    axe = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    city.driver.execute_script(axe)
    result = city.driver.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    return [f"{v['id']}: {node['html'][:160]}" for v in result["violations"] for node in v["nodes"]]
