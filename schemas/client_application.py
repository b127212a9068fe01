"""The attributes of a case that a client application sees."""

from schemas.parts import ConcernedCustomer, CustomAttributes, History, Identity, Organisation, State, Work


class ClientApplicationCaseSchema(Identity, State, ConcernedCustomer, Organisation, History, CustomAttributes, Work):
    """A case for a client application."""
