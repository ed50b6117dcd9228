"""Passwords: hashed with Argon2id; twelve characters or more, none that is easily guessed, no other rule."""

import re
import string
import unicodedata
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from knowledge.accounts.errors import AccountRefused

SHORTEST, LONGEST = 12, 1000
# On zxcvbn's scale from 0 to 4: ten thousand million guesses or more.
_HARD_TO_GUESS = 4
# zxcvbn reads no more of a password: its time grows with the length.
_ESTIMATED = 72
# What people at this desk would think of first, beside their own name: zxcvbn knows neither the service nor French keyboards.
_NEAR_AT_HAND = ("passerelle", "pimms", "blois", "console", "agent", "mediation", "motdepasse", "azertyuiop", "qsdfghjklm", "wxcvbn")
_hasher = PasswordHasher()  # Argon2id with the parameters of RFC 9106


def hash_password(password: str, about: Iterable[str] = ()) -> str:
    """Return the hash of a new password of somebody of whom one knows ``about``. Raises AccountRefused when it may not be used."""
    normal = _normal(password)
    if len(normal) < SHORTEST:
        raise AccountRefused("too_short")
    if len(normal) > LONGEST:
        raise AccountRefused("too_long")
    if _is_common(normal, about):
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


def _is_common(password: str, about: Iterable[str]) -> bool:
    """Guessed too soon, by zxcvbn's estimate: common, repeated, a row of keys, made of the person's name or address."""
    from zxcvbn import zxcvbn  # 0.1 s, for those who choose a password only

    known = [part for text in about for part in (text, *re.split(r"\W+", text)) if part]
    return zxcvbn(password[:_ESTIMATED], [*known, *_NEAR_AT_HAND])["score"] < _HARD_TO_GUESS


@cache
def _nobody() -> str:
    return _hasher.hash(string.ascii_letters)
