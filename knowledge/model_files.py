"""The files of trained models, kept in a server's database so that every machine gets those that another one trained.

With SQLite there is one machine, whose files are its own. All functions but ``one_trains`` work in the caller's
transaction (docs/adr/0030).
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from knowledge import trained_models
from knowledge.models import Base
from knowledge.upsert import insert

# Names "Passerelle is training" among PostgreSQL's advisory locks.
_TRAINING_LOCK = 41_001


class ModelFile(Base):
    """One file of a model: the archive (``part`` is empty), or what lies beside it, by the ending that its name has more."""

    __tablename__ = "model_files"
    name = sa.Column(sa.String(80), primary_key=True)
    part = sa.Column(sa.String(20), primary_key=True)
    content = sa.Column(sa.LargeBinary, nullable=False)


def put(session: Session, model: Path) -> None:
    """Keep the files of ``model``, and only of it and of the models that are not retired."""
    if not _is_shared(session):
        return
    for path in model.parent.glob(f"{model.name}*"):
        content = {"content": path.read_bytes()}
        row = insert(session, ModelFile).values(name=model.name, part=path.name.removeprefix(model.name), **content)
        session.execute(row.on_conflict_do_update(index_elements=["name", "part"], set_=content))
    kept = trained_models.needed(session) | {model.name}
    session.execute(sa.delete(ModelFile).where(ModelFile.name.not_in(kept)).execution_options(synchronize_session=False))


def is_kept(session: Session, name: str) -> bool:
    """True when other machines can get this model, or there are none."""
    found = sa.select(ModelFile.name).where(ModelFile.name == name, ModelFile.part == "")
    return not _is_shared(session) or session.execute(found).first() is not None


def fetch(session: Session, model: Path) -> None:
    """Write the files of ``model`` where they are missing or others, the archive last; nothing when they are not kept.

    Whether they are the right ones is for the reader to check: they bear a digest or a signature.
    """
    files = session.execute(sa.select(ModelFile.part, ModelFile.content).where(ModelFile.name == model.name)).all()
    for part, content in sorted(files, reverse=True):
        model.parent.mkdir(parents=True, exist_ok=True)
        made = model.with_name(f"partial-{os.getpid()}.tar.gz")  # training clears away what is left of these
        made.write_bytes(content)
        made.replace(model.with_name(model.name + part))


@contextlib.contextmanager
def one_trains(session_factory: sessionmaker) -> Iterator[None]:
    """Let one machine at a time into the block, so that those that start together on an empty database train once."""
    with session_factory() as session:
        engine = session.get_bind()
    if engine.dialect.name != "postgresql":  # then a file lock does (bot/training.py)
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("select pg_advisory_lock(:key)"), {"key": _TRAINING_LOCK})
        try:
            yield
        finally:
            connection.execute(sa.text("select pg_advisory_unlock(:key)"), {"key": _TRAINING_LOCK})


def _is_shared(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
