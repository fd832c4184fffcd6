"""The demonstration company: enough of everything, consistent in itself, the same for the same anchor."""

from __future__ import annotations

import csv
import html
import re
from collections import Counter
from datetime import date, datetime, time

import pytest

from ascertain.paths import CONFIG_DIR
from ascertain.sandbox import company as company_module
from ascertain.sandbox.company import build_company, default_anchor
from ascertain.sandbox.records import Company, Course

ANCHOR = date(2026, 5, 1)
ROLES = {
    "software-engineer",
    "platform-engineer",
    "engineering-manager",
    "data-analyst",
    "data-engineer",
    "support-specialist",
    "customer-success-manager",
    "account-executive",
    "marketing-specialist",
    "project-manager",
    "financial-analyst",
    "hr-business-partner",
}


@pytest.fixture(scope="module")
def company() -> Company:
    return build_company(ANCHOR)


def test_same_anchor_gives_exactly_the_same_company(company: Company) -> None:
    company_module._build.cache_clear()

    assert build_company(ANCHOR) == company


def test_another_anchor_moves_every_date_and_changes_nothing_else(company: Company) -> None:
    later = build_company(date(2026, 6, 1))

    assert [p.id for p in later.people] == [p.id for p in company.people]
    assert [e.score for e in later.enrolments] == [e.score for e in company.enrolments]
    assert {(b.updated - a.updated).days for a, b in zip(company.enrolments, later.enrolments, strict=True)} == {31}


def test_default_anchor_is_the_first_of_a_month_that_has_begun() -> None:
    anchor = default_anchor()

    assert anchor.day == 1
    assert anchor <= datetime.now().date().replace(day=28)


def test_company_is_large_enough(company: Company) -> None:
    managers = [p for p in company.learners if p.id in company.manager_ids]

    assert len(company.learners) >= 44
    assert len({p.department for p in company.people}) == 4
    assert len(managers) == 6
    assert {p.role for p in company.learners} == ROLES
    assert len(company.courses) >= 90
    assert len(company.enrolments) >= 600
    assert len(company.reviews) + len(company.submissions) >= 60


def test_every_role_has_a_job_profile_in_config() -> None:
    known = {path.stem for path in (CONFIG_DIR / "roles").glob("*.json")}
    if not known:
        pytest.skip("config/roles is empty")

    assert known >= ROLES


def test_every_manager_exists_and_the_chain_ends(company: Company) -> None:
    for person in company.people:
        seen = set()
        current = person
        while current.manager_id is not None:
            assert current.id not in seen
            seen.add(current.id)
            current = company.person(current.manager_id)


def test_ids_and_addresses_are_unique(company: Company) -> None:
    for values in (
        [p.id for p in company.people],
        [p.email for p in company.people],
        [c.id for c in company.courses],
        [c.code for c in company.courses],
        [t.key for t in company.tickets],
        [r.id for r in company.reviews],
    ):
        assert len(values) == len(set(values))
    assert all(p.email.isascii() and re.fullmatch(r"[a-z.-]+@fjordlane\.example", p.email) for p in company.people)


def test_course_descriptions_are_real_text(company: Company) -> None:
    for course in company.courses:
        words = html.unescape(re.sub(r"<[^>]+>", " ", course.description)).split()
        assert len(words) >= 30, course.code
    assert len({c.description for c in company.courses}) == len(company.courses)
    assert sum("<p>" in c.description for c in company.courses) >= 5
    assert sum(c.language == "de" for c in company.courses) >= 2


def test_prerequisites_exist_and_have_no_cycle(company: Company) -> None:
    by_code = {c.code: c for c in company.courses}

    def depth(course: Course, path: tuple[str, ...]) -> int:
        assert course.code not in path, f"cycle: {path}"
        return 1 + max((depth(by_code[n], (*path, course.code)) for n in course.prerequisites), default=0)

    assert max(depth(c, ()) for c in company.courses) >= 3


def test_courses_use_the_agreed_vocabulary(company: Company) -> None:
    assert {c.level for c in company.courses} == {"Beginner", "Intermediate", "Advanced"}
    assert {c.modality for c in company.courses} == {"elearning", "classroom", "webinar", "micro-learning", "project"}
    assert sum(c.mandatory for c in company.courses) >= 4
    assert all(c.minutes > 0 for c in company.courses)


def test_nothing_happens_after_the_anchor_or_before_hiring(company: Company) -> None:
    end = datetime.combine(ANCHOR, time())
    hired = {p.docebo_id: p.hire_date for p in company.learners}

    for enrolment in company.enrolments:
        assert enrolment.updated < end
        assert enrolment.enrolled <= enrolment.updated
        begun = hired.get(enrolment.user_id)
        if begun is not None and begun < ANCHOR:
            assert enrolment.enrolled.date() >= begun
    assert all(t.created <= t.updated < end for t in company.tickets)
    people = {p.id: p for p in company.people}
    written = [(r.person_id, r.day) for r in company.reviews] + [(s.person_id, s.day) for s in company.submissions]
    assert all(people[person_id].hire_date < day < ANCHOR for person_id, day in written)


def test_history_is_plausible(company: Company) -> None:
    counts = Counter(e.user_id for e in company.enrolments)
    statuses = Counter(e.status for e in company.enrolments)
    tenured = [p for p in company.learners if (ANCHOR - p.hire_date).days > 365]
    scores = [e.score for e in company.enrolments if isinstance(e.score, float | int)]

    assert all(9 <= counts[p.docebo_id] <= 26 for p in tenured)
    assert {"completed", "in_progress", "subscribed", "failed", "expired"} <= set(statuses)
    assert statuses["completed"] > 0.7 * len(company.enrolments)
    assert max(e.attempt for e in company.enrolments) == 3
    assert all(0 <= s <= 100 for s in scores)
    assert 70 < sum(scores) / len(scores) < 90


def test_tickets_belong_to_about_three_in_five(company: Company) -> None:
    share = len({t.assignee_id for t in company.tickets}) / len(company.learners)

    assert 0.5 <= share <= 0.7
    assert all("{" not in t.summary + "".join(t.description) for t in company.tickets)


def test_scale_copies_learners_with_their_records(company: Company) -> None:
    scaled = build_company(ANCHOR, scale=3)

    assert len(scaled.learners) == 3 * len(company.learners)
    assert len({p.docebo_id for p in scaled.learners}) == len(scaled.learners)
    assert len(scaled.reviews) == 3 * len(company.reviews)
    assert scaled.manager_ids == company.manager_ids
    assert len({t.key for t in scaled.tickets}) == len(scaled.tickets)


def test_group_labels_cover_everybody_and_are_served_nowhere(company: Company) -> None:
    with (CONFIG_DIR / "demo" / "demographics.csv").open(encoding="utf-8", newline="") as file:
        labels = list(csv.DictReader(file))

    for attribute in ("gender", "age_band"):
        assert {r["learner"] for r in labels if r["attribute"] == attribute} == {p.id for p in company.people}
    assert not {"gender", "age_band"} & set(company.people[0].__slots__)
