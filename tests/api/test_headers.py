"""What every answer tells the browser: walked over all routes, signed in and not, errors included."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import httpx
import pytest
from fastapi import FastAPI

from tests.staff.test_guard import PUBLIC, address, routes

# The policy without exception: no inline code, no eval, nothing from elsewhere, no frame.
POLICY = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:", "connect-src": "'self'",
    "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'", "manifest-src": "'self'",
}  # fmt: skip
OTHERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
# Scripts that other sites embed; everything else stays on our own pages.
SHARED = {"/widget.js"}
# Sends a person to the provider, or starts a training: tested in tests/staff.
NOT_ASKED = {("POST", "/staff/modele/entrainer"), ("POST", "/staff/deconnexion"), ("POST", "/staff/deconnexion-partout")}


class Inline(HTMLParser):
    """Collects what the policy would block: handlers, styles, scripts that are code."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.source: str | None = None

    def handle_starttag(self, tag: str, attrs: list) -> None:
        named = dict(attrs)
        self.found += [name for name in named if name.startswith("on") or name == "style"]
        self.found += [value for value in named.values() if value and re.match(r"\s*(javascript|vbscript):", value, re.I)]
        data = (named.get("type") or "").endswith("json")
        if tag == "style" or (tag == "script" and not data and not named.get("src")):
            self.found.append(tag)


def held(response: httpx.Response, path: str) -> None:
    headers = response.headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy == POLICY, path
    assert {name: headers.get(name) for name in OTHERS} == OTHERS, path
    assert "camera=()" in headers["permissions-policy"] and "geolocation=()" in headers["permissions-policy"]
    assert headers["cross-origin-resource-policy"] == ("cross-origin" if path in SHARED and response.is_success else "same-origin"), path
    assert "access-control-allow-origin" not in headers, path
    for cookie in headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie, (path, cookie)
    if "text/html" in headers.get("content-type", ""):
        page = Inline()
        page.feed(response.text)
        assert page.found == [], path
    if path.startswith("/staff") and response.is_success:
        assert headers["cache-control"] == "no-store", path


@pytest.mark.parametrize("role", [None, "administrator"])
def test_every_route_and_every_error_bears_the_headers(app: FastAPI, client: httpx.Client, staff, action_id: str, role: str | None):
    asker = staff(role) if role else client
    elsewhere = {"origin": "https://ailleurs.example", "host": "ailleurs.example"}
    seen = set()
    for method, path in routes(app):
        if (method, path) in NOT_ASKED or (role and path in PUBLIC):
            continue
        for where in {address(path), path.replace("{action_id}", action_id)}:
            if "{" in where:
                continue
            for accept in ("text/html", "application/json"):
                response = asker.request(method, where, headers={"accept": accept, **elsewhere})
                assert response.status_code < 500, (method, where, response.text[:300])
                seen.add(response.status_code)
                held(response, path)
                # What a client says of our name is repeated nowhere: no link, redirect or cached page leads there.
                assert "ailleurs.example" not in response.text + response.headers.get("location", ""), where
    assert {200, 422} <= seen


def test_errors_that_no_route_makes_bear_them_too(client: httpx.Client):
    answers = {
        404: client.get("/nulle-part", headers={"accept": "text/html"}),
        405: client.put("/api/chat"),
        413: client.post("/api/chat", content=b"x" * 20_000),
        422: client.post("/api/chat", content=b"\xff{"),
        200: client.get("/static/style.css"),
    }
    for status, response in answers.items():
        assert response.status_code == status
        held(response, str(response.url.path))


def test_a_failure_inside_bears_them_and_says_nothing(open_app, services):
    broken = replace(services, store=None)
    client = open_app(lambda _settings: broken, wait=False)
    for _ in range(200):
        response = client.get("/annuaire", headers={"accept": "text/html"})
        if response.status_code != 503:
            break
    assert response.status_code == 500
    held(response, "/annuaire")
    assert "NoneType" not in response.text and "Traceback" not in response.text


def test_under_https_a_browser_comes_back_under_https_only(open_app, services):
    client = open_app(lambda settings: replace(services, settings=settings), public_url="https://passerelle.example")
    assert client.get("/").headers["strict-transport-security"] == "max-age=31536000"
    assert client.get("/nulle-part").headers["strict-transport-security"]


def test_who_finds_a_weakness_is_told_whom_to_tell(open_app, services, client: httpx.Client):
    assert client.get("/.well-known/security.txt").status_code == 404
    told = open_app(lambda settings: replace(services, settings=settings), security_contact="mailto:securite@exemple.fr")
    text = told.get("/.well-known/security.txt").text
    fields = dict(line.split(": ", 1) for line in text.splitlines())
    assert fields["Contact"] == "mailto:securite@exemple.fr" and re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", fields["Expires"])


@pytest.fixture
def action_id(services) -> str:
    return services.store.current().entries[0].id
