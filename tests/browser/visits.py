"""Every page, with somebody who looks at it. A route of a page that nobody visits fails ``test_pages.py``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi.routing import APIRoute
from playwright.sync_api import Page

from ascertain.pipeline.permit import operator, principal_of
from ascertain.pipeline.review_bulk import groups
from ascertain.pipeline.run_requests import ask
from ascertain.pipeline.sign_in import make_link
from ascertain.report.fairness_kept import keep_report
from ascertain.service.pages.routes import PAGES
from tests.browser.harness import ADMIN, AUDITOR, DEVELOPER, FAIRNESS, LEARNER, MANAGER, NOBODY, STEWARD, Company
from tests.integration.service.audit_material import candidate, fairness_report, on_record

SOMEBODY, CONTESTS = "FL1101", "FL1106"
"""Priya Raghunathan, and Oskar Lindqvist, who contests a level."""
PARTNER = "kwabena.asante-boateng@fjordlane.example"
"""The HR partner, who answers what people ask about their data."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A page as one person sees it.

    Attributes:
        name: of the visit, and of its picture.
        route: the path as the application declares it.
        who: address of the reader; empty for nobody who is signed in.
        path: where it is in a company.
        then: what is done there before one looks, for what only a form's answer shows.
        status: with which it answers.
        picture: whether `docs/pages.md` shows it.
    """

    name: str
    route: str
    who: str
    path: Callable[[Company], str]
    then: Callable[[Page], None] | None = None
    status: int = 200
    picture: bool = True


def at(path: str) -> Callable[[Company], str]:
    """Wherever the company is."""
    return lambda _: path


def one(query: str, *values: object, form: str = "{}") -> Callable[[Company], str]:
    """The address that holds what the database answers first."""

    def found(company: Company) -> str:
        rows = company.place.rows(query, values)
        assert rows, query
        return form.format(rows[0][0])

    return found


def assertion(state: str, form: str = "/assertions/{}") -> Callable[[Company], str]:
    """An assertion about somebody, in that state."""
    order = "SELECT id FROM assertions WHERE learner_id = ? AND state = ? ORDER BY skill_id"
    return one(order, SOMEBODY, state, form=form)


def review_item(company: Company) -> str:
    """An item that waits for a team's manager, about which nobody has said anything yet."""
    return one(
        "SELECT id FROM review_items WHERE assignee = 'FL1001' AND decision IS NULL AND withdrawn_at IS NULL"
        " AND learner_id = ? ORDER BY due_on DESC, id DESC",
        SOMEBODY,
        form="/review/{}",
    )(company)


def judged(page: Page) -> None:
    """The reader has said what they see."""
    if page.get_by_role("radio", name="2 foundation").count():
        page.get_by_role("radio", name="2 foundation").check()
        page.get_by_role("button", name="Show what is suggested").click()
    page.locator("#suggestion").wait_for()


def opened(page: Page) -> None:
    """The first skills show what is behind them."""
    for summary in page.locator(".skills summary").all()[:2]:
        summary.click()


def verified(page: Page) -> None:
    page.get_by_role("button", name="Verify the chain now").click()
    page.get_by_role("heading", name="The chain is").wait_for()


def built_again(page: Page) -> None:
    page.locator("#again details summary").click()


def link(company: Company) -> str:
    """A link that is good for one sign-in."""
    with company.app.units() as uow:
        by = operator("demonstration", today=company.app.clock.today())
        secret = make_link(uow, by, LEARNER, clock=company.app.clock)
        uow.commit()
    return f"/sign-in/link?token={secret}"


def last_record(company: Company) -> str:
    """The record of a decision on the audit chain."""
    return one("SELECT max(seq) FROM audit_records WHERE action = 'review.decided'", form="/audit/records/{}")(company)


def asked_for(company: Company) -> str:
    """An assessment that somebody has just asked for."""
    with company.app.units() as uow:
        learner = uow.people.get(SOMEBODY)
        assert learner is not None
        made = ask(uow, operator("demonstration", today=company.app.clock.today()), company.app.clock, [learner])
        uow.commit()
    return f"/runs/{made.id}"


batch = one(
    "SELECT started_by || '&day=' || substr(started_at, 1, 10) FROM runs ORDER BY started_at DESC",
    form="/runs/rounds?trigger={}",
)


def calibration(company: Company) -> str:
    """A fit that waits for somebody's yes."""
    return f"/audit/calibration/{candidate(company.app, 'somebody else')}"


def fairness_audit(company: Company) -> str:
    """An audit with its report."""
    now = company.app.clock.now()
    report = fairness_report(now, 3)
    keep_report(company.app.settings.home_dir, report)
    on_record(company.app, f"seen{now:%H%M%S%f}", report, now)
    return one("SELECT id FROM fairness_audits ORDER BY made_at DESC", form="/audit/fairness/{}")(company)


