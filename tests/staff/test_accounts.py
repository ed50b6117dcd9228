"""Accounts: one's own, those of others, invitations, the second factor, what the audit shows."""

import re
import time
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
import sqlalchemy as sa

from knowledge.accounts.errors import AccountRefused
from knowledge.accounts.models import Account
from knowledge.accounts.passwords import hash_password, password_fits

PASSWORD, OTHER = "quatre tulipes jaunes", "cinq dahlias violets"


def token_of(page: httpx.Response) -> str:
    return re.search(r'name="csrf_token" value="(\w+)"', page.text)[1]


def sign_in(client: httpx.Client, email: str, password: str) -> httpx.Response:
    data = {"email": email, "password": password, "csrf_token": token_of(client.get("/staff/connexion"))}
    return client.post("/staff/connexion", data=data)


@pytest.fixture
def administrator(staff) -> httpx.Client:
    return staff("administrator")


@pytest.fixture
def account(add_account):
    return add_account("agent", PASSWORD)


@pytest.fixture
def browser(live_server: str, account):
    """A browser in which ``account`` signed in with its password."""
    with httpx.Client(base_url=live_server, headers={"accept": "text/html"}) as client:
        sign_in(client, account.email, PASSWORD)
        client.headers["x-csrf-token"] = token_of(client.get("/staff"))
        yield client


def stored(services, account_id: str) -> Account:
    with services.sessions() as session:
        return session.get(Account, account_id)


@pytest.mark.parametrize("role", ["agent", "editor"])
@pytest.mark.parametrize("path", ["/staff/comptes", "/staff/journal"])
def test_only_administrators_see_accounts_and_the_audit(staff, role: str, path: str):
    client = staff(role)
    assert client.get(path).status_code == 403
    assert path not in client.get("/staff").text


def test_an_invited_person_chooses_the_password_once(administrator: httpx.Client, client: httpx.Client, services):
    email = f"invite-{time.time_ns()}@pimms.example"
    page = administrator.post("/staff/comptes", data={"name": "Sacha Neuf", "email": email, "role": "editor"})
    assert page.status_code == 200
    link = urlsplit(re.search(r'id="link" value="([^"]+)"', page.text)[1]).path
    with services.sessions() as session:
        account = session.execute(sa.select(Account).where(Account.email == email)).scalar_one()
    assert account.role == "editor" and account.password_hash is None and link.rsplit("/")[-1] not in account.invitation_hash
    assert sign_in(client, email, "").status_code == 401

    form = client.get(link)
    assert "Sacha Neuf" in form.text
    choose = {"csrf_token": token_of(form)}
    for password, again in [("court", "court"), (PASSWORD, OTHER), ("123456789012", "123456789012")]:
        assert client.post(link, data=choose | {"password": password, "again": again}).status_code == 422
    assert client.post(link, data=choose | {"password": PASSWORD, "again": PASSWORD}).status_code == 303
    assert client.get(link).status_code == 404
    assert client.post(link, data=choose | {"password": OTHER, "again": OTHER}).status_code == 404
    assert sign_in(client, email, PASSWORD).status_code == 303


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaa", "passwordpassword", "motdepassemotdepasse", "jetaimejetaime", "azertyuiopqsdf", "doudou123456",
        "passerelle2026", "PasserelleBlois2026!", "camille.test@pimms.example", "CamilleTest2026!", "Motdepasse2024",
    ],
)  # fmt: skip
def test_a_password_that_is_soon_guessed_is_refused(password: str):
    with pytest.raises(AccountRefused) as refused:
        hash_password(password, ("Camille Test", "camille.test@pimms.example"))
    assert refused.value.code == "common"


def test_a_new_password_may_not_be_one_s_own_address(browser: httpx.Client, account):
    change = {"old": PASSWORD, "password": account.email, "again": account.email}
    page = browser.post("/staff/compte/mot-de-passe", data=change)
    assert page.status_code == 422 and "trop facile à deviner" in unescape(page.text)


@pytest.mark.parametrize("password", ["trois chats gris", "élodie aime les mûres", "aZ3$" + "un vélo bleu dans la cour " * 30])
def test_a_phrase_is_a_password(password: str):
    assert password_fits(password, hash_password(password, ("Camille Test", "camille.test@pimms.example")))


