"""Charts as PNG, by matplotlib's object interface (no global state, no display)."""

import io
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

_INKS = ("#0b4f8a", "#7fa8cc", "#b9741a", "#8593a1", "#0d5a2e")
_INK, _LINE = "#16202b", "#8593a1"


def bars(groups: Sequence[str], series: Mapping[str, Sequence[float]], title: str) -> bytes:
    """Shares (0 to 1) as grouped bars: one group a name, one bar a series."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(series)
    for i, (name, values) in enumerate(series.items()):
        at = [g - 0.4 + width * (i + 0.5) for g in range(len(groups))]
        drawn = axes.bar(at, [100 * v for v in values], width, label=name, color=_INKS[i % len(_INKS)])
        axes.bar_label(drawn, fmt="%.0f", fontsize=7, color=_INK)
    axes.set_xticks(range(len(groups)), groups)
    axes.set_ylim(0, 105)
    axes.set_ylabel("% of messages")
    axes.set_title(title)
    figure.legend(loc="outside lower center", ncols=len(series), fontsize=8)
    return _png(figure)


def reliability(panels: Mapping[str, Sequence[tuple[float, float, int]]]) -> bytes:
    """One panel a name; points are (mean confidence, share that is right, messages) of a bin."""
    figure = Figure(figsize=(4.2 * len(panels), 4.8), layout="constrained")
    for axes, (title, points) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        axes.plot([0, 1], [0, 1], linestyle="--", color=_LINE, linewidth=1)
        axes.plot([p[0] for p in points], [p[1] for p in points], marker="o", color=_INKS[0])
        for confidence, right, n in points:
            axes.annotate(str(n), (confidence, right), textcoords="offset points", xytext=(-4, -11), ha="right", fontsize=7, color=_INK)
        axes.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), xlabel="confidence said", ylabel="share that is right")
        axes.set_title(title, fontsize=10)
        axes.set_aspect("equal")
    return _png(figure)


def histogram(values: Sequence[float], marks: Mapping[str, float], label: str) -> bytes:
    """How ``values`` spread, up to a little above the last mark; ``marks`` are drawn as named lines."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.hist(values, bins=60, range=(0, 1.5 * max(marks.values())), color=_INKS[0])
    for i, (name, value) in enumerate(marks.items()):
        axes.axvline(value, color=_INKS[2], linestyle=("-", "--")[i % 2], label=f"{name}: {value:.1f}")
    axes.set(xlabel=label, ylabel="messages")
    axes.legend(fontsize=8)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110, metadata={"Software": None})
    return data.getvalue()
