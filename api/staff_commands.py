"""``passerelle staff``: accounts of the console from the command line."""

import sys

import typer

from api.commands import one_sentence, settings
from knowledge.accounts.models import Role

app = typer.Typer(no_args_is_help=True, help="Accounts of the console (/staff).")


@app.callback()
def _commands() -> None:
    """Keep ``add`` a command of its own while it is the only one."""


@app.command()
@one_sentence
def add(
    name: str = typer.Option(..., prompt=True, help="the person's name, as colleagues see it"),
    email: str = typer.Option(..., prompt=True, help="the e-mail address to sign in with"),
    role: Role = typer.Option(Role.agent, help="what the account may do"),
) -> None:
    """Create an account. The password is asked for twice without echo, or read as one line from a pipe."""
    from knowledge.accounts import people
    from knowledge.audit import audit
    from knowledge.opening import open_knowledge

    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if sys.stdin.isatty() else sys.stdin.readline()
    database, factory, _ = open_knowledge(settings())
    with factory.begin() as session:
        account = people.create(session, name, email, role, password.rstrip("\r\n"))
        audit(session, None, "account.created", account.email, {"role": account.role})
    database.dispose()
    typer.echo(f"Account created: {account.name} <{account.email}>, {account.role}.")
