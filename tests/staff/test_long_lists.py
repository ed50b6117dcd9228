"""The console's lists when there is more than a page of it."""

import html
import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from api.staff import to_verify, upkeep


def followed(client: TestClient, path: str) -> list[str]:
    """Every page from ``path`` on."""
    pages: list[str] = []
    while path:
        pages.append(client.get(path).text)
        following = re.search(r'href="([^"]+)" rel="next"', pages[-1])
        path = html.unescape(following[1]) if following else ""
    return pages


@pytest.mark.parametrize(
    ("module", "limit", "path", "listed"),
    [
        (upkeep, "_LISTED", "/staff/annuaire", r'id="o-([\w-]+)"'),
        (upkeep, "_LISTED", "/staff/annuaire?q=le", r'id="o-([\w-]+)"'),
        (to_verify, "_SHOWN", "/staff/a-verifier?mois=1", r'action="/staff/a-verifier/([\w-]+)"'),
    ],
    ids=["organisations", "those that a word leaves", "what is to verify"],
)
def test_pages_show_together_what_one_page_shows(
    desk: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch, module: object, limit: str, path: str, listed: str
) -> None:
    client = desk("editor")
    whole = re.findall(listed, client.get(path).text)
    monkeypatch.setattr(module, limit, 2)
    pages = [re.findall(listed, page) for page in followed(client, path)]
    assert len(pages) > 1 and max(map(len, pages)) == 2
    assert [one for page in pages for one in page] == whole
