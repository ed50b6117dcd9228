"""``passerelle``: the command line. Every expected failure is one sentence and a non-zero exit."""

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import typer

from api import machine_commands, ops_commands, person_commands, staff_commands
from api.commands import one_sentence, settings
from api.processor import choose_routines
from api.quiet import quiet_libraries
from knowledge.errors import InvalidDirectory
from knowledge.settings import ROOT

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Passerelle: the assistant of Blois' residents, and its directory.")
kb = typer.Typer(no_args_is_help=True, help="The knowledge base.")
app.add_typer(kb, name="kb")
app.add_typer(staff_commands.app, name="staff")
for _command in (machine_commands.prepare, machine_commands.statistics):
    app.command()(_command)
app.add_typer(person_commands.app, name="person")
for _command in (ops_commands.doctor, ops_commands.backup, ops_commands.restore):
    app.command()(_command)

SOURCES_CHECK = ROOT.parent / "shared/checks/sources.py"


def main() -> None:
    """Entry point of the ``passerelle`` command."""
    quiet_libraries()
    choose_routines()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    app()


@app.command()
@one_sentence
def serve(
    host: str = typer.Option("127.0.0.1", envvar="HOST", help="address to listen on"),
    port: int = typer.Option(8000, min=1, max=65535, envvar="PORT", help="port to listen on"),
) -> None:
    """Serve the chat, the directory and the API. WEB_CONCURRENCY sets the number of worker processes."""
    import uvicorn

    # Before anything counts: the worker processes of this machine count together in a folder of this run.
    folder = tempfile.TemporaryDirectory(prefix="passerelle-metrics-")
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder.name)

    from api.logs import write_logs
    from api.preparing import prepare

    given = settings()
    workers = _workers()
    write_logs(given)
    _refuse_taken_port(host, port)
    prepare(given, typer.echo)
    # Workers read it to say where they answer (api.server).
    where = os.environ["PASSERELLE_ADDRESS"] = f"http://{host}:{port}"
    typer.echo("Loading (some ten seconds)…")
    # When it has ended uvicorn raises the signal that ended it once more: then things are tidied up, as at any end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    options: dict[str, Any] = {"factory": True, "host": host, "port": port, "log_level": "warning", "ws": "none", "access_log": False,
                               "server_header": False, "timeout_graceful_shutdown": 10, "log_config": None}  # fmt: skip
    if workers == 1:
        uvicorn.run("api.server:application", **options)
    else:
        from api.workers import serve as serve_with

        serve_with(given, workers, lambda app: uvicorn.Config(app, **options), typer.echo, where)


def _workers() -> int:
    given = os.environ.get("WEB_CONCURRENCY") or "1"
    if given.isdecimal() and int(given):
        return int(given)
    typer.echo("WEB_CONCURRENCY is not a number of processes: set it to 1 or more.", err=True)
    raise typer.Exit(1)


def _refuse_taken_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            typer.echo(f"Cannot listen on {host}:{port} ({error.strerror}). Choose another address: make serve PORT=8001", err=True)
            raise typer.Exit(1) from None


@app.command()
@one_sentence
def ask(question: str) -> None:
    """Answer one question in the terminal."""
    services = _services()
    _say(asyncio.run(_answer(services, question, None)))


@app.command()
@one_sentence
def chat() -> None:
    """Talk with the assistant in the terminal; an empty line ends."""
    services = _services()
    conversation: str | None = None
    replies: list[dict[str, str]] = []
    with asyncio.Runner() as runner:
        while line := _read_line():
            if line.isdigit() and 1 <= int(line) <= len(replies):
                line = replies[int(line) - 1]["payload"]
            reply = runner.run(_answer(services, line, conversation))
            conversation = reply["conversation_id"]
            replies = _say(reply)
        if conversation:
            runner.run(services.engine.erase(conversation))


def _read_line() -> str:
    try:
        return input("> ").strip()
    except (EOFError, KeyboardInterrupt):
        return ""


async def _answer(services: Any, text: str, conversation: str | None) -> dict[str, Any]:
    from api.chat import answer
    from nlu.french.text import clean

    return await answer(services, clean(text), conversation, channel="terminal")


def _say(reply: dict[str, Any]) -> list[dict[str, str]]:
    for message in reply["messages"]:
        typer.echo(message["text"])
    replies = [quick for message in reply["messages"] for quick in message["quick_replies"]]
    for number, quick in enumerate(replies, 1):
        typer.echo(f"  [{number}] {quick['title']}")
    return replies


def _services() -> Any:
    from api.preparing import load_files
    from api.wiring import open_services

    given = settings()
    load_files(given)
    return open_services(given, lambda text: typer.echo(text, err=True))


