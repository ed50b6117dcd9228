"""The page as a resident uses it; what every test of this folder works with."""

import json
from collections.abc import Callable, Sequence
from importlib.resources import files

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

SECONDS = 20
PHONE, SMALL_PHONE, DESK = (375, 667), (320, 568), (1280, 800)


class Page:
    """One tab."""

    def __init__(self, driver: webdriver.Chrome, base: str) -> None:
        self.driver = driver
        self.base = base

    def open(self, path: str = "/", size: tuple[int, int] = DESK) -> "Page":
        """Go to ``path``, as a new visitor."""
        self.resize(size)
        self.driver.get(self.base + path)
        if self.script("return sessionStorage.length"):
            self.script("sessionStorage.clear()")
            self.driver.get(self.base + path)
        return self

    def resize(self, size: tuple[int, int]) -> None:
        """Give the page this width and height, as it stands."""
        width, height = size
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        )

    def script(self, code: str, *arguments: object) -> object:
        return self.driver.execute_script(code, *arguments)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def until(self, condition: Callable[[], object]) -> None:
        # While one page gives way to the next the driver has several words for "gone".
        # Looked at more often than Selenium's every half second: what is waited for comes within some milliseconds.
        WebDriverWait(self.driver, SECONDS, poll_frequency=0.05, ignored_exceptions=[WebDriverException]).until(lambda _: condition())

    @property
    def box(self) -> WebElement:
        return self.one("#message")

    def ask(self, text: str) -> WebElement:
        """Type ``text``, press Enter, and return the exchange once it is answered."""
        return self.answered(lambda: self.box.send_keys(text, Keys.ENTER))

    def answered(self, act: Callable[[], object]) -> WebElement:
        """Do ``act`` and return the exchange that it started, answered."""
        before = len(self.all(".exchange"))
        act()
        self.until(lambda: len(self.all(".exchange")) > before and not self.one("#status").text)
        self.until(lambda: self.all(".exchange")[-1].find_elements(By.CSS_SELECTOR, ".answer > *"))
        return self.all(".exchange")[-1]

    def tap(self, element: WebElement) -> None:
        """Scroll to ``element``, away from what sticks to the edges, and tap it."""
        self.script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        element.click()

    @property
    def focused(self) -> str:
        return self.driver.switch_to.active_element.get_attribute("id")

    def addresses_asked(self) -> set[str]:
        """Every address that the page has asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return {e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"}

    def complaints(self) -> list[str]:
        """What the console says against the page (errors, refused by the content security policy)."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def accessibility_violations(self, rules: Sequence[str] = ()) -> list[str]:
        """What axe-core finds, one line each, by these rules alone when there are any."""
        if not self.script("return 'axe' in window"):
            self.script((files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8"))
        only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
        result = self.driver.execute_async_script("axe.run(arguments[0]).then(arguments[1])", only)
        return [f"{v['id']}: {node['html'][:160]}" for v in result["violations"] for node in v["nodes"]]
