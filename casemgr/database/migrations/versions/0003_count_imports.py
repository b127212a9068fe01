"""Count the imports, so that a replica that lacks the newest one can be told."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply the change."""
    dataset = op.create_table(
        "dataset",
        sa.Column("id", ID, nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
    )
    op.bulk_insert(dataset, [{"id": 1, "version": 0}])
