"""Calibration: is an action that is said with 70 % right seven times in ten?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.evaluation import charts
from bot.evaluation.probe import Seen
from bot.evaluation.report import Chart, Section, Table

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Messages whose confidence lies in one tenth: its mean, and the share that was right."""

    confidence: float
    right: float
    n: int


@dataclass(frozen=True)
class Calibration:
    """``error`` is the expected calibration error, from 0 (perfect) to 1."""

    error: float
    confidence: float
    right: float
    bins: tuple[Bin, ...]

    @property
    def n(self) -> int:
        return sum(b.n for b in self.bins)


def calibrate(said: Sequence[tuple[float, bool]]) -> Calibration:
    """Compare confidences with truths over ten bins of equal width; ``said`` is not empty."""
    confidence, right = np.array([c for c, _ in said], dtype=float), np.array([r for _, r in said], dtype=float)
    where = np.minimum((confidence * BINS).astype(int), BINS - 1)
    filled = [where == i for i in range(BINS) if (where == i).any()]
    bins = tuple(Bin(float(confidence[m].mean()), float(right[m].mean()), int(m.sum())) for m in filled)
    error = sum(b.n * abs(b.confidence - b.right) for b in bins) / len(said)
    return Calibration(error, float(confidence.mean()), float(right.mean()), bins)


def section(seen: Sequence[Seen]) -> Section:
    """Measure the search's own probabilities, on the needs and on what is outside."""
    needs = [s for s in seen if s.sample.expected.kind == "need"]
    outside = [s for s in seen if s.sample.expected.kind == "outside"]
    said = {"best action, needs": [(s.found.confidence, _best_right(s)) for s in needs]}
    if needs and outside:
        said["best action, needs and outside"] = [(s.found.confidence, _best_right(s)) for s in needs + outside]
        said["outside, needs and outside"] = [(s.found.outside, s.sample.expected.kind == "outside") for s in needs + outside]
    measured = {name: calibrate(pairs) for name, pairs in said.items() if pairs}
    if not measured:
        return Section()
    figures = {f"calibration.{name.replace(', ', '.').replace(' ', '_')}": c.error for name, c in measured.items()}
    return Section((_table(measured),), figures, (_chart(measured),))


def _table(measured: Mapping[str, Calibration]) -> Table:
    header = ("probability of", "messages", "expected calibration error", "mean said", "mean right")
    rows = tuple((name, str(c.n), *(f"{100 * x:.1f} %" for x in (c.error, c.confidence, c.right))) for name, c in measured.items())
    note = f"Of the search's probabilities, {BINS} bins of equal width. On the diagonal of the diagram a probability is what it says."
    return Table("Calibration", header, rows, note)


def _chart(measured: Mapping[str, Calibration]) -> Chart:
    picture = charts.reliability({name: [(b.confidence, b.right, b.n) for b in c.bins] for name, c in measured.items()})
    alt = "Reliability diagram: share that is right against the confidence said, messages of each bin beside it"
    return Chart("reliability", alt, picture)


def _best_right(s: Seen) -> bool:
    return bool(s.found.ids) and s.found.ids[0] in s.sample.expected.ids
