"""Answers a second by the number of machines behind nginx: ``python -m tests.bench.workers``.

The topology of ``deploy/loopback.py`` with 1, 2 and 4 application processes, under the same residents each time, with
figures by the broker; the last row is one process that counts in the database. All of it, and the residents, share the
cores of this machine: the row « cores » says how many, and no row can show more than they give.
"""

import argparse
import os
import sys
from dataclasses import dataclass

import psutil

from deploy.loopback import Missing, Topology, topology
from tests.bench.load import Connection, crowd, percentile, unanswered


class Resident:
    """A person who writes through nginx."""

    def __init__(self, port: int) -> None:
        self._connection = Connection(port)
        self._conversation: str | None = None

    def begin(self) -> None:
        self._conversation = None

    def say(self, text: str) -> str | None:
        status, reply = self._connection.post("/api/chat", {"message": text, "conversation_id": self._conversation})
        if status != 200 or reply["outcome"] == "error":
            return None
        self._conversation = reply["conversation_id"]
        return reply["outcome"]

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True)
class Row:
    """What was measured of one topology; ``cpu``: seconds of a core for a thousand answers, by the machines alone."""

    machines: int
    broker: bool
    rate: float
    median: float
    late: float
    lost: int
    cpu: float
    memory: int


def measure(machines: int, broker: bool, users: int, seconds: float) -> Row:
    """Raises Missing."""
    with topology(machines, broker=broker, PASSERELLE_RATE_LIMIT_CHAT="0") as running:
        port = int(running.address.rpartition(":")[2])
        crowd(lambda: Resident(port), users, 3, 10_000)  # what loads at first use does
        before = _cpu(running)
        samples, took = crowd(lambda: Resident(port), users, seconds, 1)
        used = _cpu(running) - before
        answered = len(samples) - unanswered(samples)
        memory = max(psutil.Process(machine.process.pid).memory_info().rss for machine in running.machines if machine.process)
    return Row(
        machines,
        broker,
        answered / took,
        percentile(samples, 50),
        percentile(samples, 95),
        unanswered(samples),
        1000 * used / answered,
        memory,
    )


def _cpu(running: Topology) -> float:
    times = [psutil.Process(machine.process.pid).cpu_times() for machine in running.machines if machine.process]
    return sum(time.user + time.system for time in times)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.workers", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--users", type=int, default=8)
    given = parser.parse_args()
    print(f"{given.users} residents without a pause, {given.seconds:.0f} s each; {os.cpu_count()} cores, shared by all of it and by them;")
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}\n")
    print("| machines | figures by | answers/s | median ms | 95 % ms | unanswered | s of a core for 1,000 answers | MB each |")
    print("|---:|---|---:|---:|---:|---:|---:|---:|", flush=True)
    try:
        for machines, broker in ((1, True), (2, True), (4, True), (1, False)):
            row = measure(machines, broker, given.users, given.seconds)
            print(
                f"| {row.machines} | {'broker' if row.broker else 'database'} | {row.rate:.1f} | {1000 * row.median:.0f} | "
                f"{1000 * row.late:.0f} | {row.lost} | {row.cpu:.1f} | {row.memory / 2**20:.0f} |",
                flush=True,
            )
    except Missing as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
