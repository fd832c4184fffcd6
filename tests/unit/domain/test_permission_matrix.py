"""The whole matrix, against the table that people read (docs/permissions.md)."""

from __future__ import annotations

from datetime import date

from ascertain.domain.permission import (
    ABOUT_A_PERSON,
    NEVER_ABOUT_ONESELF,
    Action,
    Grant,
    Principal,
    Relation,
    Role,
    Subject,
    decide,
)
from ascertain.paths import APP_ROOT
from ascertain.pipeline.grants import permission_table

TODAY = date(2026, 4, 7)
PAGE = APP_ROOT / "docs" / "permissions.md"

SITUATIONS = {
    Relation.SELF: ("me", Subject("me")),
    Relation.DIRECT_REPORT: ("me", Subject("you", ("me", "boss"))),
    Relation.INDIRECT_REPORT: ("me", Subject("you", ("lead", "me"))),
    Relation.POPULATION: (None, Subject("you", populations=frozenset({"Data"}))),
    Relation.OWNED_SKILL: (None, Subject("you", skill_id="sql")),
    Relation.INTERESTED: ("me", Subject("you", heard_by=frozenset({"me"}))),
    Relation.ANYBODY: (None, Subject("you")),
    Relation.NONE: (None, None),
}
"""Who asks about whom, so that just this relation (beside *anybody*) holds."""


def written() -> dict[tuple[str, str], set[str]]:
    """Relations by (action, role), as the page has them."""
    text = PAGE.read_text(encoding="utf-8").split("<!-- table -->\n")[1].split("<!-- end of table -->")[0]
    head, _, *rows = [[c.strip() for c in line.strip("|").split("|")] for line in text.strip().splitlines()]
    found = {}
    for action, *cells in rows:
        for role, cell in zip(head[1:], cells, strict=True):
            words = set() if cell == "·" else {w.strip().replace(" ", "_") for w in cell.split(",")}
            found[action.split("`")[1], role] = {"none" if w == "yes" else w for w in words}
    return found


def test_the_function_decides_every_cell_as_the_page_says() -> None:
    page, wrong, cells = written(), [], 0
    for role in Role:
        for action in Action:
            for relation, (me, subject) in SITUATIONS.items():
                for tree in (False, True):
                    cells += 1
                    grant = Grant(
                        role,
                        populations=frozenset({"data"}),
                        skills=frozenset({"sql"}),
                        actions=frozenset(Action) if role is Role.INTEGRATION else None,
                    )
                    is_allowed = decide(Principal("x", me, (grant,)), action, subject, today=TODAY, tree=tree).allowed
                    told = page[action, role]
                    should = relation in told or (subject is not None and "anybody" in told)
                    if relation is Relation.INDIRECT_REPORT and not tree and "anybody" not in told:
                        should = False
                    if relation is Relation.SELF and action in NEVER_ABOUT_ONESELF:
                        should = False
                    if is_allowed is not should:
                        wrong.append((role, action, relation, tree))
    print(f"permission matrix: {cells} cells, {len(wrong)} failures")
    assert cells == len(Role) * len(Action) * len(Relation) * 2
    assert wrong == []


def test_the_page_holds_the_table_that_decides() -> None:
    assert permission_table() in PAGE.read_text(encoding="utf-8"), "write it anew: permission_table()"


def test_the_page_marks_what_nobody_does_about_themselves() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for action in Action:
        assert (f"`{action}` (never about oneself)" in text) is (action in NEVER_ABOUT_ONESELF)


def test_what_must_never_be_granted_by_these_roles() -> None:
    """Written by hand from what the organisation was promised, not from the table."""
    page = written()
    telling = {
        a
        for a in ABOUT_A_PERSON
        if a.value.endswith(".read") or a in (Action.EXPLAIN, Action.REPLAY, Action.PERSON_EXPORT, Action.INFER)
    }
    for role in (Role.ADMIN, Role.AUDITOR, Role.FAIRNESS_AUDITOR):
        assert not [a for a in telling if page[a, role]], role
    assert {a for (a, r), where in page.items() if r == Role.FAIRNESS_AUDITOR and where} == {
        "fairness.audit",
        "labels.import",
    }
    assert {r for (a, r), where in page.items() if a == "fairness.audit" and where} == {Role.FAIRNESS_AUDITOR}
    assert {r for (a, r), where in page.items() if a == "audit.open" and where} == {Role.OPERATOR}
    assert {r for (a, r), where in page.items() if a == "roles.grant" and where} == {Role.ADMIN, Role.OPERATOR}
    assert page["review.decide", "learner"] == set()
    assert page["review.decide", "manager"] == {"direct_report"}
    for action in ABOUT_A_PERSON:
        assert page[action, "hrbp"] <= {"population"}
        assert page[action, "l_and_d"] <= {"population"}
        assert page[action, "skill_owner"] <= {"owned_skill"}
        assert page[action, "learner"] <= {"self"}
