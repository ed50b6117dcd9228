"""What readers find wrong in the directory; answers kept for a message that is sent twice

Revision: 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sheet_reports',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('action', sa.String(length=80), nullable=False),
    sa.Column('subject', sa.String(length=10), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('decided_by', sa.String(length=100), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("subject in ('contact', 'schedule', 'place', 'over', 'other')", name=op.f('ck_sheet_reports_subject')),
    sa.CheckConstraint("state in ('open', 'done', 'ignored')", name=op.f('ck_sheet_reports_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sheet_reports'))
    )
    for column in ('created_at', 'state'):
        op.create_index(op.f(f'ix_sheet_reports_{column}'), 'sheet_reports', [column])
    op.create_table('answered_requests',
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('conversation', sa.String(length=64), nullable=True),
    sa.Column('answer', sa.JSON(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('request_id', name=op.f('pk_answered_requests'))
    )
    for column in ('conversation', 'at'):
        op.create_index(op.f(f'ix_answered_requests_{column}'), 'answered_requests', [column])


def downgrade() -> None:
    op.drop_table('answered_requests')
    op.drop_table('sheet_reports')
