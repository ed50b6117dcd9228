"""The city's website in a browser: its own port, a strict policy, no cookies, and the widget's tag on each page."""

import http.server
from collections.abc import Callable

from resident import DESK, Page
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.shadowroot import ShadowRoot
from selenium.webdriver.remote.webelement import WebElement

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


class Site(http.server.ThreadingHTTPServer):
    """The city's website."""

    daemon_threads = True
    assistant = ""
    tag = '<script src="{0}/widget.js" defer></script>'
    bodies: dict[str, str] = {}


class Pages(http.server.BaseHTTPRequestHandler):
    server: Site

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
