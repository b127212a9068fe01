"""What a customer sees of a case: nothing that names staff, the organisation or another customer (contract ACC-13)."""

from schemas.parts import ConcernedCustomer, CustomAttributes, History, Identity, State, VisibleActivities


class CustomerCaseSchema(Identity, State, ConcernedCustomer, History, CustomAttributes, VisibleActivities):
    """A case for a customer."""
