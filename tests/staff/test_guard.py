"""Every route of the application: public by this list, or closed to who is not signed in."""

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

PUBLIC = {
    "/", "/annuaire", "/annuaire/{action_id}", "/annuaire/{action_id}/imprimer", "/annuaire/{action_id}/contact.vcf",
    "/annuaire/{action_id}/agenda.ics", "/sitemap.xml", "/sitemap-{number}.xml", "/robots.txt", "/signaler", "/accessibilite", "/mentions",
    "/confidentialite", "/rappel", "/urgences", "/urgences/{first}", "/chat.js", "/widget.js", "/widget/panneau", "/docs",
    "/openapi.json", "/healthz", "/readyz", "/.well-known/security.txt",
    "/api/chat", "/api/conversations/{conversation_id}", "/api/conversations/{conversation_id}/messages", "/api/feedback",
    "/api/callbacks", "/api/actions", "/api/actions/{action_id}", "/api/search",
    # Closed by its token, or open to this machine alone (tests/api/test_monitoring.py).
    "/metrics",
    # Closed by the signature of the provider (tests/channels).
    "/channels/twilio/sms", "/channels/twilio/status", "/channels/sms", "/channels/sms/status", "/channels/messenger", "/channels/whatsapp",
    "/staff/connexion", "/staff/connexion/code", "/staff/connexion/openid", "/staff/connexion/openid/retour", "/staff/invitation/{token}",
}  # fmt: skip
MOUNTED = {"/static", "/docs/swagger-ui"}


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    for route in app.routes:
        if isinstance(route, Mount):
            assert route.path in MOUNTED
            continue
        assert isinstance(route, Route | APIRoute), route
        for method in (route.methods or set()) - {"HEAD"}:
            yield method, route.path


def address(path: str) -> str:
    return re.sub(r"\{\w+(:\w+)?\}", "x" * 16, path)


def test_every_route_is_public_by_list_or_refuses_who_is_not_signed_in(app: FastAPI, client: httpx.Client):
    closed = [(method, path) for method, path in routes(app) if path not in PUBLIC]
    assert len(closed) > 2
    for method, path in closed:
        for accept in ("text/html", "application/json"):
            response = client.request(method, address(path), headers={"accept": accept})
            sent_away = response.status_code == 303 and response.headers["location"].startswith("/staff/connexion")
            assert response.status_code == 401 or (method == "GET" and accept == "text/html" and sent_away), (
                method,
                path,
                response.status_code,
            )


def test_the_list_of_public_routes_names_no_other(app: FastAPI):
    assert {path for _, path in routes(app)} >= PUBLIC


def test_every_unsafe_route_of_the_console_wants_the_form_token(app: FastAPI, staff):
    client = staff("administrator")
    token = client.headers.pop("x-csrf-token")
    unsafe = [(method, path) for method, path in routes(app) if path.startswith("/staff") and method != "GET"]
    assert unsafe
    for method, path in unsafe:
        for headers in ({}, {"x-csrf-token": token[::-1]}, {"accept": "application/json"}):
            response = client.request(method, address(path), headers=headers)
            assert response.status_code == 403, (method, path)
        assert client.request(method, address(path), data={"csrf_token": token[::-1]}).status_code == 403, (method, path)


def test_errors_of_the_console_are_its_own_pages_and_say_what_to_do(staff, client: httpx.Client):
    agent = staff()
    stale = agent.post("/staff/questions/ignorer", headers={"x-csrf-token": "x"})
    ended = client.post("/staff/liste", headers={"accept": "text/html"})
    told = {
        "n'existe pas": agent.get("/staff/nulle-part"),
        "n'a pas ce droit": agent.get("/staff/comptes"),
        "n'est pas valable": agent.get("/staff/chiffres?semaines=abc"),
        "copiez ce que vous avez écrit": stale,
        "Connectez-vous dans un autre onglet": ended,
    }
    assert [response.status_code for response in told.values()] == [404, 403, 422, 403, 401]
    for words, response in told.items():
        page = unescape(response.text)
        assert words in page and "console du PIMMS" in page and 'href="/staff' in page, words
        assert "Poser une question" not in page and "pas votre faute" not in page
    assert "copiez" not in told["n'a pas ce droit"].text


@pytest.mark.parametrize("path", ["/staff", "/staff?q=papiers"])
def test_a_browser_comes_back_to_where_it_was_going(client: httpx.Client, path: str):
    response = client.get(path, headers={"accept": "text/html"})
    assert httpx.URL(response.headers["location"]).params["suite"] == path


def test_a_part_of_a_page_sends_the_whole_page_to_the_log_in(client: httpx.Client):
    response = client.get("/staff", headers={"hx-request": "true", "accept": "*/*"})
    assert (response.status_code, response.headers["hx-redirect"]) == (401, "/staff/connexion")
