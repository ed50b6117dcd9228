"""The second factor: a code of the telephone (TOTP, RFC 6238), or one of the recovery codes on paper.

The secret is kept encrypted with the installation's key, recovery codes hashed; each code works once.
"""

import base64
import contextlib
import hashlib
import hmac
import secrets
import time

import pyotp
from cryptography.fernet import Fernet, InvalidToken

from knowledge.accounts.models import Account
from knowledge.accounts.tokens import digest

ISSUER = "Passerelle"
_RECOVERY_CODES, _GROUPS = 10, 4
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing to mistake for something else
_SECONDS = 30
# A telephone's clock may be off by so many steps.
_DRIFT = 1


class SecondFactor:
    """Codes under one installation's ``secret_key``."""

    def __init__(self, secret_key: str) -> None:
        self._sealing = Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"second-factor:" + secret_key.encode()).digest()))

    def new_secret(self) -> str:
        """A secret to be confirmed, sealed: a page may carry it until then."""
        return self._seal(pyotp.random_base32())

    def enrolment(self, account: Account, sealed: str) -> tuple[str, str]:
        """What the telephone's application reads: the secret, and the address of the QR code. Raises ValueError."""
        secret = self._open(sealed)
        return secret, pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=ISSUER)

    def enable(self, account: Account, sealed: str, code: str) -> list[str]:
        """Begin to ask ``account`` for codes and return its recovery codes; none when ``code`` is wrong. Raises ValueError."""
        step = _step(self._open(sealed), code, after=None)
        if step is None:
            return []
        codes = [_recovery_code() for _ in range(_RECOVERY_CODES)]
        account.totp_secret, account.totp_last_step = sealed, step
        account.recovery_hashes = [digest(_plain(one)) for one in codes]
        return codes

    def accepts(self, account: Account, code: str) -> bool:
        """True when ``code`` is the present one or a recovery code; either is used up by it."""
        if account.totp_secret is None:
            return False
        with contextlib.suppress(ValueError):  # sealed with an earlier key: the recovery codes still work
            step = _step(self._open(account.totp_secret), code, after=account.totp_last_step)
            if step is not None:
                account.totp_last_step = step
                return True
        used = digest(_plain(code))
        left = [one for one in account.recovery_hashes if not hmac.compare_digest(one, used)]
        found = len(left) < len(account.recovery_hashes)
        account.recovery_hashes = left
        return found

    def _seal(self, secret: str) -> str:
        return self._sealing.encrypt(secret.encode()).decode()

    def _open(self, sealed: str) -> str:
        try:
            return self._sealing.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise ValueError("the secret was sealed with another key") from error


def disable(account: Account) -> None:
    """Ask ``account`` for no code any more."""
    account.totp_secret = account.totp_last_step = None
    account.recovery_hashes = []


def _step(secret: str, code: str, after: int | None) -> int | None:
    """The time step whose code this is, later than ``after``: a code seen over a shoulder works no second time."""
    now = int(time.time()) // _SECONDS
    typed = "".join(code.split())
    for step in range(now - _DRIFT, now + _DRIFT + 1):
        if hmac.compare_digest(pyotp.TOTP(secret).at(step * _SECONDS).encode(), typed.encode()) and (after is None or step > after):
            return step
    return None


def _recovery_code() -> str:
    """Some 79 random bits, in groups to be read aloud."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUPS)) for _ in range(_GROUPS))


def _plain(code: str) -> str:
    return "".join(code.lower().replace("-", "").split())
