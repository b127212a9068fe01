"""The paths of the API: those that the service answers, and those that representations link to.

Names in braces are attributes of the object that the path belongs to.
"""

from collections.abc import Mapping

from casemgr.domain.actors import ActorKind

BASE_PATH = "/core/casemgr/v3"
AUTHENTICATION_PATH = "/core/authmgr/v3"

LOGIN_PATH = f"{AUTHENTICATION_PATH}/{{kind}}/login"
SESSION_PATH = f"{AUTHENTICATION_PATH}/session"
TOKEN_PATH = f"{AUTHENTICATION_PATH}/oauth2/token"
REVOCATION_PATH = f"{AUTHENTICATION_PATH}/oauth2/revoke"
METADATA_PATH = "/.well-known/oauth-authorization-server"

_USER_AUTHENTICATION = "/ws/v12/authentication/user"
_CUSTOMER_AUTHENTICATION = "/ws/v15/context/authentication/user"

LOGIN_PATHS: Mapping[ActorKind, tuple[str, ...]] = {
    ActorKind.USER: (
        LOGIN_PATH.format(kind=ActorKind.USER),
        f"/system{_USER_AUTHENTICATION}/login",
        f"{_USER_AUTHENTICATION}/login",
    ),
    ActorKind.CUSTOMER: (
        LOGIN_PATH.format(kind=ActorKind.CUSTOMER),
        f"/system{_CUSTOMER_AUTHENTICATION}/login",
        f"{_CUSTOMER_AUTHENTICATION}/login",
    ),
}
"""All paths of a login; clients of the product know those after the first. Source: contract LOG-2."""

LOGOUT_PATHS: Mapping[str, tuple[str, ...]] = {
    SESSION_PATH: ("DELETE",),
    f"/system{_USER_AUTHENTICATION}/logout": ("DELETE",),
    f"{_USER_AUTHENTICATION}/logout": ("DELETE",),
    f"/system{_CUSTOMER_AUTHENTICATION}/logout": ("DELETE", "POST"),
    f"{_CUSTOMER_AUTHENTICATION}/logout": ("DELETE", "POST"),
}
"""All paths that end a session, with their methods. Source: contract LOG-2."""

DOCS_PATH = f"{BASE_PATH}/docs"
ERROR_PAGE_PATH = f"{DOCS_PATH}/errors"
OPENAPI_JSON_PATH = f"{BASE_PATH}/openapi.json"
OPENAPI_YAML_PATH = f"{BASE_PATH}/openapi.yaml"
XML_SCHEMA_PATH = f"{BASE_PATH}/casemgr.xsd"
ERRORS_PATH = f"{BASE_PATH}/errors"

CASE_PATH = f"{BASE_PATH}/case/{{id}}"
NOTE_PATH = f"{BASE_PATH}/case/{{case_id}}/note/{{id}}"
ACTIVITIES_PATH = f"{BASE_PATH}/activity?case={{id}}"
CUSTOMER_PATH = "/core/customermgr/v3/customer/{id}"
