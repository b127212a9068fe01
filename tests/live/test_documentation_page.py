"""The documentation page in a browser: with mouse and keyboard, on a desktop and a phone, in light and dark colours."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.live.chromium import ARGUMENTS, find_chromium
from tests.live.server import ROOT, SECONDS, Server

pytestmark = pytest.mark.browser

expect.set_options(timeout=SECONDS * 1000)

PAGE = "/core/casemgr/v3/docs"
SCREENS = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, demo_server: Server, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open the page, and check afterwards that there were no errors in the console and no requests to other servers."""
    messages: list[str] = []
    requested: list[str] = []
    with browser.new_context(**getattr(request, "param", {})) as context:
        context.set_default_timeout(SECONDS * 1000)
        page = context.new_page()
        page.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("request", lambda request: requested.append(request.url))
        page.goto(demo_server.url(PAGE))
        expect(page.locator(".opblock").first).to_be_visible()
        yield page
    assert [message for message in messages if not message.startswith("verbose:")] == []
    assert [url for url in requested if not url.startswith((demo_server.url("/"), "data:"))] == []


@pytest.mark.parametrize("page", SCREENS.values(), ids=SCREENS.keys(), indirect=True)
def test_the_page_fits_the_screen(page: Page, request: pytest.FixtureRequest) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for section in ("guide", "errors", "reference"):
        page.get_by_role("navigation", name="Sections").get_by_role("link", name=section.title()).click()
        expect(page.locator(f"#{section} > h2")).to_be_in_viewport()
        # Screenshots for a person to look at.
        page.screenshot(path=ROOT / "build" / "screenshots" / f"{request.node.callspec.id}-{section}.png")


@pytest.mark.parametrize(
    ("page", "is_dark"), [({}, False), ({"color_scheme": "dark"}, True)], ids=["light", "dark"], indirect=["page"]
)
def test_the_page_follows_the_colour_scheme_with_sufficient_contrast(page: Page, is_dark: bool) -> None:
    page.locator("#operations-cases-getCases .opblock-summary-control").click()
    expect(page.get_by_role("button", name="Execute")).to_be_visible()
    texts = page.evaluate(Path(__file__).with_name("texts.js").read_text())
    for sample in ("Authenticate", "404-100", "Retrieve cases by ID"):
        assert {text["isLight"] for text in texts if text["text"] == sample} == {is_dark}
    assert [text for text in texts if text["contrast"] < 4.5] == []


def test_try_it_out_returns_a_case(page: Page, demo_server: Server) -> None:
    page.get_by_role("button", name="Authorize").first.click()
    page.locator("#api_key_value").fill(_log_in(demo_server))
    page.get_by_role("button", name="Apply credentials").first.click()
    page.get_by_role("button", name="Close").first.click()
    operation = page.locator("#operations-cases-getCases")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Execute").click()
    response = operation.locator(".live-responses-table")
    expect(response).to_contain_text("Kettle switches itself off [#1001]")
    expect(response.locator("tbody .response-col_status")).to_contain_text("200")


def test_clicking_a_language_translates_the_errors(page: Page) -> None:
    row = page.locator("#errors tr", has=page.get_by_role("rowheader", name="404-100"))
    expect(row).to_contain_text("requested case does not exist")
    page.get_by_role("link", name="日本語").click()
    expect(row).to_contain_text("リクエストされたケース")
    expect(page.locator("#errors h2")).to_be_in_viewport()
    assert page.get_by_role("link", name="日本語").get_attribute("aria-current") == "true"


def test_the_page_can_be_used_with_the_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the guide")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Guide")).to_be_in_viewport()
    _tab_to(page, "#errors a[lang=de-DE]")
    page.keyboard.press("Enter")
    expect(page.locator("#errors td[lang=de-DE]").first).to_contain_text("Die Anforderung")
    _tab_to(page, "#operations-cases-getCases .opblock-summary-control")
    page.keyboard.press("Enter")
    expect(page.locator("#operations-cases-getCases .opblock-body")).to_be_visible()


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.locator(selector).evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"The Tab key does not reach {selector}.")


def _log_in(server: Server) -> str:
    with closing(server.connect()) as connection:
        body = json.dumps({"userName": "nadia", "password": "nadia-demo"})
        connection.request("POST", "/core/authmgr/v3/user/login", body, {"Content-Type": "application/json"})
        return connection.getresponse().headers["X-egain-session"]
