"""The paths of the API: those that the service answers, and those that representations link to.

Names in braces are attributes of the object that the path belongs to.
"""

BASE_PATH = "/core/casemgr/v3"
AUTHENTICATION_PATH = "/core/authmgr/v3"

LOGIN_PATH = f"{AUTHENTICATION_PATH}/{{kind}}/login"
SESSION_PATH = f"{AUTHENTICATION_PATH}/session"
TOKEN_PATH = f"{AUTHENTICATION_PATH}/oauth2/token"
REVOCATION_PATH = f"{AUTHENTICATION_PATH}/oauth2/revoke"
METADATA_PATH = "/.well-known/oauth-authorization-server"

DOCS_PATH = f"{BASE_PATH}/docs"
OPENAPI_JSON_PATH = f"{BASE_PATH}/openapi.json"
OPENAPI_YAML_PATH = f"{BASE_PATH}/openapi.yaml"
XML_SCHEMA_PATH = f"{BASE_PATH}/casemgr.xsd"

CASE_PATH = f"{BASE_PATH}/case/{{id}}"
NOTE_PATH = f"{BASE_PATH}/case/{{case_id}}/note/{{id}}"
ACTIVITIES_PATH = f"{BASE_PATH}/activity?case={{id}}"
CUSTOMER_PATH = "/core/customermgr/v3/customer/{id}"
