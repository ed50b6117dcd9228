"""What search engines are told: which pages there are, in files of a size that they take, and what they leave alone."""

import datetime as dt
from itertools import islice
from xml.etree import ElementTree

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from api.caching import revalidated
from api.directory_pages import address, site
from api.errors import ApiError
from api.pages import current_directory
from knowledge.directory import Directory

_SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"
# A file may hold 50,000 addresses and 50 MB.
_IN_A_FILE = 20_000
_PAGES = ("/", "/annuaire", "/accessibilite", "/mentions", "/confidentialite")
_NOT_FOR_ROBOTS = ("/api/", "/staff", "/signaler", "/annuaire/*/imprimer")

router = APIRouter(include_in_schema=False)


@router.get("/sitemap.xml")
def sitemap(request: Request) -> Response:
    """Every page that a search engine may show; where they are too many for a file, the files that list them."""
    directory = current_directory(request)
    if len(directory.entries) + len(_PAGES) <= _IN_A_FILE:
        return _file(request, directory, 0)
    files = range(1, _files(directory) + 1)
    return _xml(request, directory, "sitemapindex", "sitemap", [(f"{site(request)}/sitemap-{number}.xml", None) for number in files])


@router.get("/sitemap-{number}.xml")
def part(request: Request, number: int) -> Response:
    """One file of a sitemap in several, from 1 on."""
    directory = current_directory(request)
    if not 1 <= number <= _files(directory):
        raise ApiError(404, "not_found")
    return _file(request, directory, number - 1)


@router.get("/robots.txt")
def robots(request: Request) -> Response:
    """What search engines leave alone, and where the sitemap is."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _NOT_FOR_ROBOTS), "", f"Sitemap: {site(request)}/sitemap.xml", ""]
    return PlainTextResponse("\n".join(lines))


def _files(directory: Directory) -> int:
    return -(-(len(directory.entries) + len(_PAGES)) // _IN_A_FILE)


def _file(request: Request, directory: Directory, number: int) -> Response:
    """The day stands only where somebody verified the action."""
    start = number * _IN_A_FILE - len(_PAGES) * (number > 0)
    entries = islice(directory.entries, start, start + _IN_A_FILE - len(_PAGES) * (number == 0))
    pages: list[tuple[str, dt.date | None]] = [(f"{site(request)}{path}", None) for path in _PAGES if number == 0]
    pages += [(address(request, entry), entry.action.verified_on) for entry in entries]
    return _xml(request, directory, "urlset", "url", pages)


def _xml(request: Request, directory: Directory, root_name: str, name: str, listed: list[tuple[str, dt.date | None]]) -> Response:
    root = ElementTree.Element(root_name, xmlns=_SCHEMA)
    for location, verified in listed:
        one = ElementTree.SubElement(root, name)
        ElementTree.SubElement(one, "loc").text = location
        if verified:
            ElementTree.SubElement(one, "lastmod").text = verified.isoformat()
    body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return revalidated(request, Response(body, media_type="application/xml"), directory.version)
