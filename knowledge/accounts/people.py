"""Accounts: made, invited, found, changed. Every function works inside the caller's transaction."""

import datetime as dt
import re
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge.accounts.errors import AccountRefused
from knowledge.accounts.models import Account, Role
from knowledge.accounts.passwords import hash_password
from knowledge.accounts.sessions import end_all
from knowledge.accounts.tokens import digest, new_token
from knowledge.moments import utc_now

INVITED_FOR = dt.timedelta(days=7)
_LONGEST_NAME, _LONGEST_EMAIL = 100, 254
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def create(session: Session, name: str, email: str, role: Role, password: str | None = None) -> Account:
    """Add an account; without ``password`` it waits to be invited. Raises AccountRefused."""
    name, email = " ".join(name.split()), normal_email(email)
    if not 0 < len(name) <= _LONGEST_NAME:
        raise AccountRefused("name")
    if len(email) > _LONGEST_EMAIL or not _EMAIL.fullmatch(email):
        raise AccountRefused("email")
    if find(session, email):
        raise AccountRefused("email_taken")
    password_hash = None if password is None else hash_password(password, (name, email))
    account = Account(id=str(uuid.uuid4()), name=name, email=email, role=role.value, password_hash=password_hash)
    session.add(account)
    session.flush()
    return account


def normal_email(email: str) -> str:
    """The form under which an address is kept and compared."""
    return email.strip().lower()


def find(session: Session, email: str) -> Account | None:
    """The account of this e-mail address."""
    return session.execute(sa.select(Account).where(Account.email == normal_email(email))).scalar_one_or_none()


def invite(session: Session, account: Account) -> str:
    """Return a token that lets its bearer choose the account's password once, within a week."""
    token = new_token()
    account.invitation_hash, account.invited_until = digest(token), utc_now() + INVITED_FOR
    return token


def invited(session: Session, token: str) -> Account:
    """The account that ``token`` invites. Raises AccountRefused."""
    found = sa.select(Account).where(Account.invitation_hash == digest(token), Account.invited_until > utc_now(), ~Account.disabled)
    account = session.execute(found).scalar_one_or_none()
    if account is None:
        raise AccountRefused("invitation")
    return account


def set_password(session: Session, account: Account, password: str, but_session: str | None = None) -> None:
    """Change the password and end every session but one. Raises AccountRefused."""
    account.password_hash = hash_password(password, (account.name, account.email))
    account.invitation_hash = account.invited_until = None
    end_all(session, account.id, but=but_session)


def change(session: Session, account: Account, role: Role, disabled: bool) -> None:
    """Change what an account may do; disabling ends its sessions.

    Raises AccountRefused when nobody would be left who may administer.
    """
    loses = account.role == Role.administrator.value and (disabled or role is not Role.administrator)
    if loses and not account.disabled and _other_administrators(session, account) == 0:
        raise AccountRefused("last_administrator")
    account.role, account.disabled = role.value, disabled
    if disabled:
        account.invitation_hash = account.invited_until = None
        end_all(session, account.id)


def _other_administrators(session: Session, account: Account) -> int:
    others = sa.select(sa.func.count()).select_from(Account)
    return session.execute(others.where(Account.role == Role.administrator.value, ~Account.disabled, Account.id != account.id)).scalar_one()
