"""The tables. Columns are named after the fields of the dataset."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: an aware datetime in Python, UTC in the database, since SQLite stores no offset."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert an aware datetime to UTC."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Mark the stored value as UTC; PostgreSQL returns it in the time zone of the session."""
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


class StorableText(TypeDecorator[str]):
    """A text. PostgreSQL cannot store U+0000, so the import refuses it there."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace U+0000, which PostgreSQL cannot even compare."""
        if value and dialect.name == "postgresql":
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
        return value


_Id = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """The registry of tables. Every constraint has a name, by which migrations can refer to it.

    Every foreign key has an index: whoever deletes a record looks for the rows that refer to it, and so does the
    database itself.
    """

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {int: _Id, str: StorableText, bytes: LargeBinary, datetime: UtcDateTime}  # noqa: RUF012 - SQLAlchemy's


_WITHOUT_ROWID = {"sqlite_with_rowid": False}


class Dataset(Base):
    """A single row about the imports: `version` counts them; `imported` and `records` tell about the last one.

    Both are NULL until the first import.
    """

    __tablename__ = "dataset"
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    imported: Mapped[datetime | None]
    records: Mapped[int | None]


class Department(Base):
    """A department, to which cases and users belong."""

    __tablename__ = "departments"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class DepartmentSharing(Base):
    """A sharing: whether the `from` department shares activities with the `to` department."""

    __tablename__ = "department_sharings"
    __table_args__ = _WITHOUT_ROWID
    to_department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"), primary_key=True)
    from_department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"), primary_key=True, index=True)
    activities: Mapped[bool]


class Role(Base):
    """A named set of actions."""

    __tablename__ = "roles"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class RoleAction(Base):
    """An action on a resource that a role allows."""

    __tablename__ = "role_actions"
    __table_args__ = _WITHOUT_ROWID
    role_id: Mapped[int] = mapped_column(ForeignKey("roles.id"), primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(primary_key=True)


class User(Base):
    """An agent and their home department."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    login_id: Mapped[str] = mapped_column(unique=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"), index=True)
    password_hash: Mapped[str | None]
    disabled: Mapped[bool]


class ForeignDepartment(Base):
    """A department in which a user is a foreign user."""

    __tablename__ = "foreign_departments"
    __table_args__ = _WITHOUT_ROWID
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"), primary_key=True, index=True)


class UserRole(Base):
    """A role that a user has."""

    __tablename__ = "user_roles"
    __table_args__ = _WITHOUT_ROWID
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("roles.id"), primary_key=True, index=True)


class Folder(Base):
    """A folder of cases; its name is a built-in value or any other text."""

    __tablename__ = "folders"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Customer(Base):
    """A customer."""

    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    login_id: Mapped[str | None] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    disabled: Mapped[bool]


class CustomerGrant(Base):
    """A grant: `customer` may act on behalf of `on_customer`."""

    __tablename__ = "customer_grants"
    __table_args__ = _WITHOUT_ROWID
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    on_customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), primary_key=True, index=True)


class ClientApplication(Base):
    """A program that calls in its own name."""

    __tablename__ = "client_applications"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    client_type: Mapped[str]
    client_id: Mapped[str | None] = mapped_column(unique=True)
    client_secret_hash: Mapped[str | None]
    disabled: Mapped[bool]


class CustomAttribute(Base):
    """A custom attribute of cases. The IDs increase in the order of the definitions."""

    __tablename__ = "custom_attributes"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    data_type: Mapped[str]
    multiple: Mapped[bool]


class EnumerationValue(Base):
    """A value of a custom attribute of type `enumeration`."""

    __tablename__ = "enumeration_values"
    __table_args__ = _WITHOUT_ROWID
    attribute_id: Mapped[int] = mapped_column(ForeignKey("custom_attributes.id"), primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    label: Mapped[str]


class Case(Base):
    """A case."""

    __tablename__ = "cases"
    id: Mapped[int] = mapped_column(primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"), index=True)
    status: Mapped[str]
    severity: Mapped[str]
    subject: Mapped[str]
    created: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    last_modified: Mapped[datetime]
    last_modified_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    user_last_worked_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    folder_id: Mapped[int | None] = mapped_column(ForeignKey("folders.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    due_date: Mapped[datetime | None]
    last_closed: Mapped[datetime | None]
    originating_channel: Mapped[str | None]
    description: Mapped[str | None]
    solution: Mapped[str | None]


class RelatedCase(Base):
    """A reference from a case to a related case, in one direction."""

    __tablename__ = "related_cases"
    __table_args__ = _WITHOUT_ROWID
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    related_case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True, index=True)


class Note(Base):
    """A note on a case; its ID is unique within the case."""

    __tablename__ = "notes"
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[str]
    created: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)


class CustomValue(Base):
    """A value of a custom attribute of a case, in canonical form (contract REP-1)."""

    __tablename__ = "custom_values"
    __table_args__ = _WITHOUT_ROWID
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    attribute_id: Mapped[int] = mapped_column(ForeignKey("custom_attributes.id"), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[str]


class Activity(Base):
    """An activity of a case with a customer."""

    __tablename__ = "activities"
    __table_args__ = (Index(None, "case_id", "customer_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    activity_type: Mapped[str]
    mode: Mapped[str]
    created: Mapped[datetime]
    sent: Mapped[datetime | None]
    read: Mapped[bool]


class Session(Base):
    """A session of exactly one user, customer or client application, under the SHA-256 of its ID.

    Sessions from logins have `created`; sessions that the operator created do not. Sessions from logins of users and
    customers also have `idle_expires`; all others end at `expires` only.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint(
            "CASE WHEN user_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN customer_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN client_application_id IS NULL THEN 0 ELSE 1 END = 1",
            name="one_owner",
        ),
    )
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    client_application_id: Mapped[int | None] = mapped_column(ForeignKey("client_applications.id"), index=True)
    expires: Mapped[datetime] = mapped_column(index=True)
    created: Mapped[datetime | None]
    idle_expires: Mapped[datetime | None]


class FailedLogin(Base):
    """A failed login, stored three times: under the SHA-256 of its account, of its network address, and of both.

    Only the row for both has `account`, the SHA-256 of the account.
    """

    __tablename__ = "failed_logins"
    __table_args__ = (Index(None, "subject", "failed"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[bytes]
    account: Mapped[bytes | None] = mapped_column(index=True)
    failed: Mapped[datetime] = mapped_column(index=True)


class KnownAddress(Base):
    """A network address from which an account has logged in: the SHA-256 of both, and the time of the last login."""

    __tablename__ = "known_addresses"
    __table_args__ = _WITHOUT_ROWID
    account: Mapped[bytes] = mapped_column(primary_key=True)
    address: Mapped[bytes] = mapped_column(primary_key=True)
    succeeded: Mapped[datetime] = mapped_column(index=True)
