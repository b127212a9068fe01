"""What a user sees of a case."""

from schemas.parts import ConcernedCustomer, CustomAttributes, History, Identity, Organisation, State, Work


class UserCaseSchema(Identity, State, ConcernedCustomer, Organisation, History, CustomAttributes, Work):
    """A case for a user."""
