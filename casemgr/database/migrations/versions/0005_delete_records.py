"""Index the foreign keys, by which a deletion finds what refers to a record; remember the last import."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

COLUMNS = {
    "department_sharings": ["from_department_id"],
    "users": ["department_id"],
    "foreign_departments": ["department_id"],
    "user_roles": ["role_id"],
    "customer_grants": ["on_customer_id"],
    "cases": [
        "department_id",
        "created_by_id",
        "last_modified_by_id",
        "owner_id",
        "user_last_worked_id",
        "folder_id",
        "customer_id",
    ],
    "related_cases": ["related_case_id"],
    "notes": ["created_by_id"],
    "custom_values": ["attribute_id"],
    "activities": ["customer_id"],
}


def upgrade() -> None:
    """Apply the change."""
    for table, columns in COLUMNS.items():
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    with op.batch_alter_table("dataset", schema=None) as batch_op:
        # The version before does not write these columns.
        batch_op.add_column(sa.Column("imported", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("records", ID, nullable=True))
