"""Trained models: which one answers, which one did before, which ones wait to

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('trained_models',
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('report', sa.JSON(), nullable=False),
    sa.Column('activated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('activated_by', sa.String(length=100), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.CheckConstraint("state in ('candidate', 'active', 'previous', 'retired')", name=op.f('ck_trained_models_state')),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_trained_models'))
    )
    op.create_index(op.f('ix_trained_models_state'), 'trained_models', ['state'])


def downgrade() -> None:
    op.drop_table('trained_models')
