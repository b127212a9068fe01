"""The pages for people in a browser: tasks of a newcomer, on a desktop and a phone, in light and dark colours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.live.chromium import ARGUMENTS, find_chromium
from tests.live.server import ROOT, SECONDS, Server

pytestmark = pytest.mark.browser

expect.set_options(timeout=SECONDS * 1000)

PAGE = "/core/casemgr/v3/docs"
ERRORS = f"{PAGE}/errors"
SCREENSHOTS = ROOT / "build" / "screenshots"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

SEND = "[data-addressbar-action=send]:visible"
FAILED_LOGIN = "the server responded with a status of 401"
# Scalar's client is a dialog with a main element in it.
AXE_OPTIONS: dict[str, Any] = {
    "resultTypes": ["violations"],
    "rules": {"landmark-no-duplicate-main": {"enabled": False}},
}


@contextmanager
def visit(browser: Browser, server: Server, **options: Any) -> Iterator[Page]:
    """Open the page at the address of the service; finally check that there were no complaints in the console and no
    requests to other servers.
    """
    complaints: list[str] = []
    requested: list[str] = []
    with browser.new_context(**options) as context:
        context.set_default_timeout(SECONDS * 1000)
        context.on("console", lambda message: complaints.append(message.text) if message.type != "info" else None)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("request", lambda request: requested.append(request.url))
        page = context.new_page()
        page.goto(server.url("/"))
        expect(page.get_by_role("heading", name="Guide")).to_be_visible()
        assert page.url.partition("#")[0] == server.url(PAGE)
        yield page
    assert [text for text in complaints if FAILED_LOGIN not in text] == []
    assert [url for url in requested if not url.startswith((server.url("/"), "data:"))] == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shared_page(browser: Browser, demo_server: Server) -> Iterator[Page]:
    """Open the page once, since loading it takes longer than most of the tests."""
    with visit(browser, demo_server, **DESKTOP, permissions=["clipboard-read", "clipboard-write"]) as page:
        yield page


@pytest.fixture
def page(shared_page: Page, demo_server: Server) -> Page:
    """Provide the page with nobody logged in."""
    if not shared_page.url.startswith(demo_server.url(f"{PAGE}#")):
        shared_page.goto(demo_server.url(PAGE))
    if shared_page.get_by_role("dialog").is_visible():
        shared_page.get_by_role("button", name="Close Client").click()
    if shared_page.get_by_role("button", name="Log out").is_visible():
        shared_page.get_by_role("button", name="Log out").click()
    return shared_page


def test_the_pages_are_accessible_on_a_desktop(page: Page, demo_server: Server) -> None:
    _look_around(page, demo_server, "desktop", "html")


@pytest.mark.parametrize(
    ("name", "options"), [("dark", {**DESKTOP, "color_scheme": "dark"}), ("phone", PHONE)], ids=["dark", "phone"]
)
def test_the_pages_are_accessible_on_other_screens(
    browser: Browser, demo_server: Server, name: str, options: dict[str, Any]
) -> None:
    with visit(browser, demo_server, **options) as page:
        # Checking whole pages would take seconds more.
        _look_around(page, demo_server, name, ":is([role=dialog], nav, form, :target)")


def test_a_user_logs_in_and_sees_a_case(page: Page) -> None:
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="nadia (user)").click()
    _send_request(page)
    expect(page.get_by_role("dialog")).to_contain_text('"1001"')
    page.screenshot(path=SCREENSHOTS / "task-user.png")


def test_a_client_gets_a_token_and_sees_three_cases_sorted(page: Page) -> None:
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("radio", name="Client application").click()
    page.get_by_label("Name or client ID").fill("crm-bridge")
    page.get_by_label("Password or secret").fill("crm-bridge-demo")
    page.keyboard.press("Enter")
    expect(page.get_by_text("crm-bridge", exact=True)).to_be_visible()
    client = _open_client(page)
    client.locator("#ids").get_by_label("Value").fill("1001,1002,1003")
    client.get_by_role("row", name="$sort").get_by_role("checkbox").click()
    with page.expect_response(lambda response: "/case/" in response.url) as answered:
        client.locator(SEND).click()
    assert [case["id"] for case in answered.value.json()["case"]] == ["1003", "1001", "1002"]
    expect(client.get_by_text("200 OK")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "task-client.png")


def test_a_login_that_fails_says_why_and_logging_out_ends_the_session(page: Page) -> None:
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("radio", name="User").click()
    page.get_by_label("Name or client ID").fill("nadia")
    page.get_by_label("Password or secret").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("401-102")
    page.get_by_label("Password or secret").fill("nadia-demo")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    with page.expect_response("**/session") as ended:
        page.get_by_role("button", name="Log out").click()
    assert ended.value.status == 204
    expect(page.get_by_text("No authentication selected").first).to_be_visible()


def test_a_sample_opens_those_of_its_language_and_can_be_copied(page: Page) -> None:
    page.locator("summary", has_text="Python").nth(1).click()
    expect(page.locator("details[open] summary", has_text="Python")).to_have_count(9)
    expect(page.locator("details[open] summary", has_text="curl")).to_have_count(0)
    block = page.locator("details[open] pre").first
    block.hover()
    block.get_by_role("button", name="Copy").click()
    expect(block.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("import json\n")


def test_a_reader_finds_an_error_in_japanese_and_copies_a_link_to_it(page: Page) -> None:
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Errors").click()
    page.get_by_role("link", name="日本語").click()
    page.get_by_label("Filter").fill("400-114")
    article = page.get_by_role("article")
    expect(article).to_have_count(1)
    article.get_by_role("button", name="Copy link").click()
    expect(article.get_by_role("button", name="Link copied")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "task-error.png")
    link = page.evaluate("navigator.clipboard.readText()")
    page.goto("about:blank")
    page.goto(link)
    target = page.locator("article:target")
    expect(target.get_by_role("heading", name="400-114")).to_be_in_viewport()
    expect(target).to_contain_text("顧客")
    page.get_by_role("link", name="Deutsch").click()
    expect(target).to_contain_text("Kunden")
    assert page.url.endswith("?locale=de-DE#400-114")


def test_the_pages_can_be_used_with_the_keyboard_alone(page: Page) -> None:
    page.reload()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('#reference').contains(document.activeElement)")
    _tab_to(page, "#log-in", key="Shift+Tab")
    page.keyboard.press("Enter")
    _tab_to(page, "[data-name=nadia]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    _tab_to(page, "nav a[href$=errors]", key="Shift+Tab")
    page.keyboard.press("Enter")
    _tab_to(page, "a[lang=de-DE]")
    page.keyboard.press("Enter")
    expect(page.locator("article [lang=de-DE]").first).to_contain_text("Die Anforderung")


def test_the_errors_are_printed_without_what_is_for_the_screen(shared_page: Page, demo_server: Server) -> None:
    shared_page.goto(demo_server.url(ERRORS))
    shared_page.emulate_media(media="print")
    expect(shared_page.get_by_role("heading", name="404-100")).to_be_visible()
    for role in ("navigation", "button", "searchbox"):
        expect(shared_page.get_by_role(role)).to_have_count(0)
    shared_page.emulate_media(media="screen")


def _look_around(page: Page, server: Server, name: str, part: str) -> None:
    page.screenshot(path=SCREENSHOTS / f"{name}-reference.png")
    page.get_by_role("button", name="Log in").click()
    _check(page, f"{name}-login", "#login")
    page.get_by_role("button", name="nadia (user)").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    if name == "phone":
        page.locator("header button").first.click()
    _send_request(page)
    _check(page, f"{name}-response", part)
    page.goto(server.url(f"{ERRORS}?locale=de-DE&beside=ru-RU#404-100"))
    _check(page, f"{name}-errors", part)


def _open_client(page: Page) -> Any:
    page.get_by_role("link", name="Retrieve cases by ID").first.click()
    page.get_by_role("button", name="Test Request").first.click()
    return page.get_by_role("dialog")


def _send_request(page: Page) -> None:
    client = _open_client(page)
    client.locator(SEND).click()
    expect(client.get_by_text("200 OK")).to_be_visible()


def _check(page: Page, name: str, part: str) -> None:
    """Check a part of what is on the screen, and take a picture for a person to look at."""
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    violations = Axe().run(page, context=part, options=AXE_OPTIONS).response["violations"]
    assert [(one["id"], node["html"], node["failureSummary"]) for one in violations for node in one["nodes"]] == []


def _tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    for _ in range(50):
        page.keyboard.press(key)
        if page.locator(selector).evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"The {key} key does not reach {selector}.")
