"""``passerelle prepare`` and ``statistics``: what runs beside the workers of several machines (docs/scaling.md)."""

import asyncio

import typer

from api.commands import one_sentence, settings


@one_sentence
def prepare() -> None:
    """Bring the database up to date (tables, directory, model) and end: to be run once before several machines serve."""
    from api.preparing import prepare as bring_up_to_date

    bring_up_to_date(settings(), typer.echo)


@one_sentence
def statistics(until_empty: bool = typer.Option(False, "--until-empty", help="end when nothing comes any more")) -> None:
    """Count what PASSERELLE_BROKER_URL holds into the figures. One such process is enough; several do no harm."""
    from api.statistics import consume

    counted = asyncio.run(consume(settings(), typer.echo, until_empty))
    typer.echo(f"Counted: {counted} messages.")