def many(company: Company) -> str:
    """A list that can be decided at once."""
    who = company.app
    with who.units(write=False) as uow:
        reader = principal_of(uow, MANAGER, today=who.clock.today())
        group = groups(uow, reader)[0]
    return "/review/many?" + urlencode(
        {"skill": group.skill_id, "source": f"{group.source.system}:{group.source.kind}"}
    )


REQUEST = one("SELECT id FROM rights_requests WHERE state = ?", "open", form="/requests/{}")
PLAN = one("SELECT id FROM onboarding_plans WHERE state = ?", "draft", form="/onboarding/{}")
DISPUTE = one("SELECT id FROM disputes WHERE learner_id = ?", CONTESTS, form="/disputes/{}")

PROPOSAL = one("SELECT id FROM taxonomy_proposals ORDER BY kind = ? DESC, id", "merge", form="/taxonomy/proposals/{}")

COURSE = one("SELECT id FROM contents ORDER BY transcript DESC, id", form="/content/{}")
"""With a transcript, where one has it."""

VISITS = (
    Visit("sign-in", "/sign-in", "", at("/sign-in")),
    Visit("sign-in-link", "/sign-in/link", "", link),
    Visit("welcome", "/welcome", NOBODY, at("/welcome")),
    Visit("me", "/me", LEARNER, at("/me"), opened),
    Visit("me-path", "/me/path", LEARNER, at("/me/path")),
    Visit("paths", "/paths", MANAGER, at("/paths")),
    Visit("path", "/learners/{learner}/path", MANAGER, at(f"/learners/{SOMEBODY}/path")),
    Visit("learner", "/learners/{learner}", MANAGER, at(f"/learners/{SOMEBODY}"), picture=False),
    Visit("receipt", "/assertions/{assertion}", LEARNER, assertion("accepted")),
    Visit("receipt-unsure", "/assertions/{assertion}", LEARNER, assertion("not_enough_evidence"), picture=False),
    Visit("receipt-waits", "/assertions/{assertion}", MANAGER, assertion("in_review"), picture=False),
    Visit(
        "replay", "/assertions/{assertion}/replay", LEARNER, assertion("accepted", "/assertions/{}/replay"), built_again
    ),
    Visit("dispute-new", "/disputes/new", LEARNER, assertion("accepted", "/disputes/new?assertion={}")),
    Visit("me-disputes", "/me/disputes", "oskar.lindqvist@fjordlane.example", at("/me/disputes")),
    Visit("dispute-own", "/disputes/{dispute}", "oskar.lindqvist@fjordlane.example", DISPUTE, picture=False),
    Visit("disputes", "/disputes", MANAGER, at("/disputes")),
    Visit("dispute", "/disputes/{dispute}", DEVELOPER, DISPUTE),
    Visit("me-mentors", "/me/mentors", "ayse.demirkan@fjordlane.example", at("/me/mentors")),
    Visit("me-consents", "/me/consents", LEARNER, at("/me/consents")),
    Visit("me-consent", "/me/consents/{topic}", LEARNER, at("/me/consents/reviews")),
    Visit("me-access", "/me/access", LEARNER, at("/me/access")),
    Visit("me-data", "/me/data", LEARNER, at("/me/data")),
    Visit("requests", "/requests", PARTNER, at("/requests")),
    Visit("request", "/requests/{ident}", PARTNER, REQUEST),
    Visit("team", "/team", MANAGER, at("/team")),
    Visit("onboarding", "/onboarding", MANAGER, at("/onboarding")),
    Visit("onboarding-plan", "/onboarding/{plan}", DEVELOPER, PLAN),
    Visit("me-onboarding", "/me/onboarding", "samira.bennouna@fjordlane.example", at("/me/onboarding")),
    Visit("me-onboarding-none", "/me/onboarding", LEARNER, at("/me/onboarding"), picture=False),
    Visit("review", "/review", MANAGER, at("/review")),
    Visit("review-untrained", "/review", STEWARD, at("/review?mine=0"), picture=False),
    Visit("review-item", "/review/{item}", MANAGER, review_item),
    Visit("review-suggestion", "/review/{item}", MANAGER, review_item, judged),
    Visit("review-many", "/review/many", MANAGER, at("/review/many"), picture=False),
    Visit("review-many-list", "/review/many", MANAGER, many),
    Visit("review-quality", "/review/quality", MANAGER, at("/review/quality")),
    Visit("overview", "/overview", DEVELOPER, at("/overview")),
    Visit("marketplace", "/marketplace", LEARNER, at("/marketplace")),
    Visit("openings", "/openings", PARTNER, at("/openings")),
    Visit("opening", "/openings/{opening}", PARTNER, at("/openings/G-77")),
    Visit("me-readiness", "/me/readiness", LEARNER, at("/me/readiness")),
    Visit("succession", "/succession", PARTNER, at("/succession")),
    Visit("succession-role", "/succession/{key_role}", PARTNER, at("/succession/K-EM")),
    Visit("learning", "/learning", DEVELOPER, at("/learning")),
    Visit("content", "/content", DEVELOPER, at("/content")),
    Visit("content-item", "/content/{content:path}", LEARNER, COURSE),
    Visit("content-tags", "/content/tags", DEVELOPER, at("/content/tags")),
    Visit("trends", "/learning/trends", DEVELOPER, at("/learning/trends")),
    Visit("taxonomy", "/taxonomy", DEVELOPER, at("/taxonomy")),
    Visit("taxonomy-search", "/taxonomy", LEARNER, at("/taxonomy?q=python"), picture=False),
    Visit("taxonomy-proposal", "/taxonomy/proposals/{proposal}", DEVELOPER, PROPOSAL),
    Visit("runs", "/runs", DEVELOPER, at("/runs")),
    Visit("run-new", "/runs/new", DEVELOPER, at("/runs/new?cohort=all&force=1")),
    Visit("run-batch", "/runs/rounds", DEVELOPER, batch, picture=False),
    Visit("run", "/runs/{run}", DEVELOPER, asked_for),
    Visit("connections", "/connectors", DEVELOPER, at("/connectors")),
    Visit("quarantine", "/quarantine", ADMIN, at("/quarantine")),
    Visit("queue", "/queue", ADMIN, at("/queue"), picture=False),
    Visit("cost", "/cost", DEVELOPER, at("/cost")),
    Visit("what-if", "/what-if", DEVELOPER, at("/what-if?kind=hire&skill=Terraform&level=4"), picture=False),
    Visit("rollout", "/rollout", DEVELOPER, at("/rollout"), picture=False),
    Visit("rollout-pilot", "/rollout/{pilot}", DEVELOPER, at("/rollout/nowhere"), status=404, picture=False),
    Visit("audit", "/audit", AUDITOR, at("/audit")),
    Visit("audit-record", "/audit/records/{seq}", AUDITOR, last_record),
    Visit("audit-chain", "/audit/chain", AUDITOR, at("/audit/chain")),
    Visit("audit-verified", "/audit/verify", AUDITOR, at("/audit/chain"), verified, picture=False),
    Visit("audit-replay", "/audit/replay", AUDITOR, at("/audit/replay?sample=20&seed=7")),
    Visit("audit-access", "/audit/access", AUDITOR, at("/audit/access")),
    Visit("audit-reviewers", "/audit/reviewers", AUDITOR, at("/audit/reviewers")),
    Visit("audit-calibration", "/audit/calibration", AUDITOR, at("/audit/calibration")),
    Visit("audit-calibration-one", "/audit/calibration/{number}", DEVELOPER, calibration),
    Visit("audit-fairness", "/audit/fairness", FAIRNESS, at("/audit/fairness"), picture=False),
    Visit("audit-fairness-one", "/audit/fairness/{audit}", FAIRNESS, fairness_audit),
    Visit("audit-permissions", "/audit/permissions", AUDITOR, at("/audit/permissions")),
    Visit("audit-retention", "/audit/retention", AUDITOR, at("/audit/retention")),
    Visit("not-yours", "/learners/{learner}", LEARNER, at(f"/learners/{CONTESTS}"), status=403),
    Visit("nothing-here", "", LEARNER, at("/nothing-here"), status=404, picture=False),
)

NOT_LOOKED_AT = {
    "/": "leads to the first page of the menu",
    "/review/next": "leads to an item",
    "/me/export.{form}": "a file to keep",
    "/onboarding/{plan}/calendar": "a file to keep",
    "/audit/export.jsonl": "a file to keep",
    "/audit/checkpoints.jsonl": "a file to keep",
    "/audit/audit_verifier.py": "a file to keep",
    "/audit/fairness/{audit}/report.{form}": "a file to keep",
    "/static/{name}": "style sheet, script and mark",
}
"""Routes of pages that show none, and what they do instead."""


def routes() -> set[str]:
    """Paths of all pages that the application includes: what is read, not what a form is sent to."""
    found: list[Any] = [r for router in PAGES for r in router.routes]
    return {r.path for r in found if isinstance(r, APIRoute) and "GET" in (r.methods or ())}
