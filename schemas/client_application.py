"""What a client application sees of a case."""

from schemas.parts import ConcernedCustomer, CustomAttributes, History, Identity, Organisation, State, Work


class ClientApplicationCaseSchema(Identity, State, ConcernedCustomer, Organisation, History, CustomAttributes, Work):
    """A case for a client application."""
