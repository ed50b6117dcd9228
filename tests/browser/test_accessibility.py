"""Usable by everyone, on any screen, and light: axe-core, reflow, live region, weight, privacy."""

import gzip
import urllib.request
from urllib.parse import urlsplit

import pytest
from resident import DESK, PHONE, SMALL_PHONE, Page
from selenium.webdriver.common.keys import Keys

PATHS = [
    "/",
    "/annuaire",
    "/annuaire?q=papiers",
    "/annuaire?q=je+veux+mourir",
    "/annuaire?q=xxxxqzx",
    "/annuaire?ouvert=1&public=jeunes",
    "/annuaire/pimms",
    "/signaler?fiche=pimms",
    "/accessibilite",
    "/mentions",
    "/confidentialite",
    "/urgences",
    "/annuaire/nulle-part",
]
# 200 % on a desk is half its width in CSS pixels.
ZOOMED = (DESK[0] // 2, DESK[1] // 2)
MAX_WEIGHT = 40_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing_on_a_page(page: Page, path: str, scheme: str) -> None:
    _prefer(page, scheme)
    page.open(path)
    assert page.accessibility_violations() == []
    _prefer(page, "light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_after_answers(page: Page, scheme: str) -> None:
    _prefer(page, scheme)
    page.open("/", PHONE)
    page.ask("je veux apprendre le francais")
    page.ask("j'ai besoin d'aide pour mes papiers")
    page.ask("le festival figas c'est quand")
    page.script("for (const details of document.querySelectorAll('details')) details.open = true")
    assert page.accessibility_violations() == []
    _prefer(page, "light")


@pytest.mark.parametrize("size", [SMALL_PHONE, PHONE, ZOOMED], ids=["320px", "375px", "zoom200"])
@pytest.mark.parametrize("path", PATHS)
def test_nothing_scrolls_sideways(page: Page, path: str, size: tuple[int, int]) -> None:
    page.open(path, size)
    assert _overflow(page) == []


@pytest.mark.parametrize("size", [SMALL_PHONE, ZOOMED], ids=["320px", "zoom200"])
def test_no_answer_scrolls_sideways(page: Page, size: tuple[int, int]) -> None:
    page.open("/", size)
    page.ask("je veux apprendre le francais")
    page.ask("a" * 400)
    page.script("for (const details of document.querySelectorAll('details')) details.open = true")
    assert _overflow(page) == []


@pytest.mark.parametrize(("motion", "behavior"), [("reduce", "auto"), ("no-preference", "smooth")])
def test_the_page_glides_to_an_answer_only_for_who_minds_no_motion(page: Page, motion: str, behavior: str) -> None:
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": motion}]})
    page.open("/", PHONE)
    page.script("""
        window.moves = [];
        Element.prototype.scrollIntoView = function (how) { window.moves.push(how.behavior); };""")
    page.ask("bonjour")
    assert set(page.script("return window.moves")) == {behavior}
    running = page.script("return document.getAnimations().length")
    assert running == 0, "nothing else moves"
    _prefer(page, "light")  # and motion as the browser was told at its start


def test_text_alone_may_be_twice_as_large(page: Page) -> None:
    page.open("/", PHONE)
    page.ask("j'ai besoin d'aide pour mes papiers")
    page.script("document.documentElement.style.fontSize = '200%'")
    assert _overflow(page) == []


def test_answers_are_announced_and_cards_are_not_read_twice(page: Page) -> None:
    log = page.one("#log")
    assert (log.get_attribute("role"), log.get_attribute("aria-live")) == ("log", "polite")
    page.ask("j'ai besoin d'aide pour mes papiers")
    assert page.one("#log .cards").get_attribute("aria-live") == "off"


def test_what_takes_the_focus_is_never_hidden(page: Page) -> None:
    page.open("/", PHONE)
    page.ask("je veux apprendre le francais")
    page.script("scrollTo(0, 0)")
    hidden = """const r = document.activeElement.getClientRects()[0];
                const at = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
                const composer = document.querySelector('.composer').getBoundingClientRect().top;
                return document.activeElement.contains(at) ? null :
                  [document.activeElement.outerHTML.slice(0, 120), r.top, r.bottom, composer, innerHeight];"""
    page.script("document.querySelector('#log a, #log button').focus()")
    found = []
    for _ in range(20):
        found.append(page.script(hidden))
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
    assert [element for element in found if element] == []


@pytest.mark.parametrize("path", ["/", "/annuaire"])
def test_targets_are_wide_enough_for_a_thumb(page: Page, path: str) -> None:
    page.open(path, PHONE)
    if path == "/":
        page.ask("j'ai besoin d'aide pour mes papiers")
    small = [
        b.text
        for b in page.all("button, input:not([type=hidden], .tick input), .tick, select, textarea, .call, summary")
        if b.is_displayed() and b.size["height"] < 44
    ]
    assert small == []


def test_emergency_numbers_stay_in_sight(page: Page) -> None:
    page.open("/", PHONE)
    page.ask("je veux apprendre le francais")
    page.script("scrollTo(0, document.body.scrollHeight)")
    assert page.script("return document.querySelector('.emergency').getBoundingClientRect().top") == 0
    assert [a.get_attribute("href") for a in page.all(".emergency a")] == ["tel:112", "tel:17", "sms:114"]


def test_no_other_host_is_asked(page: Page) -> None:
    for path in PATHS:
        page.open(path)
    page.open("/")
    page.ask("j'ai besoin d'aide pour mes papiers")
    page.tap(page.one("[data-helpful=true]"))
    asked = [address for address in page.addresses_asked() if not address.startswith(("data:", "chrome:"))]
    assert asked
    assert {urlsplit(address).netloc for address in asked} == {urlsplit(page.base).netloc}
    assert not page.driver.get_cookies()
    # What a page says to machines (JSON-LD) is data: the policy for scripts has nothing against it.
    assert [complaint for complaint in page.complaints() if "404" not in complaint] == []


def test_the_chat_page_is_light(page: Page) -> None:
    files = [
        page.base + "/",
        *(e.get_attribute("src") or e.get_attribute("href") for e in page.all("script[src], link[rel=stylesheet], link[rel=icon]")),
    ]
    assert len(files) == 4
    weight = sum(len(gzip.compress(urllib.request.urlopen(address).read())) for address in files)
    assert weight < MAX_WEIGHT


def _prefer(page: Page, scheme: str) -> None:
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})


def _overflow(page: Page) -> list[str]:
    """The elements that stick out of the window, and the page itself when it scrolls sideways."""
    return page.script(
        """const wide = document.documentElement.scrollWidth > innerWidth ? ["page"] : [];
           const out = [...document.querySelectorAll("main *, header *, aside *")].filter((e) =>
             e.getClientRects().length && !e.closest(".unseen") && e.getBoundingClientRect().right > innerWidth + 1);
           return [...wide, ...out.map((e) => e.outerHTML.slice(0, 120))];"""
    )  # type: ignore[return-value]
