"""The history of every sheet; who told a fact; further sources of a sheet

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('revisions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('change', sa.String(length=10), nullable=False),
    sa.Column('before', sa.JSON(), nullable=True),
    sa.Column('after', sa.JSON(), nullable=True),
    sa.Column('source', sa.String(length=80), nullable=True),
    sa.Column('by', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_revisions')),
    sa.UniqueConstraint('kind', 'slug', 'number', name=op.f('uq_revisions_kind'))
    )
    op.add_column('sources', sa.Column('kind', sa.String(length=10), nullable=False, server_default='page'))
    op.add_column('sources', sa.Column('told_by', sa.Text(), nullable=True))
    for table in ('organisations', 'actions'):
        op.add_column(table, sa.Column('further_sources', sa.JSON(), nullable=False, server_default='[]'))


def downgrade() -> None:
    for table in ('actions', 'organisations'):
        op.drop_column(table, 'further_sources')
    op.drop_column('sources', 'told_by')
    op.drop_column('sources', 'kind')
    op.drop_table('revisions')
