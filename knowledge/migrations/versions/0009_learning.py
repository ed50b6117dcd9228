"""Missed questions, masked, and those that were set aside

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('missed_questions',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('reason', sa.String(length=15), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.CheckConstraint("reason in ('misunderstood', 'refused', 'unsure', 'unhelpful')", name=op.f('ck_missed_questions_reason')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_missed_questions'))
    )
    op.create_index(op.f('ix_missed_questions_day'), 'missed_questions', ['day'])
    op.create_table('set_aside_questions',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('by', sa.String(length=100), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind in ('ignored', 'needed')", name=op.f('ck_set_aside_questions_kind')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_set_aside_questions'))
    )


def downgrade() -> None:
    op.drop_table('set_aside_questions')
    op.drop_table('missed_questions')
