"""The paths of the resources: those that the service answers and those that a representation refers to."""

BASE_PATH = "/core/casemgr/v3"
AUTHENTICATION_PATH = "/core/authmgr/v3"


def case_path(case_id: int) -> str:
    """Build the path of a case."""
    return f"{BASE_PATH}/case/{case_id}"


def note_path(case_id: int, note_id: int) -> str:
    """Build the path of a note."""
    return f"{case_path(case_id)}/note/{note_id}"


def activities_path(case_id: int) -> str:
    """Build the path, with its query, of the activities of a case."""
    return f"{BASE_PATH}/activity?case={case_id}"


def customer_path(customer_id: int) -> str:
    """Build the path of a customer."""
    return f"/core/customermgr/v3/customer/{customer_id}"
