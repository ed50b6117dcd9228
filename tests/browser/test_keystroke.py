"""From an agent's keystroke to the results on the screen, with as many services as a département would bring."""

from collections.abc import Callable
from dataclasses import replace
from statistics import median, quantiles

import httpx
import pytest
from resident import Page

from api.app import create_app
from knowledge.files import read_directory
from knowledge.search import Search
from tests.conftest import serving
from tests.large import directory_of

SERVICES = 10_000
SAID = ["apprendre le francais", "reparer mon velo", "aide papiers caf", "sport pour les femmes", "permis de conduire pas cher"]
# Types one text letter by letter; each letter waits for its results, as shown (two frames after htmx put them in).
TYPE = """
const [text, done] = arguments, box = document.querySelector('#q'), times = [];
(async () => {
  for (let n = 3; n <= text.length; n++) {
    const shown = new Promise((resolve) => document.body.addEventListener('htmx:afterSettle', resolve, {once: true}));
    const started = performance.now();
    box.value = text.slice(0, n);
    box.dispatchEvent(new Event('input', {bubbles: true}));
    await shown;
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const took = performance.now() - started;
    times.push(document.querySelector('[data-for]').dataset.for === box.value.trim() ? took : NaN);  // of these very words
  }
  done(times);
})();
"""


class _Fixed:
    """Stands for ``DirectoryStore``."""

    def __init__(self, directory) -> None:
        self._directory = directory

    def current(self):
        return self._directory


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("services_known", [None, SERVICES], ids=["real", "10000"])
def test_results_follow_the_keystrokes(browser: Page, services, staff: Callable[..., httpx.Client], services_known: int | None):
    known = services
    if services_known:
        store = _Fixed(directory_of(services_known, read_directory()))
        search = Search(store)
        search.fit()
        known = replace(services, store=store, search=search)
    with serving(create_app(known.settings, lambda _settings: known)) as address:
        page = Page(browser.driver, address)
        page.open("/staff/connexion")
        page.driver.add_cookie({"name": "passerelle_staff", "value": staff("agent").cookies["passerelle_staff"], "path": "/staff"})
        page.open("/staff")
        page.driver.set_script_timeout(120)
        page.driver.execute_async_script(TYPE, "bonjour")
        times = [time for text in SAID for time in page.driver.execute_async_script(TYPE, text)]
    page.driver.delete_all_cookies()
    cuts = quantiles(times, n=20)
    print(
        f"keystroke to results, {len(known.store.current().entries)} services: median {median(times):.0f} ms, "
        f"95 % within {cuts[18]:.0f} ms ({len(times)} keystrokes)"
    )
    assert page.complaints() == [] and len(times) > 50 and all(time > 0 for time in times)