@app.command()
@one_sentence
def train(
    candidate: bool = typer.Option(False, "--candidate", help="leave it to an administrator to let the new model answer"),
) -> None:
    """Train the language model on the directory's phrasings; it answers from then on if it is not worse than the present one."""
    from api.preparing import load_files
    from api.retraining import retrain

    given = settings()
    load_files(given)
    retrain(given, typer.echo, activate=not candidate)


@app.command()
@one_sentence
def evaluate(files: list[Path] = typer.Argument(None, help="sets (CSV); default: those of nlu/evaluation")) -> None:
    """Report on understanding: routing per voice, safety, limits, calibration (text, HTML, PNG)."""
    from api.preparing import load_files
    from api.wiring import open_services
    from bot.evaluation import EvaluationError, SettableClock, run

    given, clock = settings(), SettableClock()
    load_files(given)
    services = open_services(given, lambda text: typer.echo(text, err=True), clock)
    try:
        report = run(services.engine, services.search, services.store.current(), files or None, given.var_dir / "reports", clock.set)
    except EvaluationError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(report.text())


@app.command()
@one_sentence
def purge() -> None:
    """Erase what is past its time: conversations and most else after PASSERELLE_RETENTION_DAYS (docs/privacy.md)."""
    from knowledge.opening import open_knowledge
    from knowledge.retention import erase_older_than

    given = settings()
    _, factory, _ = open_knowledge(given)
    erased = erase_older_than(factory, given.retention_days)
    rows = ", ".join(f"{count} rows of {table}" for table, count in erased.items() if count) or "nothing"
    typer.echo(f"Erased what is past its time ({given.retention_days} days, or as docs/privacy.md says): {rows}.")


@kb.command("load")
@one_sentence
def kb_load(
    data: Path = typer.Option(ROOT / "knowledge/data", help="folder of the YAML files"),
    replace: bool = typer.Option(False, "--replace", help="also over what agents changed; the history keeps it"),
) -> None:
    """Load the files into the database: all or nothing. Every refused value is named."""
    from knowledge.loader import load
    from knowledge.opening import open_knowledge

    _, factory, _ = open_knowledge(settings())
    report = load(factory, data, replace)
    what = "loaded" if report.changed else "already loaded, nothing changed"
    typer.echo(
        f"Directory version {report.version}, {what}: {report.organisations} organisations, "
        f"{report.actions} actions, {report.questions} phrasings."
    )


@kb.command("check")
@one_sentence
def kb_check(data: Path = typer.Option(ROOT / "knowledge/data", help="folder of the YAML files")) -> None:
    """Validate the files and hold them to their sources; loads nothing."""
    from knowledge.files import read_directory

    files = read_directory(data)
    if files.problems:
        raise InvalidDirectory(files.problems)
    typer.echo(f"Files: valid, {sum(1 for _ in files.actions())} actions.")
    if not SOURCES_CHECK.exists():
        typer.echo("Sources: not checked (the reference folder ../shared is not here).")
        return
    done = subprocess.run([sys.executable, str(SOURCES_CHECK), str(ROOT)], capture_output=True, text=True, check=False)
    typer.echo(done.stdout.strip())
    if done.returncode:
        raise typer.Exit(1)


@kb.command("export")
@one_sentence
def kb_export(
    file: Path = typer.Argument(help="what to write"),
    format_: str = typer.Option(None, "--format", help="archive, xlsx, csv, data-inclusion or hsds; default: by the file's ending"),
    template: bool = typer.Option(False, "--template", help="an empty model to fill in (xlsx, csv)"),
) -> None:
    """Write the whole directory to a file."""
    from api.kb_files import export

    export(settings(), file, format_, template)


@kb.command("import")
@one_sentence
def kb_import(
    file: Path = typer.Argument(help="a file that `kb export` writes, or one of its formats from elsewhere"),
    dry_run: bool = typer.Option(False, "--dry-run", help="say what would change, write nothing"),
    remove_absent: bool = typer.Option(False, "--remove-absent", help="xlsx, csv: rows that are not in a table of the file are removed"),
    into_empty: bool = typer.Option(False, "--into-empty", help="a new database that holds this file alone: without the YAML files"),
) -> None:
    """Read a file into the directory: all or nothing. Every change is said, and every refused value."""
    from api.kb_files import import_

    import_(settings(), file, dry_run, remove_absent, into_empty)


@kb.command("stale")
@one_sentence
def kb_stale(months: int = typer.Option(6, min=1, help="older than so many months")) -> None:
    """List what was never verified or is too old, oldest first, with its source."""
    import datetime as dt

    from knowledge.opening import open_knowledge
    from knowledge.staleness import stale

    _, _, store = open_knowledge(settings())
    rows = stale(store.current(), dt.date.today(), months)
    for row in rows:
        typer.echo(f"{row.known_on or 'undated':<10}  {row.action_id}  {row.fact}: {row.source_title} ({row.source_url or 'no address'})")
    typer.echo(f"{len(rows)} facts to verify.")
