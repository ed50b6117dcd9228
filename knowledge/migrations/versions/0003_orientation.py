"""The questions of the guided orientation

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('orientation_questions',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('ask', sa.Text(), nullable=False),
    sa.Column('choices', sa.JSON(), nullable=False),
    sa.Column('unsure', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_orientation_questions')),
    sa.UniqueConstraint('slug', name=op.f('uq_orientation_questions_slug'))
    )


def downgrade() -> None:
    op.drop_table('orientation_questions')
