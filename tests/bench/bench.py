"""``make bench``: Passerelle against stock Rasa 3.6, on the same machine, in the same run.

Both are served over HTTP on the loopback interface and told the same messages. The two are
measured in turns, so that whatever else the machine does falls on both. Prints a table and writes
``docs/performance.md`` with its chart (a quick run writes them under ``var/bench`` instead).
"""

import argparse
import datetime as dt
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench import ceiling, machine, report
from tests.bench.data import ROOT, training_data
from tests.bench.load import Sample, crowd, percentile, talk, unanswered
from tests.bench.models import CACHE, Trained, passerelle_model, stock_model
from tests.bench.processes import Processes, ServerFailed, environment
from tests.bench.stock import STOCK_EPOCHS
from tests.bench.systems import Passerelle, StockRasa, System

USERS = (1, 8)
TURNS = (1, 50, 200)
# A turn's latency is the median over this many turns around it, in every long conversation.
_WINDOW = 10
_LONG_SECONDS, _WARM_SECONDS = 120, 3
_DEFAULT_EPOCHS, _QUICK_EPOCHS = 3, 2


@dataclass(frozen=True)
class Plan:
    """How much is measured. ``epochs`` are those that will do for stock Rasa, the preferred first."""

    epochs: Sequence[int]
    starts: int
    rounds: int
    seconds: float
    conversations: int


QUICK = Plan(epochs=(STOCK_EPOCHS, _DEFAULT_EPOCHS, _QUICK_EPOCHS), starts=1, rounds=2, seconds=6, conversations=2)
FULL = Plan(epochs=(STOCK_EPOCHS, _DEFAULT_EPOCHS), starts=3, rounds=3, seconds=15, conversations=5)


class Bench:
    """One run over two systems. Results are kept per system name, ready for JSON."""

    def __init__(self, plan: Plan, systems: Sequence[System], logs: Path) -> None:
        self._plan, self._systems, self._logs = plan, systems, logs
        self.results: dict[str, dict[str, Any]] = {system.name: {} for system in systems}

    def run(self) -> None:
        """Measure everything; all processes are stopped when this returns or raises."""
        self._measure_starts()
        with ExitStack() as stack:
            running = {system.name: stack.enter_context(Processes(self._logs)) for system in self._systems}
            for system in self._systems:
                self.results[system.name]["starts"].append(system.start(running[system.name]))
            self._keep_memory(running, "memory_at_start")
            self._measure_load(running)
            self._measure_turns()
            self._keep_memory(running, "memory")

    def _measure_starts(self) -> None:
        """Start and stop each system; the first start fills its database and is not counted."""
        for count in range(self._plan.starts):
            for system in self._systems:
                _say(f"Starting {system.name} ({count + 1}/{self._plan.starts})…")
                with Processes(self._logs) as processes:
                    seconds = system.start(processes)
                starts = self.results[system.name].setdefault("starts", [])
                if count:
                    starts.append(seconds)

    def _measure_load(self, running: dict[str, Processes]) -> None:
        loads = {(system.name, users): Load() for system in self._systems for users in USERS}
        for system, users in itertools.product(self._systems, USERS):
            _say(f"{system.name}, {users} at once (warming up)…")
            crowd(system.connect, users, _WARM_SECONDS, first=1)
        for number, users, system in itertools.product(range(1, self._plan.rounds + 1), USERS, self._systems):
            _say(f"{system.name}, {users} at once ({number}/{self._plan.rounds})…")
            before = running[system.name].processor_seconds()
            samples, seconds = crowd(system.connect, users, self._plan.seconds, first=number * 100_000)
            loads[system.name, users].add(samples, seconds, running[system.name].processor_seconds() - before)
        for (name, users), load in loads.items():
            self.results[name].setdefault("load", {})[str(users)] = load.summary()

    def _measure_turns(self) -> None:
        """Long conversations, the same for both; their outcomes are compared as well."""
        long: dict[str, list[list[Sample]]] = {system.name: [] for system in self._systems}
        for number in range(self._plan.conversations):
            for system in self._systems:
                _say(f"{system.name}, a conversation of {TURNS[-1]} messages ({number + 1}/{self._plan.conversations})…")
                client = system.connect()
                long[system.name].append(list(talk(client, -1 - number, TURNS[-1], time.monotonic() + _LONG_SECONDS)))
                client.close()
        for name, conversations in long.items():
            self.results[name]["turns"] = {str(turn): _around(conversations, turn) for turn in TURNS}
            self.results[name]["curve"] = [_median_ms(column) for column in zip(*conversations, strict=False)]
            self.results[name]["long_unanswered"] = sum(map(unanswered, conversations))
            self.results[name]["outcomes"] = [[sample.outcome for sample in conversation] for conversation in conversations]

    def _keep_memory(self, running: dict[str, Processes], name: str) -> None:
        for system, processes in running.items():
            processes.check()
            self.results[system][name] = processes.memory()