def test_what_is_wrong_with_a_new_account_is_said_and_nothing_is_lost(administrator: httpx.Client, account):
    for name, email, said in [("", "a@b.fr", "nom"), ("Camille", "camille", "adresse"), ("Camille", account.email.upper(), "existe")]:
        page = administrator.post("/staff/comptes", data={"name": name, "email": email, "role": "agent"})
        assert page.status_code == 422 and said in unescape(page.text)
        assert f'value="{email}"' in page.text


def test_an_administrator_changes_closes_and_reopens(administrator: httpx.Client, browser: httpx.Client, services, account):
    where = f"/staff/comptes/{account.id}"
    assert administrator.post(where, data={"role": "editor"}).status_code == 303
    assert stored(services, account.id).role == "editor"
    assert administrator.post(where, data={"role": "editor", "disabled": "1"}).status_code == 303
    assert browser.get("/staff").status_code == 303
    administrator.post(where, data={"role": "agent"})
    assert browser.get("/staff").status_code == 303, "a closed session stays closed"
    assert sign_in(browser, account.email, PASSWORD).status_code == 303
    assert administrator.post(f"{where}/sessions").status_code == 303
    assert browser.get("/staff").status_code == 303
    assert administrator.post("/staff/comptes/nobody", data={"role": "agent"}).status_code == 404
    assert administrator.post(where, data={"role": "king"}).status_code == 422


def test_the_last_administrator_stays_one(services):
    from knowledge.accounts import people
    from knowledge.accounts.models import Role

    with services.sessions() as session:  # rolled back at the end
        session.execute(sa.update(Account).values(role="agent"))
        last = people.create(session, "Dominique", "derniere@pimms.example", Role.administrator)
        for role, disabled in [(Role.agent, False), (Role.administrator, True)]:
            with pytest.raises(AccountRefused, match="last administrator"):
                people.change(session, last, role, disabled)
        people.create(session, "Claude", "autre@pimms.example", Role.administrator)
        people.change(session, last, Role.agent, False)
        assert last.role == "agent"


def test_changing_the_password_ends_the_other_sessions(browser: httpx.Client, live_server: str, account):
    with httpx.Client(base_url=live_server, headers={"accept": "text/html"}) as other:
        sign_in(other, account.email, PASSWORD)
        change = {"old": PASSWORD, "password": OTHER, "again": OTHER}
        for wrong in ({"old": OTHER}, {"again": PASSWORD}, {"password": "court", "again": "court"}):
            assert browser.post("/staff/compte/mot-de-passe", data=change | wrong).status_code == 422
        assert browser.post("/staff/compte/mot-de-passe", data=change).status_code == 303
        assert (browser.get("/staff").status_code, other.get("/staff").status_code) == (200, 303)
        assert sign_in(other, account.email, PASSWORD).status_code == 401
        assert sign_in(other, account.email, OTHER).status_code == 303


def enrol(browser: httpx.Client) -> tuple[pyotp.TOTP, list[str]]:
    """Add the second factor as a person does; returns what the telephone knows, and the recovery codes."""
    page = browser.get("/staff/compte/double")
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)[1].replace(" ", "")
    sealed = re.search(r'name="sealed" value="([^"]+)"', page.text)[1]
    telephone = pyotp.TOTP(secret)
    wrong = browser.post("/staff/compte/double", data={"sealed": sealed, "code": "000000"})
    assert wrong.status_code == 422 and sealed in wrong.text
    done = browser.post("/staff/compte/double", data={"sealed": sealed, "code": telephone.at(time.time() - 30)})
    codes = re.findall(r"<code>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</code>", done.text)
    assert len(codes) == 10
    return telephone, codes


