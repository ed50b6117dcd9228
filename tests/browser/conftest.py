"""A headless Chromium against the real application (``live_server``, in ``tests/conftest.py``)."""

import dataclasses
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from city import City, Pages, Site
from resident import Page
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from api.app import create_app
from api.wiring import Services
from knowledge.accounts import people
from knowledge.accounts import sessions as staff_sessions
from knowledge.accounts.models import Role
from knowledge.database import migrate, open_engine, sessions
from knowledge.directory import DirectoryStore
from knowledge.loader import load
from tests.conftest import serving

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
QUIET = (
    "headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
    "disable-component-update", "disable-sync", "disable-dev-shm-usage", "force-prefers-reduced-motion",
)  # fmt: skip

PASSWORD = "un vélo bleu dans la cour"

Launch = Callable[..., Page]


@pytest.fixture(scope="session")
def launch(live_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launch]:
    """Start a Chromium with a profile of its own; ``preferences`` are Chromium's."""
    if not (Path(CHROMIUM).exists() and Path(DRIVER).exists()):
        reason = "chromium and chromedriver are not installed (apt-get install chromium chromium-driver)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    started: list[webdriver.Chrome] = []
    profiles: list[Path] = []

    def start(preferences: dict | None = None) -> Page:
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        profiles.append(tmp_path_factory.mktemp("chromium"))
        for flag in [*QUIET, f"user-data-dir={profiles[-1]}"]:
            options.add_argument(f"--{flag}")
        options.add_experimental_option("prefs", preferences or {})
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        started.append(webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER)))
        return Page(started[-1], live_server)

    yield start
    for driver in started:
        driver.quit()
    for profile in profiles:
        shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture(scope="session")
def browser(launch: Launch) -> Page:
    return launch()


@pytest.fixture
def page(browser: Page) -> Page:
    """The chat page on a desk's width, as a new visitor."""
    page = browser.open()
    page.complaints(), page.addresses_asked()
    return page


@pytest.fixture
def console(launch: Launch, add_account: Callable) -> Iterator[Callable[[str], Page]]:
    """``console("editor")``: another browser, signed in to the console with this role by the form; gone after the test."""
    seats: list[Page] = []

    def sign_in(role: str) -> Page:
        account = add_account(role, PASSWORD, "Anne")
        seats.append(page := launch().open("/staff/connexion"))
        page.one("#email").send_keys(account.email)
        page.one("#password").send_keys(PASSWORD, Keys.ENTER)
        page.until(lambda: page.all(".who"))
        return page

    yield sign_in
    for seat in seats:  # an open console goes on looking for news
        seat.driver.quit()


@pytest.fixture(scope="module")
def desk(launch: Launch, services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Page]]:
    """``desk("Amina", "editor")``: a browser of her own, signed in to a console over a directory that is this file's alone."""
    folder = tmp_path_factory.mktemp("desk")
    settings = services.settings.copy(update={"var_dir": folder})
    database = open_engine(f"sqlite:///{folder / 'own.db'}")
    migrate(database)
    factory = sessions(database)
    load(factory)
    store = DirectoryStore(factory, fresh_seconds=0)
    own = dataclasses.replace(services, settings=settings, database=database, sessions=factory, store=store)
    seats: dict[str, Page] = {}

    def sit(name: str, role: str = "editor") -> Page:
        if name not in seats:
            with factory.begin() as session:
                token = staff_sessions.begin(session, people.create(session, name, f"{name.lower()}@pimms.example", Role(role), None))
            seats[name] = Page(launch().driver, address).open("/staff/connexion")
            seats[name].driver.add_cookie({"name": "passerelle_staff", "value": token, "path": "/staff"})
        return seats[name]

    with serving(create_app(settings, lambda _settings: own)) as address:
        yield sit
        for seat in seats.values():
            seat.driver.quit()
    database.dispose()


@pytest.fixture(scope="session")
def without_script(launch: Launch) -> Page:
    return launch({"profile.managed_default_content_settings.javascript": 2})


@pytest.fixture(scope="session")
def site(settings, services) -> Iterator[str]:
    """Address of the city's website, whose pages bear the tag; the assistant has another port."""
    server = Site(("127.0.0.1", 0), Pages)
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


@pytest.fixture(scope="session")
def tab(launch: Launch, site: str) -> City:
    return City(launch().driver, site)


@pytest.fixture
def city(tab: City) -> City:
    return tab.visit()
