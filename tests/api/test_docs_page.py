"""/docs: Swagger UI under our content security policy, with nothing from elsewhere."""

import re

import pytest


@pytest.fixture
def page(client) -> str:
    response = client.get("/docs")
    assert response.status_code == 200 and response.headers["content-type"].startswith("text/html")
    return response.text


def test_it_has_nothing_inline_and_nothing_from_elsewhere(page: str):
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]* src=)", page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert '<html lang="fr">' in page


def test_every_file_that_it_loads_is_there(client, page: str):
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) == 5
    for address in loaded:
        assert client.get(address).status_code == 200, address


def test_the_script_starts_the_viewer_on_our_document(client):
    script = client.get("/static/docs.js").text
    assert "SwaggerUIBundle(" in script and 'url: "/openapi.json"' in script and "validatorUrl: null" in script
    assert "SwaggerUIBundle" in client.get("/docs/swagger-ui/swagger-ui-bundle.js").text


def test_no_other_viewer_is_served(client):
    assert client.get("/redoc").status_code == 404
