"""The bench's results as a table, a page (``performance.md``, from its template) and a chart."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from jinja2 import Environment, FileSystemLoader, StrictUndefined

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (the back end comes first)

from tests.bench.systems import WORKERS  # noqa: E402

HERE = Path(__file__).parent
_TEMPLATE = "performance.md.jinja"
# Okabe-Ito: told apart by colour-blind readers, and in grey.
_COLOURS = ("#0072B2", "#E69F00")


@dataclass(frozen=True)
class Row:
    """One measure of both systems. ``more`` says that a higher figure is the better one."""

    label: str
    ours: float | None
    theirs: float | None
    unit: str
    more: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better ours is; below 1 it is worse. None when either is missing."""
        if not self.ours or not self.theirs:
            return None
        return self.ours / self.theirs if self.more else self.theirs / self.ours

    def cells(self) -> tuple[str, str, str, str]:
        return self.label, figure(self.ours, self.unit), figure(self.theirs, self.unit), f"× {figure(self.ratio)}" if self.ratio else "-"


def figure(value: float | None, unit: str = "") -> str:
    """« 4.7 ms », « 1,250 MB »: two digits that mean something."""
    if value is None:
        return "not reached"
    return f"{value:,.{1 if abs(value) < 10 else 0}f} {unit}".strip()


def rows(results: dict[str, Any]) -> Iterator[Row]:
    """Yield the table's rows in their order."""
    ours, theirs = results["systems"].values()
    for users in ours["load"]:
        who = "1 user" if users == "1" else f"{users} users at once"
        a, b = ours["load"][users], theirs["load"][users]
        yield Row(f"Answer, {who}, median", a["p50_ms"], b["p50_ms"], "ms")
        yield Row(f"Answer, {who}, 95th percentile", a["p95_ms"], b["p95_ms"], "ms")
        yield Row(f"Answers a second, {who}", a["per_second"], b["per_second"], "/s", more=True)
        yield Row(f"Processor time an answer, {who}", a["processor_ms"], b["processor_ms"], "ms")
    for turn in ours["turns"]:
        yield Row(f"Answer around turn {turn} of one conversation", ours["turns"][turn], theirs["turns"][turn], "ms")
    yield Row("Memory, ready to answer", _megabytes(ours["memory_at_start"]), _megabytes(theirs["memory_at_start"]), "MB")
    yield Row("Memory, after the load", _megabytes(ours["memory"]), _megabytes(theirs["memory"]), "MB")
    yield Row("Memory, after the load, for each worker", _megabytes(ours["memory"]) / WORKERS, _megabytes(theirs["memory"]), "MB")
    yield Row("Start to first answer", statistics.median(ours["starts"]), statistics.median(theirs["starts"]), "s")
    yield from _training_rows(ours["training"], theirs["training"])