def test_the_telephone_s_code_is_asked_for(browser: httpx.Client, live_server: str, services, account):
    telephone, codes = enrol(browser)
    kept = stored(services, account.id)
    assert telephone.secret not in kept.totp_secret and not set(codes) & set(kept.recovery_hashes)

    def second_step(code: str) -> httpx.Response:
        return client.post("/staff/connexion/code", data={"code": code, "csrf_token": token_of(client.get("/staff/connexion/code"))})

    with httpx.Client(base_url=live_server, headers={"accept": "text/html"}) as client:
        first = sign_in(client, account.email, PASSWORD)
        assert first.headers["location"].startswith("/staff/connexion/code")
        assert client.get("/staff").status_code == 303, "the password alone opens nothing"
        assert client.post("/staff/deconnexion", headers={"x-csrf-token": "x"}).status_code in (401, 403)
        code = telephone.now()
        assert second_step("000000").status_code == 401
        assert second_step(f"{code[:3]} {code[3:]}").headers["location"] == "/staff"
        assert client.get("/staff").status_code == 200

        client.cookies.clear()
        sign_in(client, account.email, PASSWORD)
        assert second_step(code).status_code == 401, "a code works once"
        assert second_step(codes[0].upper()).status_code == 303

        client.cookies.clear()
        sign_in(client, account.email, PASSWORD)
        assert second_step(codes[0]).status_code == 401, "a recovery code works once"

    assert browser.post("/staff/compte/double/retirer", data={"code": "000000"}).status_code == 422
    assert browser.post("/staff/compte/double/retirer", data={"code": codes[1]}).status_code == 303
    assert stored(services, account.id).totp_secret is None


def test_guessing_the_code_is_slowed_down(open_app, browser: httpx.Client, account):
    enrol(browser)
    client = open_app(rate_limit_sign_in=3)
    sign_in(client, account.email, PASSWORD)
    token = token_of(client.get("/staff/connexion/code"))
    codes = [client.post("/staff/connexion/code", data={"code": "000000", "csrf_token": token}).status_code for _ in range(4)]
    assert codes == [401, 401, 401, 429]


def test_the_code_page_is_closed_without_the_first_step(client: httpx.Client, staff):
    assert client.get("/staff/connexion/code").headers["location"] == "/staff/connexion"
    assert staff("agent").get("/staff/connexion/code").headers["location"] == "/staff/connexion"


def test_a_secret_of_somebody_else_s_making_is_refused(browser: httpx.Client):
    assert browser.post("/staff/compte/double", data={"sealed": "x", "code": "000000"}).status_code == 303


def test_the_audit_is_read_page_by_page(administrator: httpx.Client, services, account):
    from knowledge.audit import AuditEntry, audit

    with services.sessions.begin() as session:
        for number in range(60):
            audit(session, session.get(Account, account.id), "account.changed", f"essai {number:02}", {"role": "agent"})
    page = administrator.get("/staff/journal").text
    assert "Compte modifié" in page and "essai 59" in page and "essai 09" not in page
    older = re.search(r'href="(/staff/journal\?avant=\d+)"', page)[1]
    assert "essai 09" in administrator.get(older).text
    assert parse_qs(urlsplit(older).query)["avant"][0].isdecimal()
    with services.sessions.begin() as session:
        session.execute(sa.delete(AuditEntry).where(AuditEntry.account_id == account.id))


def test_under_another_key_the_recovery_codes_still_work(browser: httpx.Client, services, account):
    from knowledge.accounts.second_factor import SecondFactor

    telephone, codes = enrol(browser)
    with services.sessions() as session:  # rolled back at the end
        mine = session.get(Account, account.id)
        other = SecondFactor("another key of this installation")
        assert not other.accepts(mine, telephone.now())
        assert other.accepts(mine, codes[3]) and not other.accepts(mine, codes[3])


def test_everything_that_is_noted_has_its_words(administrator: httpx.Client, services, account):
    """Codes written out in the code; those that are put together are in the list."""
    from knowledge.audit import AuditEntry, audit
    from knowledge.settings import ROOT

    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "api").rglob("*.py"))
    noted = set(re.findall(r'(?:audit|_act)\([^"]*?"([a-z-]+\.[a-z-]+)"', code))
    noted |= {f"sheet.{change}" for change in ("create", "edit", "archive", "restore", "verify")} | {"question.ignored", "question.needed"}
    assert len(noted) > 20
    with services.sessions.begin() as session:
        for what in noted:
            audit(session, session.get(Account, account.id), what, details={"role": "editor", "disabled": True})
    page = administrator.get("/staff/journal").text
    with services.sessions.begin() as session:
        session.execute(sa.delete(AuditEntry).where(AuditEntry.account_id == account.id))
    assert [what for what in noted if f"<td>{what}</td>" in page] == []
    assert "droits : rédaction, fermé : oui" in page
