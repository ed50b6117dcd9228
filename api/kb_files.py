"""``passerelle kb export`` and ``kb import``: the directory as a file, and back."""

import getpass
from pathlib import Path

import sqlalchemy as sa
import typer

from knowledge.database import see_one_moment
from knowledge.exchange.changes import Change, Kind
from knowledge.exchange.formats import FORMATS
from knowledge.exchange.importing import Report, dry_run, import_file
from knowledge.exchange.incoming import ExchangeRefused
from knowledge.exchange.words import words
from knowledge.models import DirectoryVersion
from knowledge.opening import open_knowledge
from knowledge.records import select_all
from knowledge.settings import Settings

_MOST_BYTES = 300_000_000
_SIGNS: dict[Kind, str] = {"added": "+", "changed": "~", "removed": "-", "moved": "↕"}


def export(given: Settings, path: Path, name: str | None, template: bool) -> None:
    """Write the directory, or an empty model of the format, to ``path``."""
    name = name or next((found for found, format_ in FORMATS.items() if format_.suffix == path.suffix.lower()), None)
    format_ = FORMATS.get(name or "")
    if format_ is None or (template and format_.template is None):
        with_template = [found for found, format_ in FORMATS.items() if format_.template or not template]
        typer.echo(f"Add --format with one of: {', '.join(with_template)}.", err=True)
        raise typer.Exit(1)
    if template and format_.template:
        path.write_bytes(format_.template())
        typer.echo(f"{path}: an empty model ({name}).")
        return
    _, factory, _ = open_knowledge(given)
    with factory() as session:
        see_one_moment(session)
        version = session.execute(sa.select(DirectoryVersion.version)).scalar_one()
        content = select_all(session)
    path.write_bytes(format_.export(content, version))
    actions = sum(len(file.actions) for file in content.organisations)
    typer.echo(f"{path}: directory version {version} ({name}), {len(content.organisations)} organisations, {actions} actions.")


def import_(given: Settings, path: Path, only_say: bool, remove_absent: bool, into_empty: bool) -> None:
    """Say what ``path`` changes, row by row, and write it unless ``only_say``. All or nothing.

    ``into_empty``: the database holds no directory yet and is not filled from the YAML files first.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise ExchangeRefused("file_too_large")
    data = path.read_bytes()
    _, factory, _ = open_knowledge(given, fill=not into_empty)
    if into_empty:
        with factory() as session:
            if session.execute(sa.select(DirectoryVersion.version)).scalar_one_or_none() is not None:
                typer.echo("The database holds a directory already: leave --into-empty out, or use another database.", err=True)
                raise typer.Exit(1)
    try:
        with factory.begin() as session:
            by = f"passerelle kb import, {getpass.getuser()}"
            report = dry_run(session, data, remove_absent) if only_say else import_file(session, data, by, remove_absent)
    except ExchangeRefused as error:
        for cell in error.rejected:
            place = ", ".join(str(part) for part in (cell.sheet, cell.row, cell.column, cell.value) if part)
            typer.echo(f"{place}: {cell.reason}", err=True)
        raise
    for change in report.comparison.changes:
        _say(change)
    for note in report.notes:
        typer.echo(words().told(note.code, note.context))
    typer.echo(_summary(report, only_say))


def _say(change: Change) -> None:
    typer.echo(f"{_SIGNS[change.kind]} {change.table} {change.key}")
    for field in change.fields if change.kind == "changed" else ():
        typer.echo(f"    {field.column}: {field.before!r} -> {field.after!r}")


def _summary(report: Report, only_say: bool) -> str:
    compared = report.comparison
    counts = ", ".join(f"{compared.count(kind)} {kind}" for kind in _SIGNS)
    done = "Nothing was written" if only_say else "Written" if compared.changes else "Nothing to change"
    return f"{report.format}: {counts}, {compared.unchanged} unchanged. {done}."
