"""A fitted ranker kept on disk, so that a start does not fit again what has not changed.

It begins with the signature of this installation: one from elsewhere is not read (knowledge/signing.py).
"""

import contextlib
import hashlib
import logging
import os
import pickle
from collections.abc import Sequence
from pathlib import Path

from knowledge.search.ranker import Example, Ranker
from knowledge.signing import is_signed, signature

logger = logging.getLogger(__name__)

_ROOT = Path(__file__).parents[2]
# What a fitted ranker depends on beside its examples; the lock names the sentence encoder.
_OWN = [Path(__file__).with_name(name) for name in ("ranker.py", "likeness.py")]
_MADE_BY = [*sorted((_ROOT / "nlu/french").glob("*.py")), *_OWN, _ROOT / "requirements.lock"]


def fitted(examples: Sequence[Example], folder: Path | None, key: str = "") -> Ranker:
    """Return a ranker fitted on ``examples``: the one kept in ``folder`` when nothing changed, else a new one, kept there,
    signed with ``key``; without a key none is kept."""
    if folder is None or not key:
        return Ranker(examples)
    path = folder / f"ranker-{_fingerprint(examples)}.pickle"
    try:
        signed, _, content = path.read_bytes().partition(b"\n")
        if is_signed(key, content, signed.decode("ascii", "replace")):
            return pickle.loads(content)  # noqa: S301  # written below, by this installation
        logger.warning("search: the kept ranker is damaged or not ours; fitting it again")
    except FileNotFoundError:
        pass
    except Exception:  # of another version of a library
        logger.warning("search: the kept ranker cannot be read; fitting it again")
    ranker = Ranker(examples)
    _keep(ranker, path, key)
    return ranker


def _keep(ranker: Ranker, path: Path, key: str) -> None:
    """Write in one step, and forget the older ones; a disk that is full only costs the next start its seconds."""
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = pickle.dumps(ranker, protocol=5)
        partial.write_bytes(signature(key, content).encode() + b"\n" + content)
        partial.replace(path)
        for old in path.parent.glob("ranker-*.pickle"):
            if old != path:
                old.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("search: the ranker could not be kept (%s)", error.strerror)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _fingerprint(examples: Sequence[Example]) -> str:
    digest = hashlib.sha256()
    for path in _MADE_BY:
        digest.update(path.read_bytes())
    for example in examples:
        digest.update(f"{example.label}\0{example.text}\0".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:24]
