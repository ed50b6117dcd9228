"""The whole topology without containers, on loopback, for a while: ``python -m deploy.loopback``.

Machines (application processes with a folder of their own), nginx in front with the configuration of ``deploy/nginx``,
and on the PostgreSQL, Redis and RabbitMQ that run here a database, a numbered database and a vhost of their own, all
removed at the end. The model and the search that this checkout has in ``var/`` are taken along, so that nothing trains.
"""

import argparse
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import redis
import sqlalchemy as sa

ROOT = Path(__file__).resolve().parent.parent
NGINX_TEMPLATE = ROOT / "deploy/nginx/default.conf.template"
POSTGRES = "postgresql://postgres@127.0.0.1:5432"
_PASSERELLE = [sys.executable, "-c", "from api.cli import main; main()"]
_STARTING_SECONDS = 180
_NGINX_MAIN = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log warn;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/default.conf;
}}
"""


class Missing(RuntimeError):
    """Something that has to run or be installed here is not; the message says what."""


@dataclass
class Machine:
    """One application process with a folder of its own."""

    port: int
    folder: Path
    process: subprocess.Popen | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")


@dataclass
class Topology:
    """What runs: ``address`` is nginx, ``machines`` are behind it; ``environment`` is that of every process."""

    folder: Path
    address: str
    machines: list[Machine]
    environment: dict[str, str]
    vhost: str
    consumer: subprocess.Popen | None = None
    others: list[subprocess.Popen] = field(default_factory=list)

    @property
    def database_url(self) -> str:
        return self.environment["PASSERELLE_DATABASE_URL"]

    def passerelle(self, *arguments: str, var: Path | None = None) -> str:
        """Run a command of Passerelle to its end and return what it said. Raises Missing."""
        environment = {**self.environment, "PASSERELLE_VAR_DIR": str(var or self.machines[0].folder)}
        done = subprocess.run([*_PASSERELLE, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"passerelle {' '.join(arguments)}: {done.stderr.strip()[-800:]}")
        return done.stdout

    def start(self, machine: Machine) -> None:
        """Start a machine; ``wait`` until it is ready."""
        place = {"PASSERELLE_VAR_DIR": str(machine.folder), "HOST": "127.0.0.1", "PORT": str(machine.port)}
        machine.process = _spawn([*_PASSERELLE, "serve"], {**self.environment, **place}, machine.folder / "log")

    def wait(self, machine: Machine) -> None:
        """Raises Missing when the machine ends, or is not ready in time."""
        until = time.monotonic() + _STARTING_SECONDS
        while time.monotonic() < until and machine.process and machine.process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{machine.address}/readyz", timeout=5):  # noqa: S310
                return
            time.sleep(0.2)
        raise Missing(f"A machine is not ready:\n{machine.log[-1500:]}")

    def count_figures(self) -> None:
        """Start what takes figures from the broker."""
        place = {"PASSERELLE_VAR_DIR": str(self.folder / "statistics")}
        self.consumer = _spawn([*_PASSERELLE, "statistics"], {**self.environment, **place}, self.folder / "statistics.log")


@contextlib.contextmanager
def topology(machines: int = 2, broker: bool = True, **settings: str) -> Iterator[Topology]:
    """Run it for the length of the block. ``settings``: further variables (``PASSERELLE_…``). Raises Missing."""
    with contextlib.ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="passerelle-loopback-")))
        ports = _free_ports(machines + 1)
        key = ROOT / "var/secret_key"
        vhost = f"passerelle-{uuid.uuid4().hex[:8]}"
        given = {
            "PASSERELLE_DATABASE_URL": opened.enter_context(_database()),
            "PASSERELLE_REDIS_URL": opened.enter_context(_redis()),
            # Files of this checkout may be signed with its key.
            "PASSERELLE_SECRET_KEY": key.read_text(encoding="ascii").strip() if key.exists() else secrets.token_urlsafe(32),
            "PASSERELLE_PUBLIC_URL": f"http://127.0.0.1:{ports[-1]}",
            "PASSERELLE_TRUSTED_PROXIES": "1",
            **settings,
        }
        if broker:
            given["PASSERELLE_BROKER_URL"] = opened.enter_context(_vhost(vhost))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PASSERELLE_", "WEB_CONCURRENCY"))}
        made = [Machine(port, folder / f"machine-{number}") for number, port in enumerate(ports[:-1], 1)]
        running = Topology(folder, f"http://127.0.0.1:{ports[-1]}", made, {**kept, **given}, vhost)
        opened.callback(_stop, running)
        for machine in made:
            _take_along(machine.folder, with_model=machine is made[0])
        running.passerelle("prepare")
        for machine in made:
            running.start(machine)
        for machine in made:
            running.wait(machine)
        if broker:
            running.count_figures()
        running.others.append(_nginx(folder / "nginx", ports[-1], made))
        yield running


def _take_along(folder: Path, with_model: bool) -> None:
    """Only the first machine has the model: the others get it from the database."""
    folder.mkdir(parents=True)
    for name in ("search", "models") if with_model else ("search",):
        if (ROOT / "var" / name).is_dir():
            shutil.copytree(ROOT / "var" / name, folder / name)


def _nginx(folder: Path, port: int, machines: list[Machine]) -> subprocess.Popen:
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not program:
        raise Missing("nginx is not installed here: apt-get install nginx-light")
    for name in ("", "tls", "cache"):
        (folder / name).mkdir()
    filled = NGINX_TEMPLATE.read_text(encoding="utf-8")
    servers = " ".join(f"server 127.0.0.1:{machine.port} max_fails=2 fail_timeout=5s;" for machine in machines)
    for name, value in (("LISTEN", f"127.0.0.1:{port}"), ("SERVERS", servers), ("TLS", folder / "tls"), ("CACHE", folder / "cache")):
        filled = filled.replace(f"${{PASSERELLE_{name}}}", str(value))
    (folder / "default.conf").write_text(filled, encoding="utf-8")
    (folder / "nginx.conf").write_text(_NGINX_MAIN.format(folder=folder), encoding="utf-8")
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    checked = subprocess.run([*command, "-t", "-q"], capture_output=True, text=True, check=False)
    if checked.returncode:
        raise Missing(f"nginx refuses its configuration: {checked.stderr.strip()}")
    return _spawn(command, dict(os.environ), folder / "access.log")


@contextlib.contextmanager
def _database() -> Iterator[str]:
    server = sa.create_engine(f"{POSTGRES}/postgres", isolation_level="AUTOCOMMIT", future=True, connect_args={"connect_timeout": 3})
    name = f"passerelle_loopback_{uuid.uuid4().hex[:12]}"
    try:
        with server.connect() as connection:
            connection.execute(sa.text(f"create database {name}"))
    except sa.exc.OperationalError as error:
        raise Missing(f"no PostgreSQL answers at {POSTGRES}") from error
    try:
        yield f"{POSTGRES}/{name}"
    finally:
        with server.connect() as connection:
            connection.execute(sa.text(f"drop database if exists {name} with (force)"))
        server.dispose()


@contextlib.contextmanager
def _redis() -> Iterator[str]:
    """The highest numbered database that is empty."""
    for number in range(15, 0, -1):
        with redis.Redis(db=number, socket_connect_timeout=3) as client:
            try:
                if not client.set("passerelle-loopback", os.getpid(), nx=True) or client.dbsize() > 1:
                    continue
            except redis.RedisError as error:
                raise Missing("no Redis answers at 127.0.0.1:6379") from error
            try:
                yield f"redis://127.0.0.1:6379/{number}"
            finally:
                client.flushdb()
            return
    raise Missing("Redis has no empty numbered database left")


@contextlib.contextmanager
def _vhost(name: str) -> Iterator[str]:
    make_vhost(name)
    try:
        yield f"amqp://guest:guest@127.0.0.1:5672/{name}"
    finally:
        with contextlib.suppress(Missing):
            rabbitmqctl("delete_vhost", name)


def make_vhost(name: str) -> None:
    """Raises Missing."""
    rabbitmqctl("add_vhost", name)
    rabbitmqctl("set_permissions", "--vhost", name, "guest", ".*", ".*", ".*")


def rabbitmqctl(*arguments: str) -> None:
    """Raises Missing when RabbitMQ cannot be managed from here."""
    program = shutil.which("rabbitmqctl", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not program:
        raise Missing("rabbitmqctl is not installed here")
    try:
        done = subprocess.run([program, "--quiet", *arguments], capture_output=True, text=True, check=False, timeout=60)
    except subprocess.TimeoutExpired:
        raise Missing(f"rabbitmqctl {arguments[0]}: RabbitMQ does not answer") from None
    if done.returncode:
        raise Missing(f"rabbitmqctl {arguments[0]}: {done.stderr.strip()[:300]}")


def _spawn(command: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as said:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said, start_new_session=True)


def _stop(running: Topology) -> None:
    started = [machine.process for machine in running.machines] + [running.consumer, *running.others]
    alive = [process for process in started if process and process.poll() is None]
    for process in alive:
        process.send_signal(signal.SIGTERM)
    for process in alive:
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # a group of its own: _spawn
            process.wait()


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as opened:
        probes = [opened.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def main() -> None:
    """Run it until the time is over or Ctrl+C."""
    parser = argparse.ArgumentParser(prog="python -m deploy.loopback", description=__doc__)
    parser.add_argument("--machines", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=600, help="stops by itself after so long")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with topology(given.machines) as running:
            print(f"nginx: {running.address}")
            for machine in running.machines:
                print(f"machine: {machine.address}")
            print(f"Stops in {given.seconds} s, or by Ctrl+C.", flush=True)
            time.sleep(given.seconds)
    except KeyboardInterrupt:
        print("Stopped.")
    except Missing as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
