"""Authentication and permissions: contract ACC-1 to ACC-13, ORD-1 and ORD-2."""

import pytest
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from casemgr.database.models import Session
from tests.api.client import CASE, CheckedClient, cases, details, error
from tests.api.conftest import GetCases, StoreRecords
from tests.factories import (
    CLIENT,
    CUSTOMER,
    HOME,
    OTHER,
    USER,
    Record,
    activity,
    case,
    client_application,
    customer,
    department,
    folder,
    grant,
    role,
    session,
    sharing,
    store,
    user,
)

PAST = "2020-01-01T00:00:00Z"
CHALLENGE = 'Bearer realm="casemgr"'
INVALID_TOKEN = 'Bearer realm="casemgr", error="invalid_token"'


def test_each_kind_of_actor_gets_a_case_with_its_session(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(case(1), activity())
    for session_id in (USER, CUSTOMER, CLIENT):
        assert get_cases("1", session_id).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
def test_the_bearer_scheme_is_case_insensitive(store_records: StoreRecords, client: CheckedClient, scheme: str) -> None:
    store_records(case(1))
    assert client.get(f"{CASE}/1", headers={"Authorization": scheme + CLIENT}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "code", "challenge"),
    [
        pytest.param({}, "401-100", CHALLENGE, id="neither header"),
        pytest.param({"X-egain-session": "", "Authorization": " "}, "401-100", CHALLENGE, id="both empty"),
        pytest.param({"X-egain-session": "nobody"}, "401-101", CHALLENGE, id="unknown session"),
        pytest.param({"X-egain-session": "session-that-has-expired"}, "401-101", CHALLENGE, id="expired session"),
        pytest.param({"X-egain-session": CLIENT}, "401-101", CHALLENGE, id="session of a client application"),
        pytest.param({"X-egain-session": "session-of-a-disabled-user"}, "401-101", CHALLENGE, id="disabled user"),
        pytest.param(
            {"X-egain-session": "session-of-a-disabled-customer"}, "401-101", CHALLENGE, id="disabled customer"
        ),
        pytest.param({"X-egain-session": USER.upper()}, "401-101", CHALLENGE, id="session in other case"),
        pytest.param({"Authorization": "Basic dTpw"}, "401-104", INVALID_TOKEN, id="another scheme"),
        pytest.param({"Authorization": "Bearer"}, "401-104", INVALID_TOKEN, id="no token"),
        pytest.param({"Authorization": CLIENT}, "401-104", INVALID_TOKEN, id="no scheme"),
        pytest.param({"Authorization": f"Bearer {CLIENT} x"}, "401-104", INVALID_TOKEN, id="two tokens"),
        pytest.param({"Authorization": f"Bearer {CLIENT},x"}, "401-104", INVALID_TOKEN, id="a list"),
        pytest.param({"Authorization": f"Bearer\t{CLIENT}"}, "401-104", INVALID_TOKEN, id="a tab"),
        pytest.param({"Authorization": "Bearer nobody"}, "401-105", INVALID_TOKEN, id="unknown token"),
        pytest.param(
            {"Authorization": "Bearer session-of-an-expired-client"}, "401-105", INVALID_TOKEN, id="expired token"
        ),
        pytest.param({"Authorization": "Bearer expired"}, "401-105", INVALID_TOKEN, id="expired token of a user"),
        pytest.param(
            {"Authorization": "Bearer session-of-a-disabled-client"}, "401-105", INVALID_TOKEN, id="disabled client"
        ),
        pytest.param({"Authorization": f"Bearer {USER}"}, "401-106", INVALID_TOKEN, id="token of a user"),
        pytest.param({"Authorization": f"Bearer {CUSTOMER}"}, "401-106", INVALID_TOKEN, id="token of a customer"),
    ],
)
def test_invalid_credentials_give_401_with_a_challenge(
    store_records: StoreRecords, client: CheckedClient, headers: dict[str, str], code: str, challenge: str
) -> None:
    store_records(
        user(21, disabled=True),
        customer(31, disabled=True),
        client_application(41, disabled=True),
        session("session-that-has-expired", PAST, user=20),
        session("session-of-an-expired-client", PAST, clientApplication=40),
        session("session-of-a-disabled-user", user=21),
        session("session-of-a-disabled-customer", customer=31),
        session("session-of-a-disabled-client", clientApplication=41),
    )
    response = client.get(f"{CASE}/nonsense?nonsense", headers=headers)
    assert error(response) == (401, code)
    assert response.headers["WWW-Authenticate"] == challenge
    assert "X-egain-session" not in response.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"X-egain-session": USER, "Authorization": f"Bearer {CLIENT}"},
        {"X-egain-session": "nobody", "Authorization": "nonsense"},
    ],
)
def test_both_credentials_at_once_give_400(
    store_records: StoreRecords, client: CheckedClient, headers: dict[str, str]
) -> None:
    store_records()
    assert error(client.get(f"{CASE}/1", headers=headers)) == (400, "400-115")


