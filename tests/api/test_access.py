"""ACC-1 to ACC-13 and ORD-1, ORD-2."""

import pytest
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from casemgr.database.models import Session
from tests.api.client import CASE, CheckedClient, cases, details, error
from tests.api.conftest import Get, Have
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
BEARER = 'Bearer realm="casemgr"'
DID_NOT_HOLD = 'Bearer realm="casemgr", error="invalid_token"'


def test_each_kind_of_actor_gets_a_case_with_its_session(have: Have, get: Get) -> None:
    have(case(1), activity())
    for session_id in (USER, CUSTOMER, CLIENT):
        assert get("1", session_id).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
def test_the_scheme_is_case_insensitive(have: Have, client: CheckedClient, scheme: str) -> None:
    have(case(1))
    assert client.get(f"{CASE}/1", headers={"Authorization": scheme + CLIENT}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "code", "challenge"),
    [
        pytest.param({}, "401-100", BEARER, id="neither header"),
        pytest.param({"X-egain-session": "", "Authorization": " "}, "401-100", BEARER, id="both empty"),
        pytest.param({"X-egain-session": "nobody"}, "401-101", BEARER, id="unknown session"),
        pytest.param({"X-egain-session": "expired"}, "401-101", BEARER, id="expired session"),
        pytest.param({"X-egain-session": CLIENT}, "401-101", BEARER, id="session of a client application"),
        pytest.param({"X-egain-session": "disabled-user"}, "401-101", BEARER, id="disabled user"),
        pytest.param({"X-egain-session": "disabled-customer"}, "401-101", BEARER, id="disabled customer"),
        pytest.param({"X-egain-session": USER.upper()}, "401-101", BEARER, id="session in other case"),
        pytest.param({"Authorization": "Basic dTpw"}, "401-104", DID_NOT_HOLD, id="another scheme"),
        pytest.param({"Authorization": "Bearer"}, "401-104", DID_NOT_HOLD, id="no token"),
        pytest.param({"Authorization": CLIENT}, "401-104", DID_NOT_HOLD, id="no scheme"),
        pytest.param({"Authorization": f"Bearer {CLIENT} x"}, "401-104", DID_NOT_HOLD, id="two tokens"),
        pytest.param({"Authorization": f"Bearer {CLIENT},x"}, "401-104", DID_NOT_HOLD, id="a list"),
        pytest.param({"Authorization": f"Bearer\t{CLIENT}"}, "401-104", DID_NOT_HOLD, id="a tab"),
        pytest.param({"Authorization": "Bearer nobody"}, "401-105", DID_NOT_HOLD, id="unknown token"),
        pytest.param({"Authorization": "Bearer expired-client"}, "401-105", DID_NOT_HOLD, id="expired token"),
        pytest.param({"Authorization": "Bearer expired"}, "401-105", DID_NOT_HOLD, id="expired before whose"),
        pytest.param({"Authorization": "Bearer disabled-client"}, "401-105", DID_NOT_HOLD, id="disabled client"),
        pytest.param({"Authorization": f"Bearer {USER}"}, "401-106", DID_NOT_HOLD, id="token of a user"),
        pytest.param({"Authorization": f"Bearer {CUSTOMER}"}, "401-106", DID_NOT_HOLD, id="token of a customer"),
    ],
)
def test_who_cannot_be_authenticated_is_told_why(
    have: Have, client: CheckedClient, headers: dict[str, str], code: str, challenge: str
) -> None:
    have(
        user(21, disabled=True),
        customer(31, disabled=True),
        client_application(41, disabled=True),
        session("expired", PAST, user=20),
        session("expired-client", PAST, clientApplication=40),
        session("disabled-user", user=21),
        session("disabled-customer", customer=31),
        session("disabled-client", clientApplication=41),
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
def test_two_credentials_are_400(have: Have, client: CheckedClient, headers: dict[str, str]) -> None:
    have()
    assert error(client.get(f"{CASE}/1", headers=headers)) == (400, "400-115")


@pytest.mark.parametrize(
    ("headers", "echoed"),
    [({"X-egain-session": USER}, USER), ({"Authorization": f"Bearer {CLIENT}"}, None)],
)
@pytest.mark.parametrize("path", ["1", "2", "nonsense"])
def test_the_session_comes_back_the_way_it_came(
    have: Have, client: CheckedClient, headers: dict[str, str], echoed: str | None, path: str
) -> None:
    have(case(1))
    assert client.get(f"{CASE}/{path}", headers=headers).headers.get("X-egain-session") == echoed


def test_no_session_id_is_stored(have: Have, engine: Engine) -> None:
    have()
    with engine.connect() as connection:
        rows = connection.execute(select(Session.__table__)).all()
    assert len(rows) == 3
    assert USER not in repr(rows)


@pytest.mark.parametrize("client_type", ["UI", "api", "Api", "Kiosk"])
def test_a_client_application_must_be_of_the_type_api(have: Have, get: Get, client_type: str) -> None:
    have(client_application(41, clientType=client_type), session("other-client", clientApplication=41))
    assert error(get("nonsense?nonsense", "other-client")) == (403, "403-112")


def test_a_client_application_sees_every_case(have: Have, get: Get) -> None:
    have(case(1), case(2, department=OTHER))
    assert len(cases(get("1,2", CLIENT))) == 2


@pytest.mark.parametrize(
    "roles",
    [
        pytest.param([], id="no role"),
        pytest.param([2], id="the action on another resource"),
        pytest.param([3], id="another action on the resource"),
        pytest.param([2, 3], id="action and resource apart"),
        pytest.param([4], id="in other case"),
    ],
)
def test_a_user_needs_the_action_on_the_resource(have: Have, get: Get, roles: list[int]) -> None:
    have(
        role(2, resource="Knowledge"),
        role(3, action="Edit"),
        role(4, action="view agent console"),
        user(21, roles=roles),
        session("limited", user=21),
        case(1),
    )
    response = get("nonsense?nonsense", "limited")
    assert error(response) == (403, "403-178")
    assert details(response, "action") == ["View Agent Console"]
    assert details(response, "resource") == ["System"]


def test_one_of_several_roles_is_enough(have: Have, get: Get) -> None:
    have(role(2, action="Edit"), user(21, roles=[2, 1]), session("able", user=21), case(1))
    assert get("1", "able").status_code == 200


FAR = 12


@pytest.mark.parametrize(
    ("foreign", "sharings", "visible"),
    [
        pytest.param([], [], False, id="nothing"),
        pytest.param([OTHER], [], True, id="foreign user"),
        pytest.param([FAR], [], False, id="foreign user elsewhere"),
        pytest.param([], [sharing(OTHER, HOME)], True, id="shared with the home department"),
        pytest.param([], [sharing(OTHER, HOME, activities=False)], False, id="shared without activities"),
        pytest.param([], [sharing(HOME, OTHER)], False, id="shared the other way"),
        pytest.param([], [sharing(OTHER, FAR), sharing(FAR, HOME)], False, id="shared over a third"),
        pytest.param([FAR], [sharing(OTHER, FAR)], False, id="shared with a foreign department only"),
    ],
)
def test_a_user_sees_cases_of_certain_departments(
    engine: Engine, have: Have, get: Get, foreign: list[int], sharings: list[dict[str, object]], visible: bool
) -> None:
    have(case(1), case(2, department=OTHER))
    store(engine, department(FAR), *sharings)
    store(engine, user(20, foreignDepartments=foreign), replace=True)
    response = get("1,2")
    if visible:
        assert len(cases(response)) == 2
    else:
        assert error(response) == (403, "403-105")
        assert details(response, "id") == ["2"]


def test_one_forbidden_case_forbids_all_and_every_one_is_named(have: Have, get: Get) -> None:
    have(case(1), case(2, department=OTHER), case(3, department=OTHER))
    response = get("3,1,2,3")
    assert error(response) == (403, "403-105")
    assert details(response, "id") == ["3", "2"]
    assert "Subject" not in response.text


def test_existence_is_checked_before_permission(have: Have, get: Get) -> None:
    have(case(1), case(2, department=OTHER))
    response = get("2,7,1,8")
    assert error(response) == (404, "404-100")
    assert details(response, "id") == ["7", "8"]


@pytest.mark.parametrize("path", ["1,2", "1,1", ",".join("1" * 76)])
def test_a_customer_asks_for_one_case(have: Have, get: Get, path: str) -> None:
    have(case(1), activity())
    response = get(path, CUSTOMER)
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
def test_a_customer_sees_a_case_with_a_visible_activity(have: Have, get: Get, fields: Record, visible: bool) -> None:
    have(customer(31), case(1, customer=30), case(2, customer=30), activity(**fields))
    response = get("1", CUSTOMER)
    if visible:
        assert cases(response)
    else:
        assert error(response) == (404, "404-100")


def test_whose_case_it_is_plays_no_part(have: Have, get: Get) -> None:
    have(customer(31), case(1, customer=31), activity())
    assert cases(get("1", CUSTOMER))


def same(one: TestResponse, other: TestResponse, *texts: str) -> bool:
    """Compare responses but for a text that the request itself holds."""

    def comparable(response: TestResponse) -> tuple[object, ...]:
        body = response.text
        for text in texts:
            body = body.replace(text, "")
        return response.status_code, sorted(response.headers.items()), body

    return comparable(one) == comparable(other)


def test_an_invisible_case_looks_like_one_that_does_not_exist(have: Have, get: Get) -> None:
    have(case(1, customer=30))
    assert same(get("1", CUSTOMER, X_Request_ID="r"), get("2", CUSTOMER, X_Request_ID="r"), "“1”", "“2”", '"1"', '"2"')


def test_a_missing_grant_looks_like_a_missing_customer(have: Have, get: Get) -> None:
    have(customer(31), case(1), activity())
    refused = get("1?customer=31", CUSTOMER, X_Request_ID="r")
    assert error(refused) == (400, "400-114")
    assert details(refused, "customer") == ["31"]
    for nobody in ("32", "9" * 30):
        response = get(f"1?customer={nobody}", CUSTOMER, X_Request_ID="r")
        assert error(response) == (400, "400-114")
        if len(nobody) == 2:
            assert same(refused, response, "31", "32")


@pytest.mark.parametrize(
    ("grants", "granted"),
    [
        pytest.param([grant(30, 31)], True, id="on the other customer"),
        pytest.param([grant(31, 30)], False, id="the other way"),
        pytest.param([grant(30, 32), grant(32, 31)], False, id="over a third"),
        pytest.param([grant(32, 31)], False, id="of another customer"),
    ],
)
def test_a_grant_has_a_direction_and_is_not_transitive(
    have: Have, get: Get, grants: list[dict[str, object]], granted: bool
) -> None:
    have(customer(31), customer(32), *grants, case(1), activity(customer=31))
    assert get("1?customer=31", CUSTOMER).status_code == (200 if granted else 400)


def test_on_behalf_of_another_only_their_activities_count(have: Have, get: Get) -> None:
    have(customer(31), grant(30, 31), case(1), activity())
    assert error(get("1?customer=31", CUSTOMER)) == (404, "404-100")


def test_ones_own_id_needs_no_grant_and_changes_nothing(have: Have, get: Get) -> None:
    have(case(1, customer=30), activity())
    assert get("1?customer=30", CUSTOMER).data == get("1", CUSTOMER).data


def test_the_ids_are_checked_before_the_grant_and_the_grant_before_existence(have: Have, get: Get) -> None:
    have()
    assert error(get("nonsense?customer=31", CUSTOMER)) == (400, "400-108")
    assert error(get("1,2?customer=31", CUSTOMER)) == (400, "400-10424")
    assert error(get("1?customer=31", CUSTOMER)) == (400, "400-114")


def test_links_carry_on_the_customer_who_was_asked_for(have: Have, get: Get) -> None:
    have(customer(31), grant(30, 31), case(1, customer=31), activity(customer=31))
    [found] = cases(get("1?customer=31", CUSTOMER))
    assert found["link"] == [{"rel": "self", "href": f"{CASE}/1?customer=31"}]
    assert found["activities"]["link"][0]["href"] == "/core/casemgr/v3/activity?case=1&customer=31"
    assert found["customer"]["link"][0]["href"] == "/core/customermgr/v3/customer/31"


@pytest.mark.parametrize(("owner", "path", "shown"), [(30, "1", True), (31, "1", False), (None, "1", False)])
def test_a_customer_is_told_of_nobody_else(have: Have, get: Get, owner: int | None, path: str, shown: bool) -> None:
    staff = {"createdBy": 20, "lastModifiedBy": 20, "owner": 20, "userLastWorked": 20}
    have(customer(31, "Alan"), folder(60, "Secret"), case(1, customer=owner, folder=60, **staff), activity())
    response = get(f"{path}?$attribute=all", CUSTOMER)
    assert ("customer" in cases(response)[0]) == shown
    for name in ("Ada", "Byron", "Service", "Secret", "Alan", "department", "owner", "lastModifiedBy"):
        assert name not in response.text


def test_recent_activity_and_unread_count_are_those_of_visible_activities(have: Have, get: Get) -> None:
    have(
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
    [found] = cases(get("1?$attribute=recentActivityDate,unreadActivityCount", CUSTOMER))
    assert found["recentActivityDate"] == "2026-01-06T12:00:00.987Z"
    assert found["unreadActivityCount"] == 2


def test_nothing_unread_counts_zero(have: Have, get: Get) -> None:
    have(case(1), activity(read=True))
    assert cases(get("1?$attribute=unreadActivityCount", CUSTOMER))[0]["unreadActivityCount"] == 0


def test_negotiation_comes_before_authentication(client: CheckedClient) -> None:
    assert error(client.get(f"{CASE}/1", headers={"Accept": "text/html"})) == (406, "406-101")
    assert error(client.get(f"{CASE}/1", headers={"Accept-Language": "pl"})) == (406, "406-100")
