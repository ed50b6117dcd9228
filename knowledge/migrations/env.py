"""Alembic's entry: runs on the connection that ``knowledge.database.migrate`` hands over."""

from alembic import context

from knowledge.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters tables by copying them
    compare_type=True,
    # Rasa's tracker store makes and keeps its own table in the same database.
    include_object=lambda _object, name, kind, _reflected, _to: not (kind == "table" and name == "events"),
)
with context.begin_transaction():
    context.run_migrations()