@pytest.mark.parametrize(
    ("headers", "echoed"),
    [({"X-egain-session": USER}, USER), ({"Authorization": f"Bearer {CLIENT}"}, None)],
)
@pytest.mark.parametrize("path", ["1", "2", "nonsense"])
def test_the_response_repeats_a_session_but_not_a_token(
    store_records: StoreRecords, client: CheckedClient, headers: dict[str, str], echoed: str | None, path: str
) -> None:
    store_records(case(1))
    assert client.get(f"{CASE}/{path}", headers=headers).headers.get("X-egain-session") == echoed


def test_the_database_holds_no_session_id(store_records: StoreRecords, engine: Engine) -> None:
    store_records()
    with engine.connect() as connection:
        rows = connection.execute(select(Session.__table__)).all()
    assert len(rows) == 3
    assert USER not in repr(rows)


@pytest.mark.parametrize("client_type", ["UI", "api", "Api", "Kiosk"])
def test_a_client_application_must_be_of_the_type_api(
    store_records: StoreRecords, get_cases: GetCases, client_type: str
) -> None:
    store_records(
        client_application(41, clientType=client_type), session("session-of-another-client", clientApplication=41)
    )
    assert error(get_cases("nonsense?nonsense", "session-of-another-client")) == (403, "403-112")


