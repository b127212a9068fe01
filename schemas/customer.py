"""The attributes of a case that a customer sees: none about the staff and the organisation (contract ACC-13)."""

from schemas.parts import ConcernedCustomer, CustomAttributes, History, Identity, State, VisibleActivities


class CustomerCaseSchema(Identity, State, ConcernedCustomer, History, CustomAttributes, VisibleActivities):
    """A case for a customer."""
