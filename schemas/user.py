"""The attributes of a case that a user sees."""

from schemas.parts import ConcernedCustomer, CustomAttributes, History, Identity, Organisation, State, Work


class UserCaseSchema(Identity, State, ConcernedCustomer, Organisation, History, CustomAttributes, Work):
    """A case for a user."""
