"""Create the schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "client_applications",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("client_type", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=True),
        sa.Column("client_secret_hash", sa.Text(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_applications")),
        sa.UniqueConstraint("client_id", name=op.f("uq_client_applications_client_id")),
    )
    op.create_table(
        "custom_attributes",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("data_type", sa.Text(), nullable=False),
        sa.Column("multiple", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_attributes")),
        sa.UniqueConstraint("name", name=op.f("uq_custom_attributes_name")),
    )
    op.create_table(
        "customers",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("login_id", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("login_id", name=op.f("uq_customers_login_id")),
    )
    op.create_table(
        "departments",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departments")),
    )
    op.create_table(
        "folders",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folders")),
    )
    op.create_table(
        "roles",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
    )
    op.create_table(
        "customer_grants",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("on_customer_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_customer_grants_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["on_customer_id"],
            ["customers.id"],
            name=op.f("fk_customer_grants_on_customer_id"),
        ),
        sa.PrimaryKeyConstraint("customer_id", "on_customer_id", name=op.f("pk_customer_grants")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "department_sharings",
        sa.Column("to_department_id", ID, nullable=False),
        sa.Column("from_department_id", ID, nullable=False),
        sa.Column("activities", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["from_department_id"],
            ["departments.id"],
            name=op.f("fk_department_sharings_from_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["to_department_id"],
            ["departments.id"],
            name=op.f("fk_department_sharings_to_department_id"),
        ),
        sa.PrimaryKeyConstraint("to_department_id", "from_department_id", name=op.f("pk_department_sharings")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "enumeration_values",
        sa.Column("attribute_id", ID, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("position", ID, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attribute_id"],
            ["custom_attributes.id"],
            name=op.f("fk_enumeration_values_attribute_id"),
        ),
        sa.PrimaryKeyConstraint("attribute_id", "value", name=op.f("pk_enumeration_values")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "role_actions",
        sa.Column("role_id", ID, nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_role_actions_role_id")),
        sa.PrimaryKeyConstraint("role_id", "resource", "action", name=op.f("pk_role_actions")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "users",
        sa.Column("id", ID, nullable=False),
        sa.Column("login_id", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("department_id", ID, nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["departments.id"],
            name=op.f("fk_users_department_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("login_id", name=op.f("uq_users_login_id")),
    )
    op.create_table(
        "cases",
        sa.Column("id", ID, nullable=False),
        sa.Column("department_id", ID, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", ID, nullable=True),
        sa.Column("last_modified", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_modified_by_id", ID, nullable=True),
        sa.Column("owner_id", ID, nullable=True),
        sa.Column("user_last_worked_id", ID, nullable=True),
        sa.Column("folder_id", ID, nullable=True),
        sa.Column("customer_id", ID, nullable=True),
        sa.Column("due_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_closed", sa.DateTime(timezone=True), nullable=True),
        sa.Column("originating_channel", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("solution", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_cases_created_by_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_cases_customer_id")),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["departments.id"],
            name=op.f("fk_cases_department_id"),
        ),
        sa.ForeignKeyConstraint(["folder_id"], ["folders.id"], name=op.f("fk_cases_folder_id")),
        sa.ForeignKeyConstraint(
            ["last_modified_by_id"],
            ["users.id"],
            name=op.f("fk_cases_last_modified_by_id"),
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_cases_owner_id")),
        sa.ForeignKeyConstraint(
            ["user_last_worked_id"],
            ["users.id"],
            name=op.f("fk_cases_user_last_worked_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_table(
        "foreign_departments",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("department_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["departments.id"],
            name=op.f("fk_foreign_departments_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_foreign_departments_user_id"),
        ),
        sa.PrimaryKeyConstraint("user_id", "department_id", name=op.f("pk_foreign_departments")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("customer_id", ID, nullable=True),
        sa.Column("client_application_id", ID, nullable=True),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "CASE WHEN user_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN customer_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN client_application_id IS NULL THEN 0 ELSE 1 END = 1",
            name=op.f("ck_sessions_one_owner"),
        ),
        sa.ForeignKeyConstraint(
            ["client_application_id"],
            ["client_applications.id"],
            name=op.f("fk_sessions_client_application_id"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_sessions_customer_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_expires"), ["expires"], unique=False)

    op.create_table(
        "user_roles",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("role_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_user_roles_role_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_roles_user_id")),
        sa.PrimaryKeyConstraint("user_id", "role_id", name=op.f("pk_user_roles")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "activities",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("activity_type", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_activities_case_id")),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_activities_customer_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities")),
    )
    with op.batch_alter_table("activities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_activities_case_id_customer_id"), ["case_id", "customer_id"], unique=False)

    op.create_table(
        "custom_values",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("attribute_id", ID, nullable=False),
        sa.Column("position", ID, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attribute_id"],
            ["custom_attributes.id"],
            name=op.f("fk_custom_values_attribute_id"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_custom_values_case_id")),
        sa.PrimaryKeyConstraint("case_id", "attribute_id", "position", name=op.f("pk_custom_values")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notes",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_notes_case_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_notes_created_by_id")),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("pk_notes")),
    )
    op.create_table(
        "related_cases",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("related_case_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_related_cases_case_id")),
        sa.ForeignKeyConstraint(
            ["related_case_id"],
            ["cases.id"],
            name=op.f("fk_related_cases_related_case_id"),
        ),
        sa.PrimaryKeyConstraint("case_id", "related_case_id", name=op.f("pk_related_cases")),
        sqlite_with_rowid=False,
    )
