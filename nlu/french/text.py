"""Cleaning, folding and splitting of a message.

``clean`` makes any input safe and short enough to look at; ``fold`` brings spellings that mean
the same to one form; ``words`` splits it. All are total: no input raises.
"""

import re
import unicodedata
from functools import lru_cache

# A message longer than this is read only so far (the API refuses longer ones before).
MAX_CHARACTERS = 1000

# One message is split some twenty times on its way to an answer, whole and in parts; then it is forgotten.
_LAST_TEXTS = 16

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ´`′ʹ＇", "'"))
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss"})
_SPACES = re.compile(r"\s+")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


def clean(text: str) -> str:
    """Return ``text`` in NFC on one line, without control, format or private characters.

    Zero-width and bidirectional marks (category Cf) carry no meaning here and are a known way to
    disguise text; lone surrogates (Cs) cannot be encoded and would break storage and output.
    """
    kept = "".join(" " if c in "\t\n\r\x0b\x0c\u2028\u2029" else c for c in text[: 4 * MAX_CHARACTERS])
    kept = "".join(c for c in kept if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return _SPACES.sub(" ", unicodedata.normalize("NFC", kept)).strip()[:MAX_CHARACTERS]


def fold(text: str) -> str:
    """Return ``text`` in lower case, without accents, ligatures or letters held down.

    >>> fold("Où est l’œuvre ??  C’est LOOOIN")
    "ou est l'oeuvre ?? c'est loin"
    """
    text = text.translate(_APOSTROPHES).translate(_LIGATURES)
    plain = unicodedata.normalize("NFKD", text.lower())
    if not plain.isascii():
        plain = "".join(c for c in plain if not unicodedata.combining(c))
    return _SPACES.sub(" ", _REPEATED.sub(r"\1", plain)).strip()


def words(text: str) -> list[str]:
    """Return the words of ``fold(text)``: letters and digits, elisions split.

    >>> words("J'ai 2 enfants !")
    ['j', 'ai', '2', 'enfants']
    """
    return list(_words(text))


@lru_cache(_LAST_TEXTS)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(fold(text)))


def forget_words() -> None:
    """Forget the texts that were split last."""
    _words.cache_clear()
