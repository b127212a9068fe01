"""Count failed logins for pairs of account and network address, and remember the addresses of accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("failed_logins", schema=None) as batch_op:
        # The version before does not write this column.
        batch_op.add_column(sa.Column("account", sa.LargeBinary(), nullable=True))
        batch_op.create_index(batch_op.f("ix_failed_logins_account"), ["account"], unique=False)
    op.create_table(
        "known_addresses",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("succeeded", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "address", name=op.f("pk_known_addresses")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("known_addresses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_known_addresses_succeeded"), ["succeeded"], unique=False)
