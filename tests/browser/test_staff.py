"""The console in a browser: the agent's path by keyboard alone, copying, paper, every page for everyone."""

import base64
import re
from collections.abc import Callable, Iterator
from html import unescape

import httpx
import pytest
from fastapi import FastAPI
from resident import DESK, PHONE, SMALL_PHONE, Page
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from starlette.routing import Match, Route

COOKIE = "passerelle_staff"
# No link of an administrator's first steps leads there: their own tests look at them.
UNREACHED = {
    "/staff/connexion", "/staff/connexion/code", "/staff/connexion/openid", "/staff/connexion/openid/retour",  # below, tests/staff
    "/staff/invitation/{token}", "/staff/conversations/{request_id}", "/staff/conversations/{request_id}/suite",  # test_person.py
    "/staff/echanges/{waiting_id}",  # test_exchange.py
}  # fmt: skip

# What a page in other colours may break.
OF_COLOURS = ("color-contrast", "link-in-text-block")


@pytest.fixture
def staff_page(browser: Page, staff: Callable[..., httpx.Client]) -> Iterator[Callable[..., Page]]:
    """``staff_page("editor", "/staff/…")``: a page of the console, signed in with this role."""

    def open_(role: str = "agent", path: str = "/staff", size: tuple[int, int] = DESK) -> Page:
        browser.open("/staff/connexion")
        browser.driver.add_cookie({"name": COOKIE, "value": staff(role).cookies[COOKIE], "path": "/staff", "httpOnly": True})
        browser.open(path, size)
        browser.complaints()
        return browser

    yield open_
    browser.driver.delete_all_cookies()


def press(page: Page, *keys: str) -> None:
    ActionChains(page.driver).send_keys(*keys).perform()


def first_result(page: Page) -> str:
    return page.one(".result h2").text


def search(page: Page, text: str) -> None:
    press(page, text)
    page.until(lambda: page.all(f'[data-for="{text}"]'))


def test_an_agent_answers_without_a_mouse(staff_page):
    page = staff_page()
    assert page.focused == "q", "the box is ready when the page opens"
    search(page, "apprendre le français")
    title = first_result(page)
    assert "q=apprendre" in page.driver.current_url

    press(page, Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_UP)
    assert page.driver.switch_to.active_element.text == title
    press(page, Keys.ESCAPE)
    assert page.focused == "q"
    press(page, Keys.ARROW_DOWN, Keys.ENTER)
    page.until(lambda: page.all("article.card h1"))
    assert page.one("article.card h1").text == title

    # To the list and back, by Tab and Enter.
    for _ in range(60):
        press(page, Keys.TAB)
        if page.driver.switch_to.active_element.text == "Ajouter à la liste":
            break
    press(page, Keys.ENTER)
    page.until(lambda: page.all(".done"))
    assert "liste" in page.one(".done").text
    press(page, Keys.ESCAPE)
    page.until(lambda: page.all("#q"))
    assert "1 fiche" in page.one(".beside").text


def test_escape_goes_back_to_the_same_results(staff_page):
    page = staff_page(path="/staff?q=papiers&theme=droits-demarches")
    before = [one.text for one in page.all(".result h2")]
    press(page, Keys.ARROW_DOWN, Keys.ENTER)
    page.until(lambda: page.all("article.card h1"))
    press(page, Keys.ESCAPE)
    page.until(lambda: page.all("#q"))
    assert [one.text for one in page.all(".result h2")] == before
    page.script("document.activeElement.blur()")
    press(page, "/")
    assert page.focused == "q"


def test_enter_never_opens_the_results_of_other_words(staff_page):
    page = staff_page()
    search(page, "papiers")
    page.script("document.querySelector('#q').value = 'apprendre le français'")
    press(page, Keys.ENTER)
    page.until(lambda: page.all('[data-for="apprendre le français"]'))
    assert page.all("#q"), "still on the search"


def test_filters_act_at_once_and_stay_in_the_address(staff_page):
    page = staff_page(path="/staff?q=aide")
    page.one(".filters summary").click()
    page.one("#filter-theme").send_keys("Santé")
    page.until(lambda: "theme=sante" in page.driver.current_url)
    shown = [one.text for one in page.all(".result h2")]
    page.driver.refresh()
    assert [one.text for one in page.all(".result h2")] == shown and page.one(".filters").get_attribute("open")
    # Each letter of « Santé » may pass by another theme: htmx notes the requests that a newer one replaced.
    assert [said for said in page.complaints() if "htmx:sendAbort" not in said and "htmx:afterRequest" not in said] == []


