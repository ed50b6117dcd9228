"""More than one machine: files of models, and figures that came by the broker

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('model_files',
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('part', sa.String(length=20), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('name', 'part', name=op.f('pk_model_files'))
    )
    op.create_table('counted_events',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_counted_events'))
    )
    op.create_index(op.f('ix_counted_events_at'), 'counted_events', ['at'])


def downgrade() -> None:
    op.drop_table('counted_events')
    op.drop_table('model_files')