def test_a_client_application_sees_every_case(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(case(1), case(2, department=OTHER))
    assert len(cases(get_cases("1,2", CLIENT))) == 2


@pytest.mark.parametrize(
    "roles",
    [
        pytest.param([], id="no role"),
        pytest.param([2], id="the action on another resource"),
        pytest.param([3], id="another action on the resource"),
        pytest.param([2, 3], id="action and resource in different roles"),
        pytest.param([4], id="in other case"),
    ],
)
def test_a_user_needs_the_action_on_the_resource(
    store_records: StoreRecords, get_cases: GetCases, roles: list[int]
) -> None:
    store_records(
        role(2, resource="Knowledge"),
        role(3, action="Edit"),
        role(4, action="view agent console"),
        user(21, roles=roles),
        session("session-of-a-limited-user", user=21),
        case(1),
    )
    response = get_cases("nonsense?nonsense", "session-of-a-limited-user")
    assert error(response) == (403, "403-178")
    assert details(response, "action") == ["View Agent Console"]
    assert details(response, "resource") == ["System"]


def test_one_of_several_roles_is_enough(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(role(2, action="Edit"), user(21, roles=[2, 1]), session("session-of-another-user", user=21), case(1))
    assert get_cases("1", "session-of-another-user").status_code == 200


FAR = 12


@pytest.mark.parametrize(
    ("foreign", "sharings", "visible"),
    [
        pytest.param([], [], False, id="nothing"),
        pytest.param([OTHER], [], True, id="foreign user"),
        pytest.param([FAR], [], False, id="foreign user of a third department"),
        pytest.param([], [sharing(OTHER, HOME)], True, id="shared with the home department"),
        pytest.param([], [sharing(OTHER, HOME, activities=False)], False, id="shared without activities"),
        pytest.param([], [sharing(HOME, OTHER)], False, id="shared the other way"),
        pytest.param([], [sharing(OTHER, FAR), sharing(FAR, HOME)], False, id="shared through a third department"),
        pytest.param([FAR], [sharing(OTHER, FAR)], False, id="shared with a foreign department only"),
    ],
)
def test_a_user_sees_cases_of_home_foreign_and_sharing_departments(
    engine: Engine,
    store_records: StoreRecords,
    get_cases: GetCases,
    foreign: list[int],
    sharings: list[dict[str, object]],
    visible: bool,
) -> None:
    store_records(case(1), case(2, department=OTHER))
    store(engine, department(FAR), *sharings)
    store(engine, user(20, foreignDepartments=foreign), replace=True)
    response = get_cases("1,2")
    if visible:
        assert len(cases(response)) == 2
    else:
        assert error(response) == (403, "403-105")
        assert details(response, "id") == ["2"]


def test_one_forbidden_case_fails_the_request_and_all_forbidden_ids_are_named(
    store_records: StoreRecords, get_cases: GetCases
) -> None:
    store_records(case(1), case(2, department=OTHER), case(3, department=OTHER))
    response = get_cases("3,1,2,3")
    assert error(response) == (403, "403-105")
    assert details(response, "id") == ["3", "2"]
    assert "Subject" not in response.text


def test_existence_is_checked_before_permission(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(case(1), case(2, department=OTHER))
    response = get_cases("2,7,1,8")
    assert error(response) == (404, "404-100")
    assert details(response, "id") == ["7", "8"]


@pytest.mark.parametrize("path", ["1,2", "1,1", ",".join("1" * 76)])
def test_a_customer_may_request_one_case_only(store_records: StoreRecords, get_cases: GetCases, path: str) -> None:
    store_records(case(1), activity())
    response = get_cases(path, CUSTOMER)
    assert error(response) == (400, "400-10424")
    assert details(response, "limit") == ["1"]


@pytest.mark.parametrize(
    ("fields", "visible"),
    [
        ({"activityType": "email", "mode": "inbound"}, True),
        ({"activityType": "email", "mode": "inbound", "sent": "2026-01-01T00:00:00Z"}, True),
        ({"activityType": "email", "mode": "outbound", "sent": "2026-01-01T00:00:00Z"}, True),
        ({"activityType": "email", "mode": "outbound"}, False),
        ({"activityType": "chat", "mode": "inbound"}, True),
        ({"activityType": "chat", "mode": "outbound"}, True),
        ({"activityType": "calltrack", "mode": "outbound"}, True),
        ({"activityType": "social", "mode": "inbound"}, True),
        ({"activityType": "task"}, False),
        ({"activityType": "generic"}, False),
        ({"activityType": "web"}, False),
        ({"activityType": "task", "mode": "outbound", "sent": "2026-01-01T00:00:00Z"}, False),
        ({"customer": 31}, False),
        ({"case": 2}, False),
    ],
    ids=str,
)
def test_a_customer_sees_a_case_only_with_a_visible_activity(
    store_records: StoreRecords, get_cases: GetCases, fields: Record, visible: bool
) -> None:
    store_records(customer(31), case(1, customer=30), case(2, customer=30), activity(**fields))
    response = get_cases("1", CUSTOMER)
    if visible:
        assert cases(response)
    else:
        assert error(response) == (404, "404-100")


def test_a_customer_with_an_activity_sees_the_case_of_another_customer(
    store_records: StoreRecords, get_cases: GetCases
) -> None:
    store_records(customer(31), case(1, customer=31), activity())
    assert cases(get_cases("1", CUSTOMER))


def same(one: TestResponse, other: TestResponse, *texts: str) -> bool:
    """Compare responses, ignoring texts that come from the request itself."""

    def comparable(response: TestResponse) -> tuple[object, ...]:
        body = response.text
        for text in texts:
            body = body.replace(text, "")
        return response.status_code, sorted(response.headers.items()), body

    return comparable(one) == comparable(other)


def test_an_invisible_case_gives_the_same_response_as_a_missing_case(
    store_records: StoreRecords, get_cases: GetCases
) -> None:
    store_records(case(1, customer=30))
    assert same(
        get_cases("1", CUSTOMER, X_Request_ID="r"),
        get_cases("2", CUSTOMER, X_Request_ID="r"),
        "“1”",
        "“2”",
        '"1"',
        '"2"',
    )


def test_a_missing_grant_gives_the_same_response_as_a_missing_customer(
    store_records: StoreRecords, get_cases: GetCases
) -> None:
    store_records(customer(31), case(1), activity())
    refused = get_cases("1?customer=31", CUSTOMER, X_Request_ID="r")
    assert error(refused) == (400, "400-114")
    assert details(refused, "customer") == ["31"]
    for nobody in ("32", "9" * 30):
        response = get_cases(f"1?customer={nobody}", CUSTOMER, X_Request_ID="r")
        assert error(response) == (400, "400-114")
        if len(nobody) == 2:
            assert same(refused, response, "31", "32")


@pytest.mark.parametrize(
    ("grants", "granted"),
    [
        pytest.param([grant(30, 31)], True, id="on the other customer"),
        pytest.param([grant(31, 30)], False, id="the other way"),
        pytest.param([grant(30, 32), grant(32, 31)], False, id="through a third customer"),
        pytest.param([grant(32, 31)], False, id="of another customer"),
    ],
)
def test_a_grant_has_a_direction_and_is_not_transitive(
    store_records: StoreRecords, get_cases: GetCases, grants: list[dict[str, object]], granted: bool
) -> None:
    store_records(customer(31), customer(32), *grants, case(1), activity(customer=31))
    assert get_cases("1?customer=31", CUSTOMER).status_code == (200 if granted else 400)


def test_only_activities_of_the_effective_customer_count(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(customer(31), grant(30, 31), case(1), activity())
    assert error(get_cases("1?customer=31", CUSTOMER)) == (404, "404-100")


def test_the_customers_own_id_needs_no_grant_and_changes_nothing(
    store_records: StoreRecords, get_cases: GetCases
) -> None:
    store_records(case(1, customer=30), activity())
    assert get_cases("1?customer=30", CUSTOMER).data == get_cases("1", CUSTOMER).data


def test_the_ids_are_checked_before_the_grant_and_the_grant_before_existence(
    store_records: StoreRecords, get_cases: GetCases
) -> None:
    store_records()
    assert error(get_cases("nonsense?customer=31", CUSTOMER)) == (400, "400-108")
    assert error(get_cases("1,2?customer=31", CUSTOMER)) == (400, "400-10424")
    assert error(get_cases("1?customer=31", CUSTOMER)) == (400, "400-114")


def test_links_keep_the_customer_parameter(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(customer(31), grant(30, 31), case(1, customer=31), activity(customer=31))
    [found] = cases(get_cases("1?customer=31", CUSTOMER))
    assert found["link"] == [{"rel": "self", "href": f"{CASE}/1?customer=31"}]
    assert found["activities"]["link"][0]["href"] == "/core/casemgr/v3/activity?case=1&customer=31"
    assert found["customer"]["link"][0]["href"] == "/core/customermgr/v3/customer/31"


@pytest.mark.parametrize(("owner", "path", "shown"), [(30, "1", True), (31, "1", False), (None, "1", False)])
def test_a_customer_sees_no_staff_department_folder_or_other_customer(
    store_records: StoreRecords, get_cases: GetCases, owner: int | None, path: str, shown: bool
) -> None:
    staff = {"createdBy": 20, "lastModifiedBy": 20, "owner": 20, "userLastWorked": 20}
    store_records(customer(31, "Alan"), folder(60, "Secret"), case(1, customer=owner, folder=60, **staff), activity())
    response = get_cases(f"{path}?$attribute=all", CUSTOMER)
    assert ("customer" in cases(response)[0]) == shown
    for name in ("Ada", "Byron", "Service", "Secret", "Alan", "department", "owner", "lastModifiedBy"):
        assert name not in response.text


def test_recent_activity_and_unread_count_ignore_invisible_activities(
    store_records: StoreRecords, get_cases: GetCases
) -> None:
    store_records(
        customer(31),
        case(1),
        activity(51, created="2026-01-05T00:00:00Z", read=True),
        activity(
            52, activityType="email", mode="outbound", created="2026-01-01T00:00:00Z", sent="2026-01-06T12:00:00.987Z"
        ),
        activity(53, activityType="email", created="2026-01-04T00:00:00Z", sent="2026-03-01T00:00:00Z"),
        activity(54, activityType="email", mode="outbound", created="2026-02-01T00:00:00Z"),
        activity(55, activityType="task", created="2026-02-02T00:00:00Z"),
        activity(56, customer=31, created="2026-02-03T00:00:00Z"),
    )
    [found] = cases(get_cases("1?$attribute=recentActivityDate,unreadActivityCount", CUSTOMER))
    assert found["recentActivityDate"] == "2026-01-06T12:00:00.987Z"
    assert found["unreadActivityCount"] == 2


def test_the_unread_count_is_zero_when_everything_is_read(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(case(1), activity(read=True))
    assert cases(get_cases("1?$attribute=unreadActivityCount", CUSTOMER))[0]["unreadActivityCount"] == 0


def test_negotiation_comes_before_authentication(client: CheckedClient) -> None:
    assert error(client.get(f"{CASE}/1", headers={"Accept": "text/html"})) == (406, "406-101")
    assert error(client.get(f"{CASE}/1", headers={"Accept-Language": "pl"})) == (406, "406-100")
