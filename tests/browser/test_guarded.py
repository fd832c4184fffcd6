"""What a browser must not be able to do: see others' pages, stay signed in, be made to send a form, run a script."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from ascertain.domain.sessions import IDLE
from ascertain.service.auth import COOKIE
from tests.browser.harness import AUDITOR, DEVELOPER, LEARNER, MANAGER, Company, went_to
from tests.browser.visits import CONTESTS, link, one
from tests.integration.service.harness import serving
from tests.integration.service.test_keys import certificate

__all__ = ["certificate"]

NOT_YOURS = "There is nothing here, or it is about somebody or something that you may not see."


@pytest.mark.parametrize(
    ("who", "path"),
    [
        (LEARNER, f"/learners/{CONTESTS}"),
        (LEARNER, "/learners/FL9999"),
        (LEARNER, "/team"),
        (LEARNER, "/review"),
        (LEARNER, "/overview"),
        (LEARNER, "/learning"),
        (LEARNER, "/audit"),
        (LEARNER, "/audit/records/1"),
        (MANAGER, "/learners/FL1201"),
        (MANAGER, "/audit"),
        (DEVELOPER, "/audit"),
        (AUDITOR, f"/learners/{CONTESTS}"),
        (AUDITOR, "/team"),
    ],
)
def test_somebody_elses_address_is_refused(who: str, path: str, company: Company, browser: Browser) -> None:
    page = company.visitor(browser, who).new_page()
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 403
    expect(page.locator("main")).to_contain_text(NOT_YOURS)
    assert "Lindqvist" not in page.content()


def test_somebody_elses_assertion_and_dispute_are_refused_as_if_they_were_not_there(
    company: Company, browser: Browser
) -> None:
    page = company.visitor(browser, LEARNER).new_page()
    said = set()
    for path in (
        one("SELECT id FROM assertions WHERE learner_id = ?", CONTESTS, form="/assertions/{}")(company),
        one("SELECT id FROM disputes WHERE learner_id = ?", CONTESTS, form="/disputes/{}")(company),
        "/assertions/a000000000000000",
        "/disputes/d000000000000000",
    ):
        answer = page.goto(path)
        assert answer is not None
        said.add((answer.status, page.locator("main .card").inner_text()))
    assert len(said) == 1, "what is forbidden and what is not there read the same"
    assert {status for status, _ in said} == {403}


def test_a_session_that_was_left_alone_ends_and_leads_back(company: Company, browser: Browser) -> None:
    learner = "linh.tran-hoffmann@fjordlane.example"
    page = company.visitor(browser, learner).new_page()
    page.goto("/me")
    ((seen,),) = company.place.rows("SELECT seen_at FROM sessions WHERE email = ?", [learner])
    long_ago = datetime.fromisoformat(seen) - IDLE - timedelta(seconds=1)
    company.place.tamper(f"UPDATE sessions SET seen_at = '{long_ago.isoformat()}' WHERE email = '{learner}'")
    page.get_by_role("link", name="What may be used").click()
    expect(page.get_by_role("status")).to_have_text("Your session ended. Sign in again.")
    company.signs_in(learner)
    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What may be used")


def test_signing_out_ends_it_for_every_window_and_for_the_way_back(company: Company, browser: Browser) -> None:
    window = company.visitor(browser, MANAGER)
    page, other = window.new_page(), window.new_page()
    page.goto("/team")
    other.goto("/me")
    (kept,) = [c["value"] for c in window.cookies() if c["name"] == COOKIE]
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    assert not [c for c in window.cookies() if c["name"] == COOKIE]
    other.reload()
    assert went_to(other).startswith("/sign-in")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    window.add_cookies([{"name": COOKIE, "value": kept, "url": company.url}])  # as somebody would who had copied it
    other.goto("/team")
    assert went_to(other).startswith("/sign-in")


def test_another_site_cannot_send_a_form(company: Company, browser: Browser) -> None:
    window = company.visitor(browser, LEARNER)
    evil = "http://localhost:9"
    company.watched[-1].allowed.add(evil)
    to = f"{company.url}/me/mails"
    form = f'<form method="post" action="{to}"><input name="mails" value="off"><button>Win</button></form>'
    window.route(f"{evil}/**", lambda route: route.fulfill(body=form, content_type="text/html"))
    page = window.new_page()
    page.goto(f"{evil}/")
    with page.expect_response(to) as answer:
        page.get_by_role("button").click()
    assert answer.value.status in (401, 403)
    page.goto(f"{company.url}/me/data")
    expect(page.get_by_role("button", name="No mails, please")).to_be_visible()


def test_a_form_of_another_session_is_refused(company: Company, browser: Browser) -> None:
    page = company.visitor(browser, LEARNER).new_page()
    page.goto("/me/data")
    page.evaluate("for (const f of document.querySelectorAll('[name=csrf]')) f.value = 'x'.repeat(64)")
    with page.expect_response("**/me/mails") as answer:
        page.get_by_role("button", name="No mails, please").click()
    assert answer.value.status == 403
    expect(page.locator("main")).to_contain_text("not of this session")


def test_no_script_reads_the_session_and_none_that_is_slipped_in_runs(company: Company, browser: Browser) -> None:
    page = company.visitor(browser, LEARNER).new_page()
    page.goto("/me")
    assert COOKIE not in page.evaluate("document.cookie")
    page.evaluate(
        """() => {
          const inline = document.createElement('script');
          inline.textContent = 'window.ran = true';
          const foreign = document.createElement('script');
          foreign.src = 'data:text/javascript,window.ran=true';
          const shown = document.createElement('img');
          shown.setAttribute('onerror', 'window.ran = true');
          shown.src = '/static/none.png';
          document.body.append(inline, foreign, shown);
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None
    refused = [c for c in company.watched[-1].complaints if "Content Security Policy" in c]
    assert len(refused) == 3
    company.watched[-1].complaints.clear()


def test_every_answer_carries_the_security_headers(company: Company, browser: Browser) -> None:
    page = company.visitor(browser, LEARNER).new_page()
    for path in ("/me", "/nothing-here", "/team", "/sign-in"):
        answer = page.goto(path)
        assert answer is not None
        headers = answer.headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy, "no other host"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"


def test_the_cookie_over_http_and_over_tls(company: Company, browser: Browser, certificate: tuple[Path, Path]) -> None:
    def signed_in(url: str, **options: Any) -> dict[str, object]:
        window = company.visitor(browser, base_url=url, **options)
        company.watched[-1].allowed.add(url)
        page = window.new_page()
        page.goto(link(company))
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Sign out").wait_for()
        (cookie,) = [c for c in window.cookies() if COOKIE in str(c.get("name"))]
        window.close()  # with its connections, for whose end over TLS a server waits
        return dict(cookie)

    plain = signed_in(company.url)
    assert (plain["name"], plain["httpOnly"], plain["sameSite"], plain["secure"]) == (COOKIE, True, "Lax", False)
    with serving(company.app, tls=certificate) as served:
        locked = signed_in(served.url, ignore_https_errors=True)
    assert locked["name"] == f"__Host-{COOKIE}"
    assert (locked["httpOnly"], locked["sameSite"], locked["secure"], locked["path"]) == (True, "Lax", True, "/")


@pytest.mark.parametrize("path", ["/me", "/team", "/overview"])
def test_what_is_printed_is_the_page_without_its_tools(path: str, company: Company, browser: Browser) -> None:
    page = company.visitor(browser, MANAGER, color_scheme="dark").new_page()
    page.goto(path)
    page.emulate_media(media="print", color_scheme="light")
    for tools in page.locator(".top, form, .actions, .tabs").all():
        assert not tools.is_visible()
    assert page.get_by_role("heading", level=1).is_visible()
    assert white(page)
    assert page.pdf().startswith(b"%PDF")


def white(page: Page) -> bool:
    """Whether ink is not spent on a background."""
    found: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return found == "rgb(255, 255, 255)"
