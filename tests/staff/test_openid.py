"""OpenID Connect against a real provider: ``oidc-provider-mock``, in an environment of its own (it wants pydantic 2)."""

import contextlib
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from fastapi.testclient import TestClient
from pydantic import SecretStr

from knowledge.accounts.models import Account
from knowledge.settings import ROOT

PROVIDER = "oidc-provider-mock==0.3.4"


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running provider."""
    folder = tmp_path_factory.mktemp("openid")
    python = folder / "bin/python"
    uv = shutil.which("uv") or ROOT / ".tools/bin/uv"
    if Path(uv).exists():
        commands = [
            [uv, "venv", "--quiet", "--python", sys.executable, folder],
            [uv, "pip", "install", "--quiet", "--python", python, PROVIDER],
        ]
    else:
        commands = [[sys.executable, "-m", "venv", folder], [python, "-m", "pip", "install", "--quiet", PROVIDER]]
    try:
        for command in commands:
            subprocess.run(command, check=True, capture_output=True, timeout=240)
    except (subprocess.SubprocessError, OSError) as error:
        reason = f"{PROVIDER} could not be installed beside us ({type(error).__name__}): is the network there?"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [folder / "bin/oidc-provider-mock", "--port", str(port), "--require-nonce", "true"], stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/.well-known/openid-configuration").status_code == 200:
                break
        time.sleep(0.1)
    yield address
    process.terminate()
    process.wait(10)


@pytest.fixture
def open_with(open_app, services, provider: str) -> Callable[..., TestClient]:
    """A browser before an application that knows the provider, which it really asks."""

    def start(**changes) -> TestClient:
        known = {
            "openid_issuer": provider,
            "openid_client_id": "passerelle",
            "openid_client_secret": SecretStr("secret"),
            "public_url": "http://testserver",
        }
        client = open_app(lambda settings: replace(services, settings=settings), **(known | changes))
        client.follow_redirects = False
        client.headers["accept"] = "text/html"
        return client

    return start


def at_the_provider(client: TestClient, provider: str, email: str, **claims) -> httpx.URL:
    """Go to the provider, sign in there as ``email``, and return the address that it sends the browser back to."""
    httpx.put(f"{provider}/users/{email}", json={"email": email, "name": "Noa Dupont", **claims}).raise_for_status()
    there = client.get("/staff/connexion/openid?suite=/staff/compte").headers["location"]
    assert there.startswith(provider)
    return httpx.URL(httpx.post(there, data={"sub": email}).headers["location"])


@pytest.fixture
def email() -> str:
    return f"{uuid.uuid4().hex}@pimms.example"


def test_a_verified_address_opens_its_account(open_with, provider: str, add_account):
    client, account = open_with(), add_account("editor")
    assert "/staff/connexion/openid" in client.get("/staff/connexion").text
    back = at_the_provider(client, provider, account.email, email_verified=True)
    response = client.get(back)
    assert (response.status_code, response.headers["location"]) == (303, "/staff/compte")
    page = client.get("/staff/compte")
    assert page.status_code == 200 and account.email in page.text


def test_the_request_bears_state_nonce_and_pkce(open_with, provider: str, services):
    client = open_with()
    asked = parse_qs(urlsplit(client.get("/staff/connexion/openid").headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["response_type"] == ["code"]
    assert min(len(asked[name][0]) for name in ("state", "nonce", "code_challenge")) >= 20
    key = urlsafe_b64encode(hashlib.sha256(b"openid:" + services.secret_key.encode()).digest())
    kept = Fernet(key).decrypt(client.cookies["passerelle_openid"])
    verifier = re.search(r'"code_verifier": "([^"]+)"', kept.decode())[1]
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert asked["code_challenge"] == [challenge]


@pytest.mark.parametrize("claims", [{}, {"email_verified": False}, {"email_verified": "true"}])
def test_an_address_that_is_not_verified_opens_nothing(open_with, provider: str, add_account, claims: dict):
    client, account = open_with(openid_creates_accounts=True), add_account("administrator")
    response = client.get(at_the_provider(client, provider, account.email, **claims))
    assert response.status_code == 403 and client.get("/staff").status_code == 303


def test_nobody_gets_an_account_by_knowing_the_provider(open_with, provider: str, services, email: str):
    client = open_with()
    response = client.get(at_the_provider(client, provider, email, email_verified=True))
    assert response.status_code == 403 and "Aucun compte" in unescape(response.text)
    with services.sessions() as session:
        assert session.execute(sa.select(Account).where(Account.email == email)).first() is None


def test_where_the_settings_say_so_an_agent_s_account_is_made(open_with, provider: str, services, email: str):
    client = open_with(openid_creates_accounts=True)
    assert client.get(at_the_provider(client, provider, email, email_verified=True)).status_code == 303
    with services.sessions() as session:
        account = session.execute(sa.select(Account).where(Account.email == email)).scalar_one()
    assert (account.role, account.name, account.password_hash) == ("agent", "Noa Dupont", None)


def test_a_disabled_account_stays_closed(open_with, provider: str, services, add_account):
    client, account = open_with(), add_account()
    with services.sessions.begin() as session:
        session.get(Account, account.id).disabled = True
    assert client.get(at_the_provider(client, provider, account.email, email_verified=True)).status_code == 403


def test_a_return_that_was_not_asked_for_is_refused(open_with, provider: str, add_account):
    client, account = open_with(), add_account()
    back = at_the_provider(client, provider, account.email, email_verified=True)
    client.cookies.delete("passerelle_openid")
    assert client.get(back).status_code == 502, "another browser's return"
    client.get("/staff/connexion/openid")
    assert client.get(back).status_code == 502, "the state of an earlier request"
    assert client.get(back.copy_set_param("code", "x")).status_code == 502
    assert client.get("/staff/connexion/openid/retour?error=access_denied&state=x").status_code == 502
    assert client.get("/staff").status_code == 303


def test_a_return_works_once(open_with, provider: str, add_account):
    client, account = open_with(), add_account()
    back = at_the_provider(client, provider, account.email, email_verified=True)
    assert client.get(back).status_code == 303
    client.cookies.clear()
    assert client.get(back).status_code == 502


def test_a_provider_that_is_gone_is_said(open_with, add_account):
    client = open_with(openid_issuer="http://127.0.0.1:1")
    response = client.get("/staff/connexion/openid")
    assert response.status_code == 502 and "mot de passe" in response.text


def test_without_a_provider_there_is_no_such_page(client: httpx.Client):
    assert client.get("/staff/connexion/openid").status_code == 404
    assert client.get("/staff/connexion/openid/retour").status_code == 404
    assert "/staff/connexion/openid" not in client.get("/staff/connexion").text
