"""No page asks another site for anything, nor leaves more in the browser than docs/privacy.md says."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from resident import Page

PUBLIC = (
    "/", "/annuaire", "/annuaire/pimms", "/annuaire/pimms/imprimer", "/signaler?fiche=pimms", "/rappel", "/urgences", "/accessibilite",
    "/mentions", "/confidentialite", "/docs", "/nulle-part", "/staff/connexion",
)  # fmt: skip
STAFF = (
    "/staff", "/staff/rappels", "/staff/annuaire", "/staff/annuaire/actions/pimms", "/staff/a-verifier", "/staff/signalements",
    "/staff/echanges", "/staff/questions", "/staff/chiffres", "/staff/messages", "/staff/modele", "/staff/comptes", "/staff/journal",
    "/staff/compte", "/staff/liste",
)  # fmt: skip
NEED = "j'ai besoin d'aide pour mes papiers de la caf"


def others(page: Page, base: str) -> set[str]:
    """Addresses of other sites that were asked for; pictures in the style sheet are in the address itself."""
    ours = urlsplit(base).netloc
    return {
        address
        for address in page.addresses_asked()
        if urlsplit(address).scheme not in ("data", "about", "chrome") and urlsplit(address).netloc != ours
    }


def kept(page: Page) -> tuple[set[str], set[str]]:
    """Keys in the browser's stores, and its cookies."""
    keys = page.script(
        "return [...Object.keys(localStorage).map((key) => `local ${key}`), ...Object.keys(sessionStorage), "
        "...(document.cookie ? [document.cookie] : [])]"
    )
    return set(keys), {cookie["name"] for cookie in page.driver.get_cookies()}  # type: ignore[arg-type]


def test_residents_pages_ask_nobody_else_and_leave_no_cookie(page: Page) -> None:
    page.ask(NEED)
    for path in PUBLIC:
        page.driver.get(page.base + path)
        if path != "/staff/connexion":
            assert kept(page) in (({"passerelle"}, set()), (set(), set())), path
    assert others(page, page.base) == set()


@pytest.mark.parametrize("role", ["administrator"])
def test_the_console_asks_nobody_else_and_keeps_no_page(console: Callable[[str], Page], role: str) -> None:
    page = console(role)
    for path in STAFF:
        page.driver.get(page.base + path)
        keys, cookies = kept(page)
        assert keys <= {"htmx-current-path-for-history"} and cookies <= {"passerelle_staff"}, path
    page.driver.get(f"{page.base}/staff?q=papiers")
    assert kept(page)[0] == {"htmx-current-path-for-history"} and others(page, page.base) == set()


def test_a_page_with_the_widget_asks_the_assistant_alone(city) -> None:
    city.launch().asked(NEED)
    asked = others(city, city.base)
    assert {urlsplit(address).path for address in asked} <= {"/widget.js", "/widget/panneau", "/api/chat", "/static/icon.svg"}
    assert len({urlsplit(address).netloc for address in asked}) == 1
    assert kept(city) == ({"passerelle"}, set())
