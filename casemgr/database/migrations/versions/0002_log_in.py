"""Add the idle time of sessions, and failed logins."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("created", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("idle_expires", sa.DateTime(timezone=True), nullable=True))
        for column in ("user_id", "customer_id", "client_application_id"):
            batch_op.create_index(batch_op.f(f"ix_sessions_{column}"), [column], unique=False)
    op.create_table(
        "failed_logins",
        sa.Column("id", ID, nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("failed", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_logins")),
    )
    with op.batch_alter_table("failed_logins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_failed_logins_failed"), ["failed"], unique=False)
        batch_op.create_index(batch_op.f("ix_failed_logins_subject_failed"), ["subject", "failed"], unique=False)
