"""How long an answer takes, one message after another, inside the process (no HTTP)."""

import os
from collections.abc import Sequence

import numpy as np

from bot.evaluation import charts
from bot.evaluation.probe import Seen
from bot.evaluation.report import Chart, Section, Table


def section(seen: Sequence[Seen]) -> Section:
    """Measure the time of the first message of a conversation, in milliseconds."""
    if not seen:
        return Section()
    wall, cpu = [1000 * s.wall for s in seen], [1000 * s.cpu for s in seen]
    rows = (_row("on the clock", wall), _row("of the processor", cpu))
    median, p95 = float(np.percentile(wall, 50)), float(np.percentile(wall, 95))
    table = Table("Milliseconds per message", ("time", "messages", "median", "p95", "longest"), rows, _circumstances())
    picture = charts.histogram(wall, {"median": median, "p95": p95}, "milliseconds on the clock")
    figures = {"ms.median": median, "ms.p95": p95, "ms.processor.median": float(np.percentile(cpu, 50))}
    return Section((table,), figures, (Chart("time", f"Milliseconds per message: median {median:.1f}, p95 {p95:.1f}", picture),))


def _row(name: str, values: Sequence[float]) -> tuple[str, ...]:
    return name, str(len(values)), *(f"{np.percentile(values, p):.1f}" for p in (50, 95, 100))


def _circumstances() -> str:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return f"First messages, one after another, on {os.cpu_count()} processors with a load of {load:.1f} (above 1, others were at work)."
