"""Signing in and out over real HTTP: cookies, throttling, what is told and what is not."""

import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from knowledge.accounts.models import StaffSession
from knowledge.audit import AuditEntry

PASSWORD = "quatre tulipes jaunes"
COOKIE = "passerelle_staff"


def sign_in(client: httpx.Client, email: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    page = client.get("/staff/connexion").text
    token = re.search(r'name="csrf_token" value="(\w+)"', page)[1]
    return client.post("/staff/connexion", data={"email": email, "password": password, "csrf_token": token, **more})


@pytest.fixture
def account(add_account):
    return add_account("agent", PASSWORD)


def test_the_right_password_opens_the_console_under_a_new_token(client: httpx.Client, account):
    client.get("/staff/connexion")
    before = client.cookies[COOKIE]
    response = sign_in(client, account.email.upper(), suite="/staff?q=papiers")
    assert (response.status_code, response.headers["location"]) == (303, "/staff?q=papiers")
    assert client.cookies[COOKIE] != before
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/staff" in cookie and "Secure" not in cookie
    page = client.get("/staff")
    assert page.status_code == 200 and account.name in page.text
    assert page.headers["cache-control"] == "no-store"


def test_under_https_the_cookie_is_of_this_host_alone(open_app, services, account):
    client = open_app(lambda settings: replace(services, settings=settings), public_url="https://passerelle.example")
    client.base_url = "https://passerelle.example"
    cookie = client.get("/staff/connexion").headers["set-cookie"]
    assert cookie.startswith("__Host-passerelle_staff=") and "Secure" in cookie and "Path=/;" in cookie and "Domain" not in cookie
    # A cookie of the name that is used without HTTPS, as another site of the domain could set it, counts for nothing.
    planted = sign_in(client, account.email)
    assert planted.url.path == "/staff"
    token = client.cookies["__Host-passerelle_staff"]
    client.cookies.clear()
    client.cookies.set("passerelle_staff", token, path="/staff")
    assert client.get("/staff").status_code == 401


@pytest.mark.parametrize("suite", ["https://ailleurs.example/", "//ailleurs.example", "/annuaire", "/staffetaussi", "javascript:1"])
def test_nobody_is_sent_elsewhere_after_signing_in(client: httpx.Client, account, suite: str):
    assert sign_in(client, account.email, suite=suite).headers["location"] == "/staff"


def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(client: httpx.Client, account):
    known, unknown = sign_in(client, account.email, "pas le bon du tout"), sign_in(client, "personne@pimms.example")
    assert (known.status_code, unknown.status_code) == (401, 401)
    assert known.text.replace(account.email, "X") == unknown.text.replace("personne@pimms.example", "X")
    assert "Adresse ou mot de passe inconnus" in known.text
    assert PASSWORD not in unknown.text


def test_a_disabled_account_stays_outside(client: httpx.Client, services, account):
    sign_in(client, account.email)
    with services.sessions.begin() as session:
        session.merge(account).disabled = True
    assert client.get("/staff").status_code == 401
    assert sign_in(client, account.email).status_code == 401


@pytest.mark.parametrize(("column", "hours"), [("seen_at", 5), ("created_at", 13)])
def test_a_session_ends_without_use_and_after_a_day(client: httpx.Client, services, account, column: str, hours: int):
    sign_in(client, account.email)
    with services.sessions.begin() as session:
        mine = session.execute(sa.select(StaffSession).where(StaffSession.account_id == account.id)).scalar_one()
        setattr(mine, column, getattr(mine, column) - timedelta(hours=hours))
    assert client.get("/staff").status_code == 401


def test_only_a_digest_of_the_token_is_kept(client: httpx.Client, services, account):
    sign_in(client, account.email)
    with services.sessions() as session:
        kept = session.execute(sa.select(StaffSession.id).where(StaffSession.account_id == account.id)).scalars().all()
    assert kept and client.cookies[COOKIE] not in kept


def test_signing_out_closes_this_session_only(staff_pair):
    one, other = staff_pair
    assert one.post("/staff/deconnexion").status_code == 303
    assert one.get("/staff").status_code == 303
    assert other.get("/staff").status_code == 200


def test_signing_out_everywhere_closes_all(staff_pair):
    one, other = staff_pair
    assert one.post("/staff/deconnexion-partout").status_code == 303
    assert [client.get("/staff").status_code for client in staff_pair] == [303, 303]


@pytest.fixture
def staff_pair(live_server: str, account):
    """Two browsers of one account."""
    pair = [httpx.Client(base_url=live_server, headers={"accept": "text/html"}) for _ in range(2)]
    for client in pair:
        sign_in(client, account.email)
        client.headers["x-csrf-token"] = re.search(r'name="csrf_token" value="(\w+)"', client.get("/staff").text)[1]
    yield pair
    for client in pair:
        client.close()


def test_what_was_done_is_noted_without_secrets(client: httpx.Client, services, account):
    sign_in(client, account.email, "pas le bon du tout")
    sign_in(client, account.email)
    with services.sessions() as session:
        noted = session.execute(sa.select(AuditEntry).where(AuditEntry.account_id == account.id).order_by(AuditEntry.id)).scalars().all()
    assert [entry.what for entry in noted] == ["sign-in.refused", "sign-in.done"]
    assert "pas le bon" not in repr([vars(entry) for entry in noted])


def test_a_stranger_locks_nobody_out_elsewhere(open_app, services, account):
    client = open_app(lambda settings: replace(services, settings=settings), rate_limit_sign_in=2, trusted_proxies=1)
    for address in ("2001:db8:1:1::1", "2001:db8:1:1::2", "2001:db8:1:1:ffff::3"):  # one line at home
        client.headers["x-forwarded-for"] = address
        guessed = [sign_in(client, account.email, "pas le bon du tout").status_code for _ in range(20)]
    assert set(guessed) == {429}
    # A browser that was never used, at another address.
    client.cookies.clear()
    client.headers["x-forwarded-for"] = "192.0.2.77"
    assert sign_in(client, account.email).url.path == "/staff"


def test_guessing_from_many_addresses_is_slowed_down_per_account(open_app, services, account):
    client = open_app(lambda settings: replace(services, settings=settings), rate_limit_sign_in=1, trusted_proxies=1)
    answers = []
    for i in range(11):
        client.headers["x-forwarded-for"] = f"192.0.2.{i}"
        answers.append(sign_in(client, account.email, "pas le bon du tout"))
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) <= 3601 and "Attendez" in answers[-1].text
    # Even the right password has to wait.
    assert sign_in(client, account.email).status_code == 429


