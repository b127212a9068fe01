"""Groups of attributes that belong together; an actor's schema names the groups that the actor may see.

A field is named after the attribute of `casemgr.cases` that it shows; on the wire the name is in camel case.
"""

from marshmallow import fields

from casemgr.cases import Case, CustomerName, Note
from casemgr.display_values import ValueKind
from casemgr.paths import activities_path, case_path, customer_path, note_path
from schemas.fields import WHOLE, DisplayValue, Instant, Link, Links, NamedValueSchema, Part

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
"""The order of the attributes of a case in either media type. Source: contract, representations."""


def _link_case(case: Case) -> list[Link]:
    suffix = "" if case.on_behalf_of is None else f"?customer={case.on_behalf_of}"
    return [Link("self", case_path(case.id) + suffix)]


def _link_activities(case: Case) -> list[Link]:
    suffix = "" if case.on_behalf_of is None else f"&customer={case.on_behalf_of}"
    return [Link("activity", activities_path(case.id) + suffix)]


def _link_customer(customer: CustomerName) -> list[Link]:
    return [Link("customer", customer_path(customer.id))]


def _link_related_cases(case_ids: tuple[int, ...]) -> list[Link]:
    return [Link("case", case_path(case_id)) for case_id in case_ids]


def _link_note(note: Note) -> list[Link]:
    return [Link("self", note_path(note.case_id, note.id))]


class UserNameSchema(Part):
    """A user as a case names them."""

    first_name = fields.String()
    last_name = fields.String()
    id = fields.String()


class ByUserSchema(Part):
    """The user who did something."""

    user = fields.Nested(UserNameSchema, attribute=WHOLE)


class ActivitiesSchema(Part):
    """Where the activities of a case are."""

    link = Links(_link_activities)


class DepartmentSchema(Part):
    """The department that a case belongs to."""

    name = fields.String()
    id = fields.String()


class FolderSchema(Part):
    """The folder that a case lies in."""

    name = DisplayValue(ValueKind.FOLDER)
    id = fields.String()


class OwnerSchema(Part):
    """Who has a case, and in which folder."""

    user = fields.Nested(UserNameSchema)
    folder = fields.Nested(FolderSchema)


class CustomerNameSchema(Part):
    """The customer of a case."""

    link = Links(_link_customer)
    customer_name = fields.String(attribute="name")
    id = fields.String()


class RelatedCasesSchema(Part):
    """Where the related cases are."""

    link = Links(_link_related_cases)


class NoteSchema(Part):
    """A note."""

    link = Links(_link_note)
    created = Instant()
    created_by = fields.Nested(ByUserSchema)
    content = fields.String()
    id = fields.String()


class NotesSchema(Part):
    """The notes of a case."""

    note = fields.List(fields.Nested(NoteSchema), attribute=WHOLE)


class AttribValuesSchema(Part):
    """The values of a custom attribute."""

    attrib_value = fields.List(fields.Nested(NamedValueSchema), attribute=WHOLE)


class CustomAttributeSchema(Part):
    """A custom attribute."""

    attrib_name = fields.String(attribute="name")
    attrib_values = fields.Nested(AttribValuesSchema, attribute="values")


class CustomAttributesSchema(Part):
    """The custom attributes of a case."""

    custom_attribute = fields.List(fields.Nested(CustomAttributeSchema), attribute=WHOLE)


class Identity(Part):
    """Which case it is, and where to find it and its activities."""

    link = Links(_link_case)
    activities = fields.Nested(ActivitiesSchema, attribute=WHOLE)
    id = fields.String()


class State(Part):
    """What the case is about and how it stands."""

    status = DisplayValue(ValueKind.STATUS)
    last_modified = Instant()
    due_date = Instant()
    severity = DisplayValue(ValueKind.SEVERITY)
    subject = fields.String()


class ConcernedCustomer(Part):
    """The customer of the case."""

    customer = fields.Nested(CustomerNameSchema)


class Organisation(Part):
    """Which part of the organisation has the case, and who there."""

    department = fields.Nested(DepartmentSchema)
    last_modified_by = fields.Nested(ByUserSchema)
    owner = fields.Nested(OwnerSchema)


class History(Part):
    """Where the case comes from and when it ended."""

    created = Instant()
    originating_channel = DisplayValue(ValueKind.CHANNEL)
    last_closed = Instant()


class CustomAttributes(Part):
    """What the organisation adds to its cases."""

    custom_attributes = fields.Nested(CustomAttributesSchema)


class Work(Part):
    """What the staff did and wrote."""

    created_by = fields.Nested(ByUserSchema)
    description = fields.String()
    solution = fields.String()
    user_last_worked = fields.Nested(ByUserSchema)
    related_cases = fields.Nested(RelatedCasesSchema, attribute="related_case_ids")
    notes = fields.Nested(NotesSchema)


class VisibleActivities(Part):
    """What a customer learns of the activities that are visible to them."""

    recent_activity_date = Instant()
    unread_activity_count = fields.Integer()
