"""Groups of related attributes; the schema of an actor lists the groups that the actor may see.

A field has the name of the attribute of `casemgr.domain.cases` that it represents; in JSON and XML the name is in camel
case. Required fields are always present; other fields are omitted when their value is None.
"""

from marshmallow import fields

from casemgr.domain.cases import CustomAttribute, NamedValue, Note, RelatedCase
from casemgr.http.paths import ACTIVITIES_PATH, CASE_PATH, CUSTOMER_PATH, NOTE_PATH
from casemgr.i18n.display_values import ValueKind
from schemas.fields import WHOLE, DisplayValue, Group, Id, Instant, Items, Link, Links, Part

ORDER = (
    "link",
    "activities",
    "department",
    "status",
    "last_modified",
    "last_modified_by",
    "due_date",
    "owner",
    "customer",
    "severity",
    "subject",
    "created",
    "created_by",
    "originating_channel",
    "description",
    "solution",
    "user_last_worked",
    "related_cases",
    "notes",
    "last_closed",
    "custom_attributes",
    "recent_activity_date",
    "unread_activity_count",
    "id",
)
"""The order of the attributes of a case in JSON and XML. Source: contract, representations."""


class UserNameSchema(Part):
    """A user."""

    first_name = fields.String(required=True, metadata={"description": "The first name."})
    last_name = fields.String(required=True, metadata={"description": "The last name."})
    id = Id()


class ByUserSchema(Part):
    """The user who performed an action."""

    user = fields.Nested(UserNameSchema, attribute=WHOLE, required=True)


class ActivitiesSchema(Part):
    """The link to the activities of a case."""

    link = Link("activity", ACTIVITIES_PATH, "&customer={on_behalf_of}")


class DepartmentSchema(Part):
    """The department of a case."""

    name = fields.String(required=True, metadata={"description": "The name of the department."})
    id = Id()


class FolderSchema(Part):
    """The folder of a case."""

    name = DisplayValue(ValueKind.FOLDER, required=True)
    id = Id()


class OwnerSchema(Part):
    """The owner and the folder of a case."""

    user = Group(UserNameSchema)
    folder = Group(FolderSchema)


class CustomerNameSchema(Part):
    """The customer of a case."""

    link = Link("customer", CUSTOMER_PATH)
    customer_name = fields.String(attribute="name", required=True, metadata={"description": "The whole name."})
    id = Id()


class RelatedCasesSchema(Part):
    """The links to the related cases."""

    link = Links("case", RelatedCase._fields, CASE_PATH)


class NoteSchema(Part):
    """A note."""

    link = Link("self", NOTE_PATH)
    created = Instant(required=True, metadata={"description": "When the note was written."})
    created_by = Group(ByUserSchema, required=True, metadata={"description": "Who wrote the note."})
    content = fields.String(required=True, metadata={"description": "The text of the note."})
    id = Id()


class NotesSchema(Part):
    """The notes of a case."""

    note = Items(NoteSchema, Note._fields)


class AttribValueSchema(Part):
    """A value of a custom attribute; only the values of enumerations have a display value."""

    value = fields.String(required=True, metadata={"description": "The value, the same in every language."})
    display_value = fields.String(metadata={"description": "The name of the value in the language of the response."})


class AttribValuesSchema(Part):
    """The values of a custom attribute."""

    attrib_value = Items(AttribValueSchema, NamedValue._fields)


class CustomAttributeSchema(Part):
    """A custom attribute."""

    attrib_name = fields.String(
        attribute="name", required=True, metadata={"description": "The name, without `custom.`."}
    )
    attrib_values = fields.Nested(AttribValuesSchema, attribute="values", required=True)


class CustomAttributesSchema(Part):
    """The custom attributes of a case."""

    custom_attribute = Items(CustomAttributeSchema, CustomAttribute._fields)


class Identity(Part):
    """The ID of a case, and the links to the case and its activities."""

    link = Link("self", CASE_PATH, "?customer={on_behalf_of}")
    activities = fields.Nested(ActivitiesSchema, attribute=WHOLE, required=True)
    id = Id()


class State(Part):
    """Subject, status, severity and dates."""

    status = DisplayValue(ValueKind.STATUS, required=True)
    last_modified = Instant(required=True, metadata={"description": "When the case was last changed."})
    due_date = Instant(metadata={"description": "When the case is due."})
    severity = DisplayValue(ValueKind.SEVERITY, required=True)
    subject = fields.String(required=True, metadata={"description": "The subject of the case."})


class ConcernedCustomer(Part):
    """The customer whom the case concerns."""

    customer = Group(CustomerNameSchema)


class Organisation(Part):
    """Department, owner and last modifier of a case; for staff only."""

    department = Group(DepartmentSchema, required=True)
    last_modified_by = Group(ByUserSchema, metadata={"description": "Who last changed the case."})
    owner = Group(OwnerSchema, keys=("user_id", "folder_id"))


class History(Part):
    """Creation, channel and closing of a case."""

    created = Instant(required=True, metadata={"description": "When the case was created."})
    originating_channel = DisplayValue(ValueKind.CHANNEL)
    last_closed = Instant(metadata={"description": "When the case was last closed."})


class CustomAttributes(Part):
    """The custom attributes that the organisation has defined."""

    custom_attributes = fields.Nested(CustomAttributesSchema, required=True)


class Work(Part):
    """Details of the work on a case; for staff only."""

    created_by = Group(ByUserSchema, metadata={"description": "Who created the case."})
    description = fields.String(metadata={"description": "The description of the case."})
    solution = fields.String(metadata={"description": "The solution of the case."})
    user_last_worked = Group(ByUserSchema, metadata={"description": "Who last worked on the case."})
    related_cases = fields.Nested(RelatedCasesSchema, required=True)
    notes = fields.Nested(NotesSchema, required=True)


class VisibleActivities(Part):
    """The summary of the activities that the customer may see."""

    recent_activity_date = Instant(
        required=True, metadata={"description": "The date of the latest activity that the customer may see."}
    )
    unread_activity_count = fields.Integer(
        required=True, metadata={"description": "The number of unread activities that the customer may see."}
    )
