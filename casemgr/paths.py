"""The paths of the resources: those that the service answers and those that a representation refers to.

In braces is an attribute of the object that the path is of.
"""

BASE_PATH = "/core/casemgr/v3"
AUTHENTICATION_PATH = "/core/authmgr/v3"

LOGIN_PATH = f"{AUTHENTICATION_PATH}/{{kind}}/login"
SESSION_PATH = f"{AUTHENTICATION_PATH}/session"
DOCUMENTATION_PATH = f"{BASE_PATH}/docs"

CASE_PATH = f"{BASE_PATH}/case/{{id}}"
NOTE_PATH = f"{BASE_PATH}/case/{{case_id}}/note/{{id}}"
ACTIVITIES_PATH = f"{BASE_PATH}/activity?case={{id}}"
CUSTOMER_PATH = "/core/customermgr/v3/customer/{id}"
