"""Files that are run when they are read (a model, a fitted ranker) bear the signature of the installation that wrote them.

Reading a pickle runs what stands in it. HMAC rather than a pair of keys: who reads is who writes (docs/adr/0028).
"""

import hashlib
import hmac
from pathlib import Path


def signature(secret_key: str, content: bytes | Path) -> str:
    """Return the HMAC-SHA256 (hex) of a file, or of what will be one, under a key made from ``secret_key`` for this alone."""
    key = hmac.digest(secret_key.encode(), b"passerelle own files", hashlib.sha256)
    if isinstance(content, bytes):
        return hmac.new(key, content, hashlib.sha256).hexdigest()
    with content.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hmac.new(key, digestmod=hashlib.sha256)).hexdigest()  # type: ignore[arg-type,return-value]


def is_signed(secret_key: str, content: bytes | Path, given: str) -> bool:
    """True when ``given`` is the signature; compared in constant time."""
    return hmac.compare_digest(signature(secret_key, content).encode(), given.strip().encode("utf-8", "replace"))
