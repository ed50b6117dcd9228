"""Messages of other channels: in, out, what was left open, who wants none, what was spent

Revision: 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def _number() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('inbox',
    sa.Column('id', _number(), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('provider_id', sa.String(length=200), nullable=False),
    sa.Column('conversation', sa.String(length=64), nullable=False),
    sa.Column('sender', sa.String(length=100), nullable=True),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('owner', sa.String(length=36), nullable=True),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('arrived_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state in ('waiting', 'done', 'dead')", name=op.f('ck_inbox_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbox')),
    sa.UniqueConstraint('channel', 'provider_id', name=op.f('uq_inbox_channel'))
    )
    op.create_index('ix_inbox_state', 'inbox', ['state', 'due_at'])
    op.create_index('ix_inbox_conversation', 'inbox', ['conversation', 'id'])
    op.create_index(op.f('ix_inbox_arrived_at'), 'inbox', ['arrived_at'])
    op.create_table('outbox',
    sa.Column('id', _number(), nullable=False),
    sa.Column('key', sa.String(length=36), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('conversation', sa.String(length=64), nullable=False),
    sa.Column('answers', _number(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('recipient', sa.String(length=100), nullable=True),
    sa.Column('body', sa.JSON(), nullable=True),
    sa.Column('cost', sa.Integer(), nullable=False),
    sa.Column('urgent', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('owner', sa.String(length=36), nullable=True),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('provider_id', sa.String(length=200), nullable=True),
    sa.Column('reason', sa.String(length=60), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state in ('waiting', 'sending', 'sent', 'delivered', 'dead')", name=op.f('ck_outbox_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox')),
    sa.UniqueConstraint('key', name=op.f('uq_outbox_key')),
    sa.UniqueConstraint('answers', 'position', name=op.f('uq_outbox_answers'))
    )
    op.create_index('ix_outbox_state', 'outbox', ['state', 'due_at'])
    op.create_index('ix_outbox_conversation', 'outbox', ['conversation', 'id'])
    op.create_index('ix_outbox_channel', 'outbox', ['channel', 'provider_id'])
    op.create_index(op.f('ix_outbox_created_at'), 'outbox', ['created_at'])
    op.create_table('channel_conversations',
    sa.Column('conversation', sa.String(length=64), nullable=False),
    sa.Column('rest', sa.JSON(), nullable=False),
    sa.Column('choices', sa.JSON(), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('conversation', name=op.f('pk_channel_conversations'))
    )
    op.create_index(op.f('ix_channel_conversations_updated_at'), 'channel_conversations', ['updated_at'])
    op.create_table('opt_outs',
    sa.Column('conversation', sa.String(length=64), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('conversation', name=op.f('pk_opt_outs'))
    )
    op.create_table('spent',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('units', sa.Integer(), nullable=False),
    sa.Column('alarmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('day', 'channel', name=op.f('pk_spent'))
    )


def downgrade() -> None:
    for table in ('spent', 'opt_outs', 'channel_conversations', 'outbox', 'inbox'):
        op.drop_table(table)
