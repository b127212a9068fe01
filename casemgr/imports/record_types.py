"""The types of records: the schema, the tables and the key of each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from marshmallow import Schema, fields

from casemgr.database import models
from casemgr.imports import records
from casemgr.imports.fields import Reference

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Child:
    """Rows of another table that belong to a record and are replaced together with it.

    :param source: the list in the loaded record that they are made of.
    :param parent: the column that refers to the record.
    :param build: builds the other columns from the position and the item of the list.
    """

    source: str
    model: type[models.Base]
    parent: str
    build: Callable[[int, Any], Row]


@dataclass(frozen=True, slots=True)
class RecordType:
    """A type of records.

    :param key: the columns of the key.
    :param unique: another column with unique values; empty if there is none.
    """

    name: str
    schema: Schema
    model: type[models.Base]
    key: tuple[str, ...] = ("id",)
    unique: str = ""
    children: tuple[Child, ...] = ()

    @property
    def key_field(self) -> str:
        """The fields of the key in the dataset."""
        return ", ".join(self._field(column) for column in self.key)

    @property
    def unique_field(self) -> str:
        """The field of the unique column in the dataset."""
        return self._field(self.unique)

    def _field(self, column: str) -> str:
        fields_by_column = {field.attribute or name: field for name, field in self.schema.load_fields.items()}
        return str(fields_by_column[column].data_key)

    def key_of(self, row: Row) -> Any:
        """Return the key of a row: one value, or a tuple of several."""
        return row[self.key[0]] if len(self.key) == 1 else tuple(row[column] for column in self.key)


class ReferenceTo(NamedTuple):
    """A reference to a record, and the field that holds it."""

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


_FOREIGN_DEPARTMENTS = Child(
    "foreign_departments", models.ForeignDepartment, "user_id", lambda _, item: {"department_id": item}
)
_ROLES = Child("roles", models.UserRole, "user_id", lambda _, item: {"role_id": item})
_ACTIONS = Child("actions", models.RoleAction, "role_id", lambda _, item: item)
_VALUES = Child(
    "values", models.EnumerationValue, "attribute_id", lambda position, item: {"position": position, **item}
)
_RELATED_CASES = Child("related_cases", models.RelatedCase, "case_id", lambda _, item: {"related_case_id": item})
_NOTES = Child("notes", models.Note, "case_id", lambda _, item: item)
_CUSTOM_VALUES = Child("custom", models.CustomValue, "case_id", lambda _, item: item)

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
            "user", records.UserRecord(), models.User, unique="login_id", children=(_FOREIGN_DEPARTMENTS, _ROLES)
        ),
        RecordType("folder", records.FolderRecord(), models.Folder),
        RecordType("customer", records.CustomerRecord(), models.Customer, unique="login_id"),
        RecordType(
            "customerGrant",
            records.CustomerGrantRecord(),
            models.CustomerGrant,
            key=("customer_id", "on_customer_id"),
        ),
        RecordType(
            "clientApplication", records.ClientApplicationRecord(), models.ClientApplication, unique="client_id"
        ),
        RecordType(
            "customAttribute",
            records.CustomAttributeRecord(),
            models.CustomAttribute,
            key=("name",),
            children=(_VALUES,),
        ),
        RecordType("case", records.CaseRecord(), models.Case, children=(_RELATED_CASES, _NOTES, _CUSTOM_VALUES)),
        RecordType("activity", records.ActivityRecord(), models.Activity),
        RecordType("session", records.SessionRecord(), models.Session, key=("digest",)),
    )
}
"""All types by name, in an order in which none refers to a later one. Source: contract, dataset."""