def test_strangers_lock_nobody_out_of_the_browser_they_know(open_app, services, account):
    client = open_app(lambda settings: replace(services, settings=settings), rate_limit_sign_in=2, trusted_proxies=1)
    sign_in(client, account.email)
    token = client.cookies[COOKIE]
    client.cookies.delete(COOKIE)
    mine = dict(client.cookies.items())
    assert mine and token not in mine.values()

    client.cookies.clear()
    for i in range(44):
        client.headers["x-forwarded-for"] = f"192.0.2.{i % 22}"
        stranger = sign_in(client, account.email, "pas le bon du tout")
    assert stranger.status_code == 429
    for name, value in mine.items():
        client.cookies.set(name, value, path="/staff/connexion")
    assert sign_in(client, account.email).url.path == "/staff"

    # It is no way to guess more, and none for another account.
    client.cookies.delete(COOKIE)
    assert [sign_in(client, account.email, "pas le bon du tout").status_code for _ in range(3)] == [401, 401, 429]
    name = next(iter(mine))
    client.cookies.clear()
    client.cookies.set(name, mine[name].replace(mine[name][:4], "abcd"), path="/staff/connexion")
    assert sign_in(client, account.email).status_code == 429


def test_guessing_is_slowed_down_per_client(open_app):
    client = open_app(rate_limit_sign_in=1)
    assert [sign_in(client, f"{i}@pimms.example").status_code for i in range(6)] == [401] * 5 + [429]


def test_who_signs_in_starts_to_count_anew(open_app, account):
    client = open_app(rate_limit_sign_in=2)
    sign_in(client, account.email, "pas le bon du tout")
    assert sign_in(client, account.email).status_code in (200, 303)
    client.cookies.clear()
    assert [sign_in(client, account.email, "pas le bon du tout").status_code for _ in range(3)] == [401, 401, 429]


def test_without_redis_the_process_counts_alone(open_app, account):
    client = open_app(rate_limit_sign_in=1, redis_url="redis://127.0.0.1:1/0")
    assert [sign_in(client, account.email, "pas le bon du tout").status_code for _ in range(2)] == [401, 429]
