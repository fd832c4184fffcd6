"""What people come for, done in a browser as they do it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.harness import ADMIN, AUDITOR, DEVELOPER, FAIRNESS, MANAGER, PHONE, STEWARD, Company, stop, went_to
from tests.browser.visits import one


def decision_on(company: Company, address: str) -> tuple[object, ...]:
    """What was decided at that address: (decision, decided level, own level, by). It may have been an item whose answer
    is known, which the desk puts among the others by chance."""
    found = "SELECT decision, decided_level, own_level, decided_by FROM review_{} WHERE id = ?"
    item = address.rpartition("/")[2]
    rows = company.place.rows(f"{found.format('items')} UNION ALL {found.format('checks')}", [item, item])
    assert len(rows) == 1, address
    return rows[0]


@pytest.mark.parametrize(
    ("email", "group", "begins", "offered"),
    [
        ("mateusz.korczyk@fjordlane.example", "", "/me", ["Me"]),
        ("priya.raghunathan@fjordlane.example", "", "/me", ["Me"]),
        (MANAGER, "", "/me", ["Me", "My team", "Review", "Disputes"]),
        ("new.developer@fjordlane.example", "skills-learning", "/team", ["Review", "Disputes", "Learning", "Audit"]),
        ("new.auditor@fjordlane.example", "skills-audit", "/audit", ["Audit"]),
        (AUDITOR, "", "/audit", ["Audit"]),
    ],
    ids=["learner", "another learner", "manager", "learning and development", "auditor by a group", "auditor"],
)
def test_somebody_signs_in_at_the_organisations_provider(
    email: str, group: str, begins: str, offered: list[str], company: Company, browser: Browser
) -> None:
    company.signs_in(email, *([group] if group else []))
    page = company.visitor(browser).new_page()
    page.goto("/overview" if group == "skills-learning" else "/")
    assert went_to(page).startswith("/sign-in?next=")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()
    # Back to what was asked for; from the start page, where their work begins.
    assert went_to(page) == ("/overview" if group == "skills-learning" else begins)
    menu = unfolded(page)
    for name in offered:
        assert menu.get_by_role("link", name=name).count() == 1, name
    assert ("Audit" in offered) is bool(menu.get_by_role("link", name="Audit").count())


def test_a_one_time_link_signs_in_once(company: Company, browser: Browser) -> None:
    printed = company.place.run("access", "link", MANAGER, "--at", company.url, env=company.env).stdout.strip()
    page = company.visitor(browser).new_page()
    for _ in range(2):  # a mail program that looks at the link uses nothing up
        page.goto(printed)
    page.get_by_role("button", name="Sign in").click()
    expect(unfolded(page).get_by_role("link", name="My team")).to_be_visible()
    other = company.visitor(browser).new_page()
    other.goto(printed)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("status")).to_have_text("This link was used, is over, or is none. Ask for a new one.")


def test_a_learner_follows_a_figure_to_its_evidence_contests_it_and_reads_the_answer(
    company: Company, browser: Browser
) -> None:
    learner = "yewande.afolayan@fjordlane.example"
    ident = one("SELECT id FROM learners WHERE email = ?", learner)(company)
    skill = one("SELECT id FROM assertions WHERE learner_id = ? AND state = 'accepted' ORDER BY id", ident)(company)
    page = company.visitor(browser, learner).new_page()
    page.goto("/me")
    row = page.locator(f"#s-{skill}")
    label = row.locator(".name").inner_text()
    row.locator("summary").click()
    expect(row.locator(".pieces li").first).to_be_visible()
    row.get_by_role("link", name="How this came about").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(label)
    page.get_by_role("link", name="Build it again").click()
    expect(page.get_by_role("status")).to_contain_text("byte for byte the same figures")

    page.get_by_role("link", name="This is not right").click()
    page.get_by_label("What is wrong?").fill("I led this for two years; the figure is too low.")
    page.get_by_role("button", name="Contest it").click()
    expect(page.get_by_role("status")).to_contain_text("It is contested.")
    address = went_to(page)
    page.goto("/me")
    expect(page.locator(f"#s-{skill} .tag.contested")).to_be_visible()

    answers = company.visitor(browser, DEVELOPER).new_page()
    answers.goto("/disputes")
    answers.get_by_role("row", name="Yewande").get_by_role("link", name=label).click()
    assert went_to(answers) == address
    answers.get_by_label("Another level").check()
    answers.get_by_label("The level, where it is another").select_option("4")
    answers.get_by_label("Why").fill("Two years in the lead, as her project records say.")
    answers.get_by_role("button", name="Answer").click()
    expect(answers.get_by_role("status")).to_contain_text("It is decided")

    page.goto("/me/disputes")
    page.get_by_role("link", name=label).click()
    expect(page.get_by_text("Two years in the lead, as her project records say.")).to_be_visible()
    page.goto(f"/assertions/{skill}")
    expect(page.locator("main")).to_contain_text("level 4 of 5 (advanced)")
    asked = "SELECT decided_by FROM disputes WHERE assertion_id = ?"
    assert company.place.rows(asked, [skill]) == [(DEVELOPER,)]


def test_a_consent_is_taken_back_and_what_rested_on_it_is_gone(company: Company, browser: Browser) -> None:
    learner = "gareth.pugh-morland@fjordlane.example"
    ident = one("SELECT id FROM learners WHERE email = ?", learner)(company)
    held = "SELECT count(*) FROM evidence WHERE learner_id = ? AND kind = 'manager_review'"
    assert company.place.rows(held, [ident])[0][0] > 0
    page = company.visitor(browser, learner, viewport=PHONE).new_page()
    page.goto("/me/consents")
    page.locator("li", has_text="Manager reviews").get_by_role("link", name="Change").click()
    expect(page.get_by_role("heading", name="Say no")).to_be_visible()
    page.get_by_label("A note, if you like").fill("I would rather be judged by my work.")
    page.get_by_role("button", name="I say no").click()
    expect(page.locator("li", has_text="Manager reviews").get_by_text("not used", exact=True)).to_be_visible()
    assert company.place.rows(held, [ident]) == [(0,)]


def test_a_review_by_keyboard_alone(company: Company, browser: Browser) -> None:
    page = company.visitor(browser, MANAGER).new_page()
    page.goto("/review")
    page.keyboard.press("n")
    page.get_by_role("heading", name="2. What does it show?").wait_for()
    first = went_to(page)
    assert page.locator("#suggestion").count() == 0, "nothing is suggested before one has judged"
    page.keyboard.press("3")
    page.keyboard.press("s")
    page.locator("#suggestion").wait_for()
    page.keyboard.press("a")
    expect(page.get_by_label("Accept")).to_be_checked()
    page.keyboard.press("w")
    page.keyboard.type("as the evidence shows")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Decide and go on")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: urlsplit(url).path != first)
    expect(page.get_by_role("status").first).to_contain_text("Accepted.")
    decision, _, own, by = decision_on(company, first)
    assert (decision, own, by) == ("accept", 3, MANAGER)


def test_a_review_without_javascript(company: Company, browser: Browser) -> None:
    page = company.visitor(browser, MANAGER, java_script_enabled=False).new_page()
    page.goto("/review")
    page.get_by_role("link", name="Begin with the most urgent").click()
    first = went_to(page)
    page.get_by_label("1 awareness").check()
    page.get_by_role("button", name="Show what is suggested").click()
    page.get_by_label("Adjust the level").check()
    page.get_by_label("The right level, to adjust").select_option("1")
    page.get_by_label("Why, in a few words").fill("one course is a beginning")
    page.get_by_role("button", name="Decide and go on").click()
    expect(page.get_by_role("status").first).to_contain_text("Adjusted.")
    assert decision_on(company, first) == ("adjust", 1, 1, MANAGER)


def test_a_manager_goes_from_the_heat_map_to_a_person(company: Company, browser: Browser) -> None:
    page = company.visitor(browser, MANAGER).new_page()
    page.goto("/team")
    cell = page.locator("table.heat td a", has_text="%").first
    name = (cell.get_attribute("aria-label") or "").partition(",")[0]
    cell.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert name in page.locator("main").inner_text()
    assert went_to(page).startswith(("/learners/", "/assertions/"))


@pytest.mark.slow
def test_a_run_is_started_and_watched_until_it_ends(company: Company, browser: Browser, tmp_path: Path) -> None:
    page = company.visitor(browser, DEVELOPER).new_page()
    page.goto("/runs/new")
    page.get_by_label("or a cohort").select_option(label="role: HR Business Partner")
    page.get_by_label("whose case has not changed").check()
    page.get_by_role("button", name="Estimate").click()
    expect(page.locator("dt", has_text="To be assessed")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    words, state = page.locator("[data-words]"), page.locator("#h-state")
    expect(words).to_contain_text("0 of 2")
    address = went_to(page)
    log = tmp_path / "worker.log"
    worker = company.worker(log)
    try:
        expect(words).to_contain_text("2 of 2", timeout=120_000)  # nobody touches the page meanwhile
        expect(state).to_contain_text("done", timeout=30_000)
    finally:
        stop(worker)
    assert went_to(page) == address
    ended = (
        "SELECT r.state FROM run_requests q JOIN run_request_members m ON m.request_id = q.id"
        " JOIN runs r ON r.id = m.run_id WHERE q.asked_by = ?"
    )
    assert company.place.rows(ended, [DEVELOPER]) == [("done",), ("done",)], log.read_text()
    page.goto("/runs")
    row = page.get_by_role("row").filter(has_text=DEVELOPER)
    expect(row).to_contain_text("done")


def test_the_menu_offers_nothing_that_is_refused(company: Company, browser: Browser) -> None:
    for email in (MANAGER, DEVELOPER, AUDITOR, FAIRNESS, ADMIN, STEWARD):
        page = company.visitor(browser, email).new_page()
        page.goto("/")
        links = unfolded(page).get_by_role("link").all()
        addresses = [link.get_attribute("href") or "" for link in links]
        assert addresses
        for address in addresses:
            assert page.request.get(address).status == 200, (email, address)


def test_a_folded_menu_opens_one_part_at_a_time_and_closes_with_a_key(company: Company, browser: Browser) -> None:
    page = company.visitor(browser, DEVELOPER).new_page()
    page.goto("/overview")
    menu = page.get_by_role("navigation", name="Main")
    expect(menu.locator("summary.here")).to_contain_text("People")
    assert page.locator("header").bounding_box()["height"] < 60, "one line"  # type: ignore[index]
    for name, within in (("Decisions", "Review"), ("Learning", "Content")):
        menu.locator("summary", has_text=name).click()
        expect(menu.get_by_role("link", name=within)).to_be_visible()
        expect(menu.locator("details[open]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(menu.locator("details[open]")).to_have_count(0)
    expect(menu.locator("summary", has_text="Learning")).to_be_focused()


def unfolded(page: Page) -> Locator:
    """The menu with its folded parts open, of which a browser keeps one."""
    menu = page.get_by_role("navigation", name="Main")
    menu.evaluate("e => e.querySelectorAll('details').forEach(d => { d.removeAttribute('name'); d.open = true; })")
    return menu


def test_on_a_phone_the_menu_opens_without_a_script(company: Company, browser: Browser) -> None:
    page = company.visitor(browser, MANAGER, viewport=PHONE, java_script_enabled=False).new_page()
    page.goto("/me")
    entry = page.get_by_role("navigation", name="Main").get_by_role("link", name="My team")
    expect(entry).to_have_count(0)
    page.locator("summary", has_text="Menu").click()
    entry.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My team")
