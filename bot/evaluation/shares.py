"""Counts and shares, with how sure a share is."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

_Z = 1.96  # 95 %


@dataclass(frozen=True)
class Share:
    """``hits`` of ``n``; prints as a percentage."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        """Between 0 and 1; not a number when there is nothing to share."""
        return self.hits / self.n if self.n else math.nan

    @property
    def interval(self) -> str:
        """Wilson's 95 % interval in percent, « 81–90 »."""
        if not self.n:
            return "–"
        centre = (self.value + _Z**2 / (2 * self.n)) / (1 + _Z**2 / self.n)
        half = _Z / (1 + _Z**2 / self.n) * math.sqrt(self.value * (1 - self.value) / self.n + _Z**2 / (4 * self.n**2))
        return f"{100 * max(0.0, centre - half):.0f}–{100 * min(1.0, centre + half):.0f}"

    def __str__(self) -> str:
        return f"{100 * self.value:.1f} %" if self.n else "–"


def share(truths: Iterable[bool]) -> Share:
    """Return how many of ``truths`` hold."""
    found = list(truths)
    return Share(sum(found), len(found))
