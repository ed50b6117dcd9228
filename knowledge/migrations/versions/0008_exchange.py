"""Imports that wait for a yes, and what producers stopped naming

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('waiting_imports',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('account_id', sa.String(length=36), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('remove_absent', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_waiting_imports_account_id_accounts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_waiting_imports'))
    )
    op.create_index(op.f('ix_waiting_imports_account_id'), 'waiting_imports', ['account_id'])
    op.create_index(op.f('ix_waiting_imports_at'), 'waiting_imports', ['at'])
    op.create_table('absences',
    sa.Column('producer', sa.String(length=200), nullable=False),
    sa.Column('record', sa.String(length=80), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('producer', 'record', name=op.f('pk_absences'))
    )


def downgrade() -> None:
    op.drop_table('absences')
    op.drop_table('waiting_imports')
