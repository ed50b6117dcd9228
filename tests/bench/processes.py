"""Servers as child processes: started on the loopback interface, watched, and always stopped."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from tests.bench.data import ROOT

_STOP_SECONDS = 10


class ServerFailed(RuntimeError):
    """A child process ended or answered nothing in time; the message ends with its last lines."""


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment without Passerelle's settings, telemetry off, and ``changes``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PASSERELLE_")}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "SQLALCHEMY_SILENCE_UBER_WARNING": "1", "PYTHONWARNINGS": "ignore"}
    return {**kept, **quiet, "RASA_TELEMETRY_ENABLED": "false", "PYTHONPATH": str(ROOT), **changes}


class Processes:
    """The processes of one system. A context manager: leaving it stops them all, by their ids."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def spawn(self, name: str, command: Sequence[str], env: Mapping[str, str], cwd: Path = ROOT) -> None:
        """Start ``command``; what it prints goes to ``<logs>/<name>.log``."""
        with self.log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(
                command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def wait(self, name: str, seconds: float) -> None:
        """Wait until the process ``name`` ends well. Raises ServerFailed."""
        try:
            code = self._running[name].wait(seconds)
        except subprocess.TimeoutExpired:
            raise ServerFailed(f"{name} took longer than {seconds:.0f} s.{self._last_lines(name)}") from None
        if code != 0:
            raise ServerFailed(f"{name} ended with code {code}.{self._last_lines(name)}")

    def check(self) -> None:
        """Raise ServerFailed when a process has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise ServerFailed(f"{name} ended with code {process.returncode}.{self._last_lines(name)}")

    def memory(self) -> dict[str, int]:
        """Return the bytes of memory that each process and its children hold."""
        return {name: sum(map(_held, _family(process))) for name, process in self._running.items()}

    def processor_seconds(self) -> float:
        """Return the processor time that all processes have used so far."""
        return sum(map(_used, (member for process in self._running.values() for member in _family(process))))

    def stop(self) -> None:
        """Ask all processes to end, then end them."""
        family = [member for process in self._running.values() for member in _family(process)]
        for member in family:
            _quietly(member.terminate)
        _, stubborn = psutil.wait_procs(family, timeout=_STOP_SECONDS)
        for member in stubborn:
            _quietly(member.kill)
        for process in self._running.values():
            process.wait()
        self._running.clear()

    def log(self, name: str) -> Path:
        return self._logs / f"{name.replace(' ', '-')}.log"

    def _last_lines(self, name: str) -> str:
        lines = self.log(name).read_text(encoding="utf-8", errors="replace").strip().splitlines()[-15:]
        return "\nIts last lines:\n" + "\n".join(lines) if lines else ""


def _family(process: subprocess.Popen) -> list[psutil.Process]:
    try:
        parent = psutil.Process(process.pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _held(process: psutil.Process) -> int:
    """Proportional set size where the system knows it (Linux), else the resident set size."""
    try:
        full = process.memory_full_info()
        return getattr(full, "pss", None) or full.rss
    except psutil.AccessDenied:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def _used(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
        return times.user + times.system
    except psutil.NoSuchProcess:
        return 0.0


def _quietly(call: Callable[[], None]) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        call()


def until(deadline: float) -> bool:
    """Sleep a moment; False once ``deadline`` (``time.monotonic``) has passed."""
    time.sleep(0.05)
    return time.monotonic() < deadline
