"""The types of records: their schemas, tables and keys."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from marshmallow import Schema, fields

from casemgr.database import models
from casemgr.domain.actors import ActorKind
from casemgr.imports import records
from casemgr.imports.fields import Reference

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChildTable:
    """A table with one row for each item of a list in a record; the rows are replaced together with the record.

    :param list_name: the name of the list in the loaded record.
    :param parent_column: the column that refers to the record.
    :param item_column: the column with an item; empty when items are objects, whose fields are the columns.
    :param position_column: the column with the position of an item; empty when there is none, or items have it already.
    """

    list_name: str
    model: type[models.Base]
    parent_column: str
    item_column: str = ""
    position_column: str = ""

    def build_columns(self, position: int, item: Any) -> Row:
        """Build the columns of a row, except `parent_column`, from the position and the value of an item."""
        columns = {self.item_column: item} if self.item_column else item
        return {self.position_column: position, **columns} if self.position_column else columns

    def build_item(self, row: Row) -> Any:
        """Build an item from a row."""
        return row[self.item_column] if self.item_column else row


@dataclass(frozen=True, slots=True)
class RecordType:
    """A type of records.

    :param key: the names of the key columns.
    :param unique: the name of another unique column; empty when there is none.
    :param account: the kind of account; None when the records are not accounts.
    :param hash_column: the name of the column with the hash of the secret of an account.
    :param owned: the models of other types whose records are deleted together with the record that they refer to.
    """

    name: str
    schema: records.Record
    model: type[models.Base]
    key: tuple[str, ...] = ("id",)
    unique: str = ""
    account: ActorKind | None = None
    hash_column: str = ""
    children: tuple[ChildTable, ...] = ()
    owned: tuple[type[models.Base], ...] = ()

    @property
    def key_field(self) -> str:
        """The dataset fields of the key."""
        return ", ".join(self._field(column) for column in self.key)

    @property
    def unique_field(self) -> str:
        """The dataset field of the unique column."""
        return self._field(self.unique)

    def _field(self, column: str) -> str:
        fields_by_column = {field.attribute or name: field for name, field in self.schema.load_fields.items()}
        return str(fields_by_column[column].data_key)

    def key_of(self, row: Row) -> Any:
        """Return the key of a row: one value, or a tuple of several."""
        return row[self.key[0]] if len(self.key) == 1 else tuple(row[column] for column in self.key)


class ReferenceTo(NamedTuple):
    """A reference to a record, and the path of the field that contains it."""

    field: str
    model: type[models.Base]
    id: int


def find_references(schema: Schema, row: Row, path: str = "") -> Iterator[ReferenceTo]:
    """Find all references in a loaded record."""
    for name, field in schema.load_fields.items():
        value = row.get(field.attribute or name)
        if not value:
            continue
        if isinstance(field, Reference):
            yield ReferenceTo(f"{path}{field.data_key}", field.model, value)
        elif isinstance(field, fields.List):
            yield from _find_references_in_list(f"{path}{field.data_key}", field.inner, value)


def _find_references_in_list(path: str, inner: fields.Field[Any], values: list[Any]) -> Iterator[ReferenceTo]:
    for position, value in enumerate(values):
        if isinstance(inner, Reference):
            yield ReferenceTo(f"{path}.{position}", inner.model, value)
        elif isinstance(inner, fields.Nested):
            yield from find_references(inner.schema, value, f"{path}.{position}.")


_FOREIGN_DEPARTMENTS = ChildTable(
    "foreign_departments", models.ForeignDepartment, "user_id", item_column="department_id"
)
_ROLES = ChildTable("roles", models.UserRole, "user_id", item_column="role_id")
_ACTIONS = ChildTable("actions", models.RoleAction, "role_id")
_VALUES = ChildTable("values", models.EnumerationValue, "attribute_id", position_column="position")
_RELATED_CASES = ChildTable("related_cases", models.RelatedCase, "case_id", item_column="related_case_id")
_NOTES = ChildTable("notes", models.Note, "case_id")
_CUSTOM_VALUES = ChildTable("custom", models.CustomValue, "case_id")

RECORD_TYPES: Mapping[str, RecordType] = {
    record_type.name: record_type
    for record_type in (
        RecordType("department", records.DepartmentRecord(), models.Department),
        RecordType(
            "departmentSharing",
            records.DepartmentSharingRecord(),
            models.DepartmentSharing,
            key=("from_department_id", "to_department_id"),
        ),
        RecordType("role", records.RoleRecord(), models.Role, children=(_ACTIONS,)),
        RecordType(
            "user",
            records.UserRecord(),
            models.User,
            unique="login_id",
            account=ActorKind.USER,
            hash_column="password_hash",
            children=(_FOREIGN_DEPARTMENTS, _ROLES),
            owned=(models.Session,),
        ),
        RecordType("folder", records.FolderRecord(), models.Folder),
        RecordType(
            "customer",
            records.CustomerRecord(),
            models.Customer,
            unique="login_id",
            account=ActorKind.CUSTOMER,
            hash_column="password_hash",
            owned=(models.CustomerGrant, models.Session),
        ),
        RecordType(
            "customerGrant",
            records.CustomerGrantRecord(),
            models.CustomerGrant,
            key=("customer_id", "on_customer_id"),
        ),
        RecordType(
            "clientApplication",
            records.ClientApplicationRecord(),
            models.ClientApplication,
            unique="client_id",
            account=ActorKind.CLIENT_APPLICATION,
            hash_column="client_secret_hash",
            owned=(models.Session,),
        ),
        RecordType(
            "customAttribute",
            records.CustomAttributeRecord(),
            models.CustomAttribute,
            key=("name",),
            children=(_VALUES,),
        ),
        RecordType(
            "case",
            records.CaseRecord(),
            models.Case,
            children=(_RELATED_CASES, _NOTES, _CUSTOM_VALUES),
            owned=(models.Activity,),
        ),
        RecordType("activity", records.ActivityRecord(), models.Activity),
        RecordType("session", records.SessionRecord(), models.Session, key=("digest",)),
    )
}
"""All types by name; no type refers to a later one. Source: contract, dataset."""
