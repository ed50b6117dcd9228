"""Call-back requests, and conversations in which an agent writes

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('callback_requests',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('conversation', sa.String(length=64), nullable=True),
    sa.Column('first_name', sa.String(length=60), nullable=False),
    sa.Column('phone', sa.String(length=20), nullable=True),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('consented_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('account_id', sa.String(length=36), nullable=True),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.CheckConstraint("state in ('waiting', 'taken', 'closed')", name=op.f('ck_callback_requests_state')),
    sa.CheckConstraint('phone is not null or conversation is not null', name=op.f('ck_callback_requests_reachable')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_callback_requests_account_id_accounts'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_callback_requests'))
    )
    for column in ('conversation', 'created_at', 'account_id'):
        op.create_index(op.f(f'ix_callback_requests_{column}'), 'callback_requests', [column])
    op.create_table('talks',
    sa.Column('conversation', sa.String(length=64), nullable=False),
    sa.Column('account_id', sa.String(length=36), nullable=True),
    sa.Column('open_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_number', sa.Integer(), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_talks_account_id_accounts'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('conversation', name=op.f('pk_talks'))
    )
    for column in ('updated_at', 'account_id'):
        op.create_index(op.f(f'ix_talks_{column}'), 'talks', [column])
    op.create_table('talk_messages',
    sa.Column('conversation', sa.String(length=64), nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('author', sa.String(length=10), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("author in ('resident', 'agent')", name=op.f('ck_talk_messages_author')),
    sa.ForeignKeyConstraint(['conversation'], ['talks.conversation'], name=op.f('fk_talk_messages_conversation_talks'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('conversation', 'number', name=op.f('pk_talk_messages'))
    )


def downgrade() -> None:
    op.drop_table('talk_messages')
    op.drop_table('talks')
    op.drop_table('callback_requests')
