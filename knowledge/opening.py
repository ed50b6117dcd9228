"""The knowledge base of an installation, opened: its database, migrated and filled, and the key that signs its files."""

import secrets

from sqlalchemy.engine import Engine
from sqlalchemy.orm import sessionmaker

from knowledge.database import migrate, open_engine, sessions
from knowledge.directory import DirectoryStore
from knowledge.errors import BadSettings
from knowledge.loader import load_if_empty
from knowledge.settings import Settings


def open_knowledge(settings: Settings, fill: bool = True) -> tuple[Engine, sessionmaker, DirectoryStore]:
    """Open, migrate and if need be fill the database (unless not to ``fill``). Raises KnowledgeError."""
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    database = open_engine(settings.database)
    migrate(database)
    if fill:
        load_if_empty(database)
    factory = sessions(database)
    return database, factory, DirectoryStore(factory)


def secret_key(settings: Settings) -> str:
    """The key that signs what leaves the server: set, or made once in ``var_dir``.

    Raises BadSettings with a server database, where several processes must share one key.
    """
    if settings.secret_key:
        return settings.secret_key.get_secret_value()
    if settings.uses_server_database:
        raise BadSettings(
            "Set PASSERELLE_SECRET_KEY (32 random characters or more): with a server database all processes must share one key."
        )
    path = settings.var_dir / "secret_key"
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="ascii") as handle:
            path.chmod(0o600)
            handle.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii").strip()