def _training_rows(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[Row]:
    yield Row(f"Training (stock Rasa: {theirs['epochs']} epochs)", ours["seconds"], theirs["seconds"], "s")
    yield Row("The same, processor time", ours["processor_seconds"], theirs["processor_seconds"], "s")
    if theirs["full_seconds"] > theirs["processor_seconds"]:
        yield Row("Stock Rasa's 100 epochs, processor time estimated", ours["processor_seconds"], theirs["full_seconds"], "s")


def _megabytes(memory: dict[str, int]) -> float:
    return sum(memory.values()) / 1e6


def table(results: dict[str, Any]) -> str:
    """Return the results as a Markdown table, which reads well in a terminal too."""
    lines = [("", *results["systems"], "Ratio"), *(row.cells() for row in rows(results))]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    drawn = ["| " + " | ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) + " |" for line in lines]
    rule = "|" + "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]) + "|"
    return "\n".join([drawn[0], rule, *drawn[1:]])


def write(results: dict[str, Any], folder: Path) -> Path:
    """Write ``performance.md`` and ``images/performance.png`` into ``folder``; return the page's path."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    _draw(results, images / "performance.png")
    _draw_where(results["where"]["parts"], images / "where.png")
    environment = Environment(loader=FileSystemLoader(HERE), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["figure"] = figure
    ours, theirs = results["systems"].values()
    page = environment.get_template(_TEMPLATE).render(results, table=table(results), ours=ours, theirs=theirs)
    path = folder / "performance.md"
    path.write_text(f"{page}\n", encoding="utf-8")
    return path


def _draw(results: dict[str, Any], path: Path) -> None:
    picture, (latency, turns, rest) = pyplot.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
    _draw_latency(latency, results["systems"])
    _draw_turns(turns, results["systems"])
    _draw_rest(rest, results["systems"])
    machine = results["machine"]
    note = " (quick run)" if results["quick"] else ""
    picture.suptitle(f"Passerelle and stock Rasa {machine['rasa']} on {machine['cores']} cores, {results['date']}{note}", fontsize=11)
    picture.savefig(path, dpi=110)
    pyplot.close(picture)


def _draw_where(parts: dict[str, float], path: Path) -> None:
    """One bar a part of a message, the longest on top."""
    picture, axes = pyplot.subplots(figsize=(9, 3.2), layout="constrained")
    bars = axes.barh(list(parts)[::-1], list(parts.values())[::-1], color=_COLOURS[0])
    axes.bar_label(bars, fmt="%.1f ms", padding=3, fontsize=8)
    axes.margins(x=0.12)
    axes.set(title=f"One message: {sum(parts.values()):.1f} ms of processor time", xlabel="milliseconds")
    picture.savefig(path, dpi=110)
    pyplot.close(picture)


def _draw_latency(axes: Any, systems: dict[str, Any]) -> None:
    """Bars of the median, whiskers up to the 95th percentile."""
    for place, (name, result) in enumerate(systems.items()):
        medians = [load["p50_ms"] for load in result["load"].values()]
        up = [max(0.0, load["p95_ms"] - load["p50_ms"]) for load in result["load"].values()]
        at = [group + place * 0.4 for group in range(len(medians))]
        axes.bar(at, medians, 0.38, yerr=[[0.0] * len(up), up], capsize=4, label=name, color=_COLOURS[place])
    counts = next(iter(systems.values()))["load"]
    axes.set_xticks([group + 0.2 for group in range(len(counts))], [f"{users} user{'s' if users != '1' else ''}" for users in counts])
    axes.set(title="Time to answer (bar: median, line: 95 %)", ylabel="milliseconds")
    axes.legend()


def _draw_turns(axes: Any, systems: dict[str, Any]) -> None:
    """Running median over ten turns of the long conversations."""
    for (name, result), colour in zip(systems.items(), _COLOURS, strict=True):
        curve = result["curve"]
        smooth = [statistics.median(curve[max(0, i - 5) : i + 5]) for i in range(len(curve))]
        axes.plot(range(1, len(smooth) + 1), smooth, label=name, color=colour)
    axes.set(title="Time to answer along one conversation", xlabel="turn", ylabel="milliseconds", ylim=(0, None))
    axes.legend()


def _draw_rest(axes: Any, systems: dict[str, Any]) -> None:
    """What else an operator pays, each relative to stock Rasa (100 %)."""
    ours, theirs = systems.values()
    costs = {
        "memory": (_megabytes(ours["memory"]), _megabytes(theirs["memory"]), "MB"),
        "start": (statistics.median(ours["starts"]), statistics.median(theirs["starts"]), "s"),
        "training": (ours["training"]["processor_seconds"], theirs["training"]["processor_seconds"], "s"),
    }
    for place, (name, colour) in enumerate(zip(systems, _COLOURS, strict=True)):
        shares = [100 * pair[place] / pair[1] for pair in costs.values()]
        bars = axes.bar([group + place * 0.4 for group in range(len(costs))], shares, 0.38, label=name, color=colour)
        axes.bar_label(bars, [figure(pair[place], pair[2]) for pair in costs.values()], fontsize=8)
    axes.set_xticks([group + 0.2 for group in range(len(costs))], list(costs))
    axes.set(title="Memory, start, training", ylabel="% of stock Rasa", ylim=(0, None))
    axes.margins(y=0.12)
