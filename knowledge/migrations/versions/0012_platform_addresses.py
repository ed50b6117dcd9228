"""Where to write to who asked for a person on another channel

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('callback_requests') as table:
        table.add_column(sa.Column('channel', sa.String(length=20), nullable=True))
        table.add_column(sa.Column('address', sa.String(length=100), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('callback_requests') as table:
        table.drop_column('address')
        table.drop_column('channel')
