"""Passwords: hashed with Argon2id; twelve characters or more, common ones refused, no other rule."""

import string
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from knowledge.accounts.errors import AccountRefused

SHORTEST, LONGEST = 12, 1000
_hasher = PasswordHasher()  # Argon2id with the parameters of RFC 9106


def hash_password(password: str) -> str:
    """Return the hash of a new password. Raises AccountRefused when it may not be used."""
    normal = _normal(password)
    if len(normal) < SHORTEST:
        raise AccountRefused("too_short")
    if len(normal) > LONGEST:
        raise AccountRefused("too_long")
    if _is_common(normal):
        raise AccountRefused("common")
    return _hasher.hash(normal)


def password_fits(password: str, password_hash: str | None) -> bool:
    """True when ``password`` is the one behind the hash. Takes as long when there is no hash."""
    try:
        _hasher.verify(password_hash or _nobody(), _normal(password)[: LONGEST + 1])
    except VerificationError:
        return False
    return password_hash is not None


def _normal(password: str) -> str:
    """The same characters, however the keyboard composed them (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)


def _is_common(password: str) -> bool:
    """Among zxcvbn's 30,000, or one of them with figures or signs behind: few are longer than eleven."""
    lowered = password.lower()
    stem = lowered.rstrip(string.digits + string.punctuation + " ")
    return not stem or not _common().isdisjoint((lowered, stem))


@cache
def _common() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # 0.1 s, for those who choose a password only

    return frozenset(FREQUENCY_LISTS["passwords"])


@cache
def _nobody() -> str:
    return _hasher.hash(string.ascii_letters)
