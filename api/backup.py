"""Everything that is worth keeping, in one file, and back: database, secret key, the model that answers."""

import datetime as dt
import gzip
import hashlib
import json
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from bot.training import models_of
from knowledge import dumps, trained_models
from knowledge.database import migrate, open_engine, revisions, sessions
from knowledge.errors import KnowledgeError
from knowledge.retention import erase_all
from knowledge.settings import Settings

_FORMAT = 1
_MANIFEST, _DATABASE, _KEY, _MODELS = "manifest.json", "database", "secret_key", "models/"


class BadBackup(KnowledgeError, ValueError):
    """The file is no backup, or not for this installation; the message says why."""


def back_up(settings: Settings, file: Path) -> list[str]:
    """Write a new ``file`` that only this account can read; returns what is in it. Passerelle may go on serving.

    Raises FileExistsError, OSError, KnowledgeError.
    """
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.absolute().parent) as folder:
        work = Path(folder)
        dumps.dump(settings.database, work / _DATABASE)
        files = {_DATABASE: work / _DATABASE, **_keys(settings), **_active_model(settings)}
        manifest = {
            "format": _FORMAT,
            "made_at": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
            "kind": make_url(settings.database).get_backend_name(),
            "sha256": {name: _sha256(path) for name, path in files.items()},
        }
        (work / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        done = work / "done"
        done.touch(mode=0o600)
        with tarfile.open(done, "w:gz") as archive:
            for name, path in {_MANIFEST: work / _MANIFEST, **files}.items():
                archive.add(path.resolve(), name)
        file.touch(mode=0o600, exist_ok=False)  # never over another backup
        done.replace(file)
    return sorted(files)


def restore(settings: Settings, file: Path, replace: bool, keep_people: bool, say: Callable[[str], None]) -> dict[str, int]:
    """Put the content of ``file`` in the place of what is here, bring it up to date, and erase what people wrote.

    A person who had their words erased after the backup was made must not find them again, and who they were is not
    written down anywhere: so nobody's words come back, unless ``keep_people`` says that this is safe. ``replace``: also
    over a database that is not empty. Raises BadBackup, KnowledgeError, OSError.
    """
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.var_dir) as folder:
        work = Path(folder)
        manifest = _unpack(file, work)
        if manifest["kind"] != make_url(settings.database).get_backend_name():
            raise BadBackup(f"{file} holds a database of {manifest['kind']}: set PASSERELLE_DATABASE_URL to one (docs/operations.md).")
        _may_replace(settings, replace)
        # SQLite's is finished here, before anybody sees it; PostgreSQL's in its place, which is why Passerelle is stopped.
        url = f"sqlite:///{work / _DATABASE}" if manifest["kind"] == "sqlite" else settings.database
        if manifest["kind"] != "sqlite":
            dumps.load(url, work / _DATABASE)
        erased = _finish(url, settings.retention_days, keep_people)
        if manifest["kind"] == "sqlite":
            dumps.load(settings.database, work / _DATABASE)
        _put_back(settings, work, manifest, say)
    return erased


def _keys(settings: Settings) -> dict[str, Path]:
    """The generated key; one that is set in the environment is the operator's to keep."""
    path = settings.var_dir / "secret_key"
    return {_KEY: path} if path.exists() and not settings.secret_key else {}


def _active_model(settings: Settings) -> dict[str, Path]:
    """The files of the model that answers, when one was trained."""
    engine = open_engine(settings.database)
    try:
        if dumps.is_empty(engine):
            return {}
        with engine.connect() as connection:
            found, newest = revisions(connection)
        if found != newest:  # an older database is backed up before it is upgraded; its model is trained anew anyway
            return {}
        with sessions(engine)() as session:
            active = trained_models.active(session)
    finally:
        engine.dispose()
    return {f"{_MODELS}{path.name}": path for path in models_of(settings.var_dir).glob(f"{active.name}*")} if active else {}


def _unpack(file: Path, work: Path) -> dict[str, Any]:
    """Write the members of the backup to ``work``, each compared with its checksum, and return the manifest."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            members = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
            manifest = json.loads((members.pop(_MANIFEST) or _nothing()).read())
            if manifest["format"] != _FORMAT:
                raise BadBackup(f"{file} was made by another version of Passerelle: restore it with that one.")
            for name, wanted in manifest["sha256"].items():
                if name not in (_DATABASE, _KEY) and name != f"{_MODELS}{Path(name).name}":
                    raise BadBackup(f"{file} holds a file that no backup has; nothing was restored.")
                path = work / name
                path.parent.mkdir(exist_ok=True)
                content = members[name] or _nothing()
                with path.open("wb") as written:
                    while block := content.read(1 << 20):
                        written.write(block)
                if _sha256(path) != wanted:
                    raise BadBackup(f"{file} is damaged ({name}); nothing was restored.")
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, BadBackup):
            raise
        raise BadBackup(f"{file} is no backup of Passerelle, or damaged; nothing was restored.") from error
    return manifest


def _nothing() -> Any:
    raise KeyError("a member without content")


def _may_replace(settings: Settings, replace: bool) -> None:
    engine = open_engine(settings.database)
    empty = dumps.is_empty(engine)
    engine.dispose()
    if not (empty or replace):
        raise BadBackup("The database is not empty; nothing was restored. Stop Passerelle, back it up, and restore with --replace.")


def _finish(url: str, days: int, keep_people: bool) -> dict[str, int]:
    """Migrate, erase, and leave nothing of the erased in the file."""
    engine = open_engine(url)
    try:
        migrate(engine)
        erased = erase_all(sessions(engine), days if keep_people else None)
        if engine.dialect.name == "sqlite":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("vacuum")
                connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
    finally:
        engine.dispose()
    return erased


def _put_back(settings: Settings, work: Path, manifest: dict[str, Any], say: Callable[[str], None]) -> None:
    for name in manifest["sha256"]:
        target = settings.var_dir / name
        if name == _DATABASE or (name == _KEY and settings.secret_key):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        (work / name).replace(target)
        if name == _KEY:
            target.chmod(0o600)
    if _KEY not in manifest["sha256"]:
        say("The secret key was set in the environment: set PASSERELLE_SECRET_KEY to the same one.")


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
