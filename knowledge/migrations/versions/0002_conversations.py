"""The table of conversations, as Rasa's SQL tracker store reads it

Made here and not by Rasa, because two processes that start at once on an empty database would both
create it. Databases of before have it already.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    if sa.inspect(op.get_bind()).has_table('events'):
        return
    op.create_table('events',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sender_id', sa.String(length=255), nullable=False),
    sa.Column('type_name', sa.String(length=255), nullable=False),
    sa.Column('timestamp', sa.Float(), nullable=True),
    sa.Column('intent_name', sa.String(length=255), nullable=True),
    sa.Column('action_name', sa.String(length=255), nullable=True),
    sa.Column('data', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_events'))
    )
    op.create_index('ix_events_sender_id', 'events', ['sender_id'])


def downgrade() -> None:
    op.drop_table('events')
