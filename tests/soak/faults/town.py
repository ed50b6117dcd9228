"""Servers of our own on loopback: a PostgreSQL cluster, a Redis, ``passerelle serve`` in processes, a fake Twilio."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx

from api.opening import secret_key
from bot.training import ensure_model
from deploy.loopback import Missing, make_vhost, rabbitmqctl
from knowledge.settings import ROOT, Settings

STARTING_SECONDS = 600
PUBLIC, TOKEN = "https://passerelle.example", "token"
_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """A PostgreSQL of its own, with the durability of a real one."""

    def __init__(self, folder: Path) -> None:
        if not _BINARIES:
            raise Missing("no PostgreSQL server is installed (Debian: postgresql)")
        self._bin, self._data, self.port = _BINARIES[-1], folder / "data", free_port()
        folder.mkdir(parents=True)
        if os.geteuid() == 0:  # it refuses to run as root
            postgres = pwd.getpwnam("postgres")
            os.chown(folder, postgres.pw_uid, postgres.pw_gid)
        self._as_postgres("initdb", "-D", self._data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -k {self._data} -c listen_addresses=127.0.0.1 -c max_wal_size=96MB -c min_wal_size=32MB"
        self._as_postgres("pg_ctl", "start", "-w", "-D", self._data, "-o", options, "-l", self._data / "log")

    def start_again(self) -> bool:
        """Start it if it has ended by itself; True when it had."""
        time.sleep(1)
        if subprocess.run([str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "10"]).returncode == 0:
            return False
        with contextlib.suppress(RuntimeError):
            self.stop()
        self.start()
        return True

    def stop(self, how: str = "immediate") -> None:
        self._as_postgres("pg_ctl", "stop", "-w", "-D", self._data, "-m", how)

    def url(self, port: int | None = None) -> str:
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/postgres"

    def _as_postgres(self, program: str, *arguments: object) -> None:
        command = [str(self._bin / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, cwd="/tmp", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.strip()}")


class Redis:
    """A Redis of its own, that keeps nothing when it is stopped."""

    def __init__(self) -> None:
        self.port = free_port()
        if not shutil.which("redis-server"):
            raise Missing("no Redis server is installed (Debian: redis-server)")
        self.start()

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL, cwd="/tmp")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


class Server:
    """``passerelle serve`` on a free port; its output is in ``log``."""

    def __init__(self, folder: Path, database_url: str, twilio: str, **more: str) -> None:
        folder.mkdir(parents=True)
        self.folder, self.port, self.log = folder, free_port(), folder / "serve.log"
        self.address = f"http://127.0.0.1:{self.port}"
        self.database_url = database_url
        (folder / "models").mkdir()
        key = secret_key(Settings(var_dir=ROOT / "var", database_url=None))  # the files of this checkout are signed with it
        model = ensure_model(ROOT / "var", key, print)
        for path in model.parent.glob(f"{model.name}*"):
            shutil.copyfile(path, folder / "models" / path.name)
        if (ROOT / "var/search").exists():
            shutil.copytree(ROOT / "var/search", folder / "search")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PASSERELLE_")}
        self.environment = clean | {
            "PASSERELLE_VAR_DIR": str(folder),
            "PASSERELLE_DATABASE_URL": database_url,
            "PASSERELLE_SECRET_KEY": key,
            "PASSERELLE_PUBLIC_URL": PUBLIC,
            "PASSERELLE_RATE_LIMIT_CHAT": "10000",
            "PASSERELLE_CHANNEL_RATE_LIMIT": "0",
            "PASSERELLE_SMS_DAILY_SEGMENTS": "0",
            "PASSERELLE_TWILIO_ACCOUNT_SID": "AC123",
            "PASSERELLE_TWILIO_AUTH_TOKEN": TOKEN,
            "PASSERELLE_TWILIO_FROM": "+33700000001",
            "PASSERELLE_TWILIO_API_URL": twilio,
            "WEB_CONCURRENCY": "1",
            "PORT": str(self.port),
            "PYTHONPATH": str(ROOT),
            **more,
        }
        self.models = folder / "models"
        self.start()

    def start(self) -> None:
        with self.log.open("a") as output:
            self._began = output.tell()
            self._process = subprocess.Popen(
                self.command("serve"), env=self.environment, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    def start_command(self, environment: dict[str, str], *arguments: str) -> subprocess.Popen:
        """Start a command beside it."""
        with (self.folder / f"{arguments[0]}.log").open("a") as output:
            return subprocess.Popen(self.command(*arguments), env=environment, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)

    def command(self, *arguments: str) -> list[str]:
        """The command line, of this checkout."""
        return [sys.executable, "-c", "from api.cli import main; main()", *arguments]

    def wait(self) -> float:
        """Wait until it answers; returns for how many seconds."""
        began = time.monotonic()
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() - began > STARTING_SECONDS:
                raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.2)
        return time.monotonic() - began

    def is_ready(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.address}/readyz", timeout=5).status_code == 200
        return False

    def said(self, text: str) -> int:
        """How often it has said so since it was started the last time."""
        return self.log.read_bytes()[self._began :].decode(errors="replace").count(text)

    def kill(self) -> None:
        """Without a word, as when the machine runs out of memory."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextlib.contextmanager
def rabbit_vhost() -> Iterator[str]:
    """A place of its own in the RabbitMQ that runs here. Raises Missing."""
    name = f"passerelle-faults-{uuid.uuid4().hex[:8]}"
    make_vhost(name)
    try:
        yield name
    finally:
        rabbitmqctl("delete_vhost", name)


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk that can be filled. Raises Missing where none may be mounted."""
    folder.mkdir(parents=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"no disk may be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
