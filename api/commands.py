"""What every command of ``passerelle`` shares: its settings, and failures in one sentence."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from knowledge.errors import InvalidDirectory, KnowledgeError
from knowledge.settings import Settings


def one_sentence(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn the failures that an operator can mend into one sentence on stderr and exit 1."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        # Nothing more is imported before the command: `serve` says where to count before anything counts.
        try:
            return command(*args, **kwargs)
        except InvalidDirectory as error:
            for problem in error.problems:
                typer.echo(str(problem), err=True)
            typer.echo(str(error), err=True)
        except KnowledgeError as error:
            typer.echo(str(error), err=True)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise  # `… | head`: typer ends quietly
            what = f"{error.filename or 'A file'}: {error.strerror or error}."
            typer.echo(f"{what} Correct it, or set PASSERELLE_VAR_DIR to a folder that can be written.", err=True)
        raise typer.Exit(1)

    return wrapped


def settings() -> Settings:
    """Settings from the environment. A bad value ends the command with one sentence."""
    try:
        return Settings()
    except ValueError as error:
        bad = ", ".join(f"PASSERELLE_{e['loc'][0].upper()}: {e['msg']}" for e in getattr(error, "errors", list)())
        typer.echo(f"A setting has a wrong value. {bad}.", err=True)
        raise typer.Exit(1) from None