@pytest.mark.parametrize("what", ["sms", "text"])
def test_copying_is_confirmed(staff_page, what: str):
    page = staff_page(path="/staff/action/pimms")
    page.driver.execute_cdp_cmd(
        "Browser.grantPermissions", {"origin": page.base, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    page.tap(page.one(f"[data-copy={what}]"))
    said = page.one(f"[data-copy={what}] ~ [data-copied]")
    page.until(lambda: said.text == "Copié")
    copied = page.driver.execute_async_script("navigator.clipboard.readText().then(arguments[arguments.length - 1])")
    assert copied == page.one(f"#{what}").get_attribute("value").replace("\r\n", "\n")


def test_the_trial_answers_beside_the_search(staff_page):
    page = staff_page(path="/staff?q=papiers")
    page.one("#message").send_keys("je veux apprendre le francais")
    page.one(".beside form button").click()
    page.until(lambda: page.all(".trial .bubble"))
    assert page.all(".trial ol a") and page.all(".result"), "the results stay"
    assert page.complaints() == []


def test_everything_works_without_script(without_script: Page, staff):
    page = without_script
    page.driver.get(page.base + "/staff/connexion")
    page.driver.add_cookie({"name": COOKIE, "value": staff("agent").cookies[COOKIE], "path": "/staff"})
    page.driver.get(page.base + "/staff")
    page.one("#q").send_keys("papiers", Keys.ENTER)
    page.until(lambda: page.all(".result"))
    page.one(".result h2 a").click()
    page.until(lambda: page.all("#sms"))
    assert page.one("#sms").get_attribute("value") and not page.one("[data-copy]").is_displayed()
    page.tap(page.one(".beside form button"))
    page.until(lambda: page.all(".done"))
    page.driver.get(page.base + "/staff")
    page.one("#message").send_keys("bonjour")
    page.one(".beside form button").click()
    page.until(lambda: page.all(".trial .bubble"))


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.soak  # a PDF of each action
def test_every_action_prints_on_one_page(staff_page, services):
    page = staff_page(path="/staff/action/pimms/imprimer")
    for entry in services.store.current().entries:
        page.driver.get(f"{page.base}/staff/action/{entry.id}/imprimer")
        pdf = base64.b64decode(page.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
        assert pages_of(pdf) == 1, entry.id


def test_a_list_prints_a_page_each(staff_page, live_server: str):
    page = staff_page(path="/staff/action/pimms")
    for action in ("pimms", "alire-apph"):
        page.driver.get(f"{page.base}/staff/action/{action}")
        if page.all("article.card"):
            page.tap(page.one(".beside form button"))
            page.until(lambda: page.all(".done"))
    page.driver.get(f"{page.base}/staff/liste")
    kept = len(page.all(".result"))
    page.driver.get(f"{page.base}/staff/liste/imprimer")
    pdf = base64.b64decode(page.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
    assert kept >= 1 and pages_of(pdf) == kept


def pattern_of(app: FastAPI, path: str) -> str | None:
    """The route that answers GET ``path``."""
    scope = {"type": "http", "path": path, "method": "GET", "root_path": "", "headers": []}
    for route in app.routes:
        if isinstance(route, Route) and route.matches(scope)[0] is Match.FULL:
            return route.path
    return None


def crawl(app: FastAPI, client: httpx.Client) -> dict[str, str]:
    """One address for each GET route of the console that links lead to; "" for those that are no page (files)."""
    client.post("/staff/liste", data={"action_id": "pimms"})
    found: dict[str, str] = {}
    waiting = ["/staff", "/staff?q=papiers&free=1"]
    while waiting:
        address = waiting.pop()
        pattern = pattern_of(app, httpx.URL(address).path)
        if pattern is None or pattern in found:
            continue
        response = client.get(address, follow_redirects=True)
        is_page = "text/html" in response.headers.get("content-type", "")
        assert response.status_code == 200, address
        found[pattern] = address if is_page else ""
        waiting += [unescape(link) for link in re.findall(r'href="(/staff[^"#]*)', response.text)] if is_page else []
    return found


@pytest.fixture
def every_page(app: FastAPI, staff) -> list[str]:
    found = crawl(app, staff("administrator"))
    routes = {route.path for route in app.routes if isinstance(route, Route) and route.path.startswith("/staff") and "GET" in route.methods}
    assert routes - set(found) - UNREACHED == set(), "pages that nothing leads to"
    return [address for address in found.values() if address]


def scheme(page: Page, name: str) -> None:
    """Let the page see that the person prefers light or dark colours."""
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": name}]})


@pytest.mark.soak  # each page in both schemes and at two more widths
@pytest.mark.timeout(900)
def test_every_page_of_the_console_is_for_everyone(staff_page, every_page: list[str]):
    page = staff_page("administrator")
    page.driver.set_script_timeout(180)  # axe on the longest page, on a machine that has other things to do
    scheme(page, "light")
    problems = []
    for address in every_page:
        page.open(address)
        problems += [f"{address}: {found}" for found in page.accessibility_violations()]
        scheme(page, "dark")  # which changes colours alone
        problems += [f"{address} dark: {found}" for found in page.accessibility_violations(OF_COLOURS)]
        scheme(page, "light")
        for size in (SMALL_PHONE, PHONE):
            page.resize(size)
            if page.script("return document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                problems.append(f"{address} scrolls sideways at {size[0]}")
        problems += [f"{address}: {said}" for said in page.complaints()]
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert problems == []


@pytest.mark.parametrize("path", ["/staff/connexion", "/staff/connexion?suite=/staff/compte"])
def test_the_log_in_page_is_for_everyone(browser: Page, path: str):
    browser.open(path, SMALL_PHONE)
    assert browser.accessibility_violations() == [] and browser.complaints() == []


def test_signing_in_and_out_in_a_browser(browser: Page, add_account):
    account = add_account("agent", "quatre tulipes jaunes")
    page = browser.open("/staff?q=papiers")
    page.until(lambda: page.all("#email"))
    page.one("#email").send_keys(account.email)
    page.one("#password").send_keys("quatre tulipes jaunes", Keys.ENTER)
    page.until(lambda: page.all(".result"))
    assert page.addresses_asked() and all(address.startswith((page.base, "data:", "chrome:")) for address in page.addresses_asked())
    page.tap(page.one(".who button"))
    page.until(lambda: page.all("#email"))
    page.open("/staff")
    assert page.all("#email")
