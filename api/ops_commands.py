"""``passerelle doctor``, ``backup``, ``restore``: for who runs the installation."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import typer

from api.commands import one_sentence, settings


@one_sentence
def doctor(as_json: bool = typer.Option(False, "--json", help="for a program: a list of findings")) -> None:
    """Look at settings, disk, database, clock, directory, model and queues; say what to do. Exit 1 when there is a problem."""
    from api.doctor import Level, examine

    workers = os.environ.get("WEB_CONCURRENCY") or "1"
    found = list(examine(settings(), int(workers) if workers.isdecimal() else 1))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in found], indent=1, ensure_ascii=False))
    else:
        for finding in found:
            typer.echo(f"{finding.level.value:<8} {finding.about:<10} {finding.said}")
            if finding.to_do:
                typer.echo(f"{'':<19} → {finding.to_do}")
    if any(finding.level is Level.problem for finding in found):
        raise typer.Exit(1)


@one_sentence
def backup(file: Path = typer.Argument(help="what to write, .tar.gz; must not exist")) -> None:
    """Write database, key and model to one file, while Passerelle serves. It holds personal data: keep it safe."""
    from api.backup import back_up

    if file.exists():
        typer.echo(f"{file} is there already: name another file.", err=True)
        raise typer.Exit(1)
    written = back_up(settings(), file)
    typer.echo(f"{file}: {', '.join(written)} ({file.stat().st_size / 1e6:.1f} MB).")


@one_sentence
def restore(
    file: Path = typer.Argument(help="what `passerelle backup` wrote"),
    replace: bool = typer.Option(False, "--replace", help="also over a database that is not empty"),
    keep_people: bool = typer.Option(False, "--keep-people", help="bring back what people wrote, too: nobody asked for erasure since"),
) -> None:
    """Put a backup in the place of what is here, and erase what people wrote and may have had erased since. Stop Passerelle first."""
    from api.backup import restore as bring_back

    erased = bring_back(settings(), file, replace, keep_people, typer.echo)
    rows = ", ".join(f"{count} {table}" for table, count in erased.items() if count) or "nothing"
    typer.echo(f"Restored. Not brought back (rows a table): {rows}.")