class Load:
    """What one system did for one number of users, over all rounds."""

    def __init__(self) -> None:
        self._samples: list[Sample] = []
        self._seconds = self._processor = 0.0

    def add(self, samples: list[Sample], seconds: float, processor: float) -> None:
        """Add a round: its samples, how long it took, and the processor time that the servers spent on it."""
        self._samples += samples
        self._seconds += seconds
        self._processor += processor

    def summary(self) -> dict[str, float]:
        return {
            "p50_ms": percentile(self._samples, 50) * 1000,
            "p95_ms": percentile(self._samples, 95) * 1000,
            "per_second": len(self._samples) / self._seconds,
            "processor_ms": self._processor / len(self._samples) * 1000,
            "messages": len(self._samples),
            "unanswered": unanswered(self._samples),
        }


def _around(conversations: list[list[Sample]], turn: int) -> float | None:
    """Median milliseconds over the turns around ``turn``; None when no conversation came so far in time."""
    last = max(_WINDOW, min(turn + _WINDOW // 2, TURNS[-1]))
    near = [sample for conversation in conversations for sample in conversation if last - _WINDOW < sample.turn <= last]
    return _median_ms(near) if near else None


def _median_ms(samples: Sequence[Sample]) -> float:
    return statistics.median(sample.seconds for sample in samples) * 1000


def _agreement(results: dict[str, dict[str, Any]]) -> float:
    """Share of the messages of the long conversations that both systems answered with the same outcome."""
    ours, theirs = (result.pop("outcomes") for result in results.values())
    pairs = [pair for our, their in zip(ours, theirs, strict=True) for pair in zip(our, their, strict=False)]
    return sum(a == b for a, b in pairs) / len(pairs)


def measure(plan: Plan, models: dict[str, Trained]) -> dict[str, Any]:
    """Run the bench in a temporary folder of its own and return all results."""
    load_before = os.getloadavg()[0]
    # Beside the models, not in /tmp: a database in memory would flatter whoever writes to disk.
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="run-") as folder:
        work = Path(folder)
        _say("Passerelle and a bare FastAPI echo…")
        parts = json.loads(
            subprocess.check_output([sys.executable, "-W", "ignore", "-m", "tests.bench.where"], cwd=ROOT, env=environment())
        )
        beside_echo = ceiling.compare(Path(models[Passerelle.name].path), work / "ceiling", plan.rounds, plan.seconds)
        systems = [kind(work / kind.__name__.lower(), Path(models[kind.name].path)) for kind in (Passerelle, StockRasa)]
        bench = Bench(plan, systems, work)
        bench.run()
    results = bench.results
    for name, trained in models.items():
        results[name]["training"] = asdict(trained)
    about = {"date": dt.date.today().isoformat(), "examples": len(training_data().intent_examples), "load_before": load_before}
    about |= {"ceiling": beside_echo, "where": parts}
    return {**about, "plan": asdict(plan), "machine": machine.describe(), "agreement": _agreement(results), "systems": results}


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. Returns 1, after one explanation, when a server or a training fails."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped
    plan = QUICK if options.quick else FULL
    epochs = (options.epochs,) if options.epochs else plan.epochs
    started = time.monotonic()
    try:
        _say("Models (kept under var/bench for the same data; training stock Rasa takes minutes)…")
        models = {Passerelle.name: passerelle_model(options.retrain), StockRasa.name: stock_model(epochs, options.retrain)}
        results = measure(plan, models)
    except ServerFailed as error:
        print(error, file=sys.stderr)
        return 1
    results |= {"quick": options.quick, "minutes": (time.monotonic() - started) / 60}
    (CACHE / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(report.table(results))
    print(f"\nWritten: {report.write(results, options.report or (CACHE if options.quick else ROOT / 'docs'))}")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few minutes: short measurements; few epochs when no model is cached")
    parser.add_argument("--epochs", type=_two_or_more, help=f"epochs of stock Rasa; its own {STOCK_EPOCHS} take an hour or so")
    parser.add_argument("--retrain", action="store_true", help="train both models even when they are cached")
    parser.add_argument("--report", type=Path, help="folder for performance.md and images/ (default: docs, quick: var/bench)")
    return parser.parse_args(arguments)


def _two_or_more(text: str) -> int:
    """A number of epochs; of a single one nothing could be estimated."""
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError("two or more epochs, please")
    return int(text)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
