"""Random tokens: handed to a browser, kept here only as a digest."""

import hashlib
import secrets


def new_token() -> str:
    """256 random bits, fit for a cookie or an address."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a token. Random ones cannot be guessed from it, so a fast hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
