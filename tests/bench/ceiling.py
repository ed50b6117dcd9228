"""Passerelle beside a bare FastAPI echo, under the same uvicorn and the same load: how much of a server's speed is left.

Part of ``make bench``; by itself: ``python -m tests.bench.ceiling``.
"""

import itertools
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bot.training import ensure_model
from knowledge.opening import secret_key
from knowledge.settings import Settings
from tests.bench.data import ROOT, conversation
from tests.bench.load import CONVERSATION_LENGTH, Client, Connection, crowd
from tests.bench.processes import Processes, ServerFailed, environment, free_port
from tests.bench.systems import Passerelle, System

CONNECTIONS = 8
WORKERS = (1, 2)
_CONVERSATIONS = 2000
_REQUESTS_A_SECOND = re.compile(r"Requests/sec:\s+([\d.]+)")
_REFUSED = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors")
# Each thread sends the bodies of its file in their order, which interleaves conversations.
_SCRIPT = """
local bodies, at = {}, 0
for line in io.lines(os.getenv("BODIES")) do bodies[#bodies + 1] = line end
wrk.method, wrk.headers["Content-Type"] = "POST", "application/json"
function request()
  at = at % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[at])
end
"""


class Echo(System):
    """``echo.py`` under the uvicorn settings of ``passerelle serve``."""

    name = "Echo"

    def __init__(self, folder: Path, workers: int) -> None:
        super().__init__(folder)
        self.workers = workers

    def launch(self, processes: Processes) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "uvicorn", "tests.bench.echo:application", "--factory", "--port", str(self.port), "--workers",
                   str(self.workers), "--log-level", "warning", "--ws", "none", "--no-access-log", "--no-server-header"]  # fmt: skip
        processes.spawn("echo", command, environment())

    def connect(self) -> Client:
        return _EchoClient(self.port)


class _EchoClient(Connection):
    def begin(self) -> None:
        """An echo knows no conversations."""

    def say(self, text: str) -> str | None:
        status, answer = self.post("/api/chat", {"message": text})
        return "echo" if status == 200 and answer["message"] == text else None


def compare(model: Path, folder: Path, rounds: int, seconds: float) -> dict[str, Any]:
    """Measure both with each number of workers, in turns; every server is stopped before the next number."""
    folder.mkdir(parents=True, exist_ok=True)
    bodies = _bodies(folder / "bodies.jsonl")
    tool = "wrk" if shutil.which("wrk") else "the bench's own client, which is itself a limit"
    found: dict[str, Any] = {"tool": tool, "connections": CONNECTIONS, "workers": {}}
    for workers in WORKERS:
        systems = (Echo(folder / f"echo-{workers}", workers), Passerelle(folder / f"passerelle-{workers}", model, workers))
        with ExitStack() as stack:
            running = {system.name: stack.enter_context(Processes(system.folder)) for system in systems}
            starts = {system.name: system.start(running[system.name]) for system in systems}
            rates: dict[str, list[float]] = {system.name: [] for system in systems}
            for system in systems:
                _rate(system, bodies, 2)
            for system in systems * rounds:
                rates[system.name].append(_rate(system, bodies, seconds))
            memory = sum(running[Passerelle.name].memory().values())
        echo, ours = (statistics.median(rates[system.name]) for system in systems)
        found["workers"][str(workers)] = {
            "echo": echo, "passerelle": ours, "share": ours / echo, "start": starts[Passerelle.name], "memory": memory,
            "memory_per_worker": memory / workers,
        }  # fmt: skip
    return found


def _rate(system: System, bodies: Path, seconds: float) -> float:
    """Answers a second under ``CONNECTIONS`` connections without a pause. Raises ServerFailed when any was refused."""
    if not shutil.which("wrk"):
        samples, took = crowd(system.connect, CONNECTIONS, seconds, first=int(time.time()))
        return len(samples) / took
    script = bodies.with_name("send.lua")
    script.write_text(_SCRIPT)
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{max(1, round(seconds))}s", "--timeout", "30s",
               "--script", str(script), f"http://127.0.0.1:{system.port}/api/chat"]  # fmt: skip
    said = subprocess.run(command, env=environment(BODIES=str(bodies)), capture_output=True, text=True, timeout=seconds + 60, check=False)
    rate = _REQUESTS_A_SECOND.search(said.stdout)
    if not rate or _REFUSED.search(said.stdout):
        raise ServerFailed(f"wrk: {said.stdout}{said.stderr}")
    return float(rate[1])


def _bodies(path: Path) -> Path:
    """Write requests of many conversations of ten turns, eight at a time, so that a turn follows the answer to the one before."""
    with path.open("w", encoding="utf-8") as file:
        for first in range(0, _CONVERSATIONS, CONNECTIONS):
            told = [(uuid.uuid4().hex, list(itertools.islice(conversation(first + n), CONVERSATION_LENGTH))) for n in range(CONNECTIONS)]
            for turn in range(CONVERSATION_LENGTH):
                for conversation_id, texts in told:
                    file.write(json.dumps({"message": texts[turn], "conversation_id": conversation_id}) + "\n")
    return path


def lines(found: dict[str, Any]) -> Sequence[str]:
    """One line a number of workers, for the terminal."""
    return [
        f"{workers} worker{'s' if workers != '1' else ''}: echo {r['echo']:.0f}/s, Passerelle {r['passerelle']:.0f}/s "
        f"({100 * r['share']:.1f} %), {r['memory_per_worker'] / 1e6:.0f} MB a worker"
        for workers, r in found["workers"].items()
    ]


def main() -> None:
    """Compare with the model of this checkout, for a minute, and print what was found."""
    model = ensure_model(ROOT / "var", secret_key(Settings(var_dir=ROOT / "var")), print)
    with tempfile.TemporaryDirectory(dir=ROOT / "var", prefix="ceiling-") as folder:
        print("\n".join(lines(compare(model, Path(folder), rounds=3, seconds=5))))


if __name__ == "__main__":
    main()
