"""From findings to numbers: the joins, the figures code gives each piece, and what is ignored."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.assertion import AssertionState, assert_skill
from ascertain.domain.canonical import canonical_json
from ascertain.domain.casefile import CatalogueItem
from ascertain.domain.conclude import (
    compliance_skills,
    conclude,
    observe,
    outcome_of,
    points_both_ways,
    reliability_of,
    route_all,
)
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.findings import AssertionVerdict, Claim, Pick, Stance, Verdict
from ascertain.domain.routing import Before, Earlier
from ascertain.domain.skills import ContentTag, JobProfile, Level, Requirement, SkillFamily
from tests.unit.domain.makers import AS_OF, POLICY, RULES, case, evidence, observation, role

FAMILIES = {"sql": SkillFamily.TECHNICAL}


def _claim(claim_id: str, evidence_id: str, stance: Stance = Stance.SUPPORTS) -> Claim:
    return Claim(claim_id, evidence_id, "quote", stance)


@pytest.mark.parametrize(
    ("score", "passed", "stance", "outcome"),
    [
        (0.8, None, Stance.SUPPORTS, 0.8),
        (0.8, False, Stance.SUPPORTS, 0.8),
        (None, True, Stance.SUPPORTS, 1.0),
        (None, None, Stance.SUPPORTS, 1.0),
        (None, False, Stance.SUPPORTS, 0.0),
        (0.9, True, Stance.CONTRADICTS, 0.9),
        (0.9, None, Stance.CONTRADICTS, 0.9),
        (None, True, Stance.CONTRADICTS, 1.0),
        (0.3, None, Stance.CONTRADICTS, 0.0),
        (None, False, Stance.CONTRADICTS, 0.0),
        (None, None, Stance.CONTRADICTS, 0.0),
    ],
)
def test_outcome(score: float | None, passed: bool | None, stance: Stance, outcome: float) -> None:
    assert outcome_of(evidence("e", score=score, passed=passed), stance) == outcome


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({"content_id": "c"}, RULES.unscored_reliability),
        ({"content_id": "c", "passed": True}, RULES.unscored_reliability),
        ({"content_id": "c", "score": 0.8}, 1.0),
        ({"content_id": "c", "passed": False}, 1.0),
        ({}, 1.0),
    ],
)
def test_a_completion_that_nobody_scored_says_less(changes: dict[str, object], factor: float) -> None:
    for kind in EvidenceKind:
        assert reliability_of(evidence("e", kind=kind, **changes), RULES) == RULES.reliability[kind] * factor


def test_every_figure_of_an_observation() -> None:
    source = evidence(
        "e",
        kind=EvidenceKind.MANAGER_REVIEW,
        occurred_on=AS_OF - timedelta(days=round(36 * 365.25 / 12)),
        score=0.75,
        origin="review-1",
    )
    found = observe(case(source), [_claim("c", "e")], [Pick("c", "sql", 0.9)], FAMILIES, RULES)
    (o,) = found["sql"]
    assert (o.origin, o.evidence_id, o.claim_id, o.skill_id) == ("review-1", "e", "c", "sql")
    assert o.kind is EvidenceKind.MANAGER_REVIEW
    assert o.level == RULES.default_level[EvidenceKind.MANAGER_REVIEW]
    assert (o.mapping, o.reliability, o.outcome) == (0.9, RULES.reliability[EvidenceKind.MANAGER_REVIEW], 0.75)
    assert o.recency == pytest.approx(0.5, abs=1e-3)
    assert o.supports
    assert o.sensitive


def test_the_level_comes_from_the_pick_then_the_source_then_the_kind() -> None:
    claims = [_claim("c", "e")]
    plain_source, said = case(evidence("e")), case(evidence("e", level=Level.EXPERT))
    by_kind = observe(plain_source, claims, [Pick("c", "sql", 1.0)], FAMILIES, RULES)["sql"][0].level
    by_source = observe(said, claims, [Pick("c", "sql", 1.0)], FAMILIES, RULES)["sql"][0].level
    by_pick = observe(said, claims, [Pick("c", "sql", 1.0, Level.AWARENESS)], FAMILIES, RULES)["sql"][0].level
    assert (by_kind, by_source, by_pick) == (Level.FOUNDATION, Level.EXPERT, Level.AWARENESS)


def test_the_family_decides_how_fast_it_fades() -> None:
    old = case(evidence("e", occurred_on=date(2022, 1, 1)))
    picks = [Pick("c", "fast", 1.0), Pick("c", "unknown", 1.0), Pick("c", "durable", 1.0)]
    families = {"fast": SkillFamily.FAST, "durable": SkillFamily.DURABLE}
    found = observe(old, [_claim("c", "e")], picks, families, RULES)
    assert found["fast"][0].recency < found["unknown"][0].recency < found["durable"][0].recency


def test_unknown_claims_and_evidence_are_ignored() -> None:
    picks = [Pick("c", "sql", 1.0), Pick("ghost", "sql", 1.0), Pick("orphan", "python", 1.0)]
    claims = [_claim("c", "e"), _claim("orphan", "not in the case"), _claim("unpicked", "e")]
    found = observe(case(evidence("e")), claims, picks, FAMILIES, RULES)
    assert {s: len(rows) for s, rows in found.items()} == {"sql": 1}


def test_no_findings_no_assertions_and_every_requirement_unknown() -> None:
    concluded = conclude(case(evidence("e"), role=role(("sql", 3, 1.0))), [], [], FAMILIES, POLICY)
    assert concluded.assertions == {}
    assert [g.status.value for g in concluded.gaps] == ["not enough evidence"]
    assert conclude(case(evidence("e")), [], [], FAMILIES, POLICY).gaps == ()


@given(st.integers(0, 1000))
def test_order_of_evidence_claims_and_picks_changes_no_byte(seed: int) -> None:
    rng = random.Random(seed)
    rows = [evidence(f"e{i}", score=rng.random(), origin=f"o{i % 3}") for i in range(5)]
    claims = [_claim(f"c{i}", f"e{rng.randrange(5)}", rng.choice(list(Stance))) for i in range(6)]
    picks = [Pick(f"c{rng.randrange(6)}", rng.choice(["sql", "python"]), rng.random()) for _ in range(8)]
    profile = role(("sql", 3, 1.0), ("python", 2, 0.5))
    first = conclude(case(*rows, role=profile), claims, picks, FAMILIES, POLICY)
    for part in (rows, claims, picks):
        rng.shuffle(part)
    again = conclude(case(*rows, role=profile), claims, picks, FAMILIES, POLICY)
    assert canonical_json(first) == canonical_json(again)


def test_claims_of_one_origin_count_once() -> None:
    one = evidence("e1", origin="course-1", score=0.9)
    badge = evidence("e2", origin="course-1", kind=EvidenceKind.BADGE)
    picks = [Pick("c1", "sql", 1.0), Pick("c2", "sql", 1.0)]
    both = conclude(case(one, badge), [_claim("c1", "e1"), _claim("c2", "e2")], picks, FAMILIES, POLICY)
    alone = conclude(case(one), [_claim("c1", "e1")], picks[:1], FAMILIES, POLICY)
    assert both.assertions["sql"].amount == alone.assertions["sql"].amount
    assert both.assertions["sql"].confidence == alone.assertions["sql"].confidence


def test_gaps_use_the_beliefs_behind_the_assertions() -> None:
    strong = [evidence(f"e{i}", score=1.0, kind=EvidenceKind.PROJECT) for i in range(4)]
    claims = [_claim(f"c{i}", f"e{i}") for i in range(4)]
    picks = [Pick(f"c{i}", "sql", 1.0, Level.PRACTITIONER) for i in range(4)]
    concluded = conclude(case(*strong, role=role(("sql", 3, 1.0), ("go", 3, 1.0))), claims, picks, FAMILIES, POLICY)
    assert [(g.skill_id, g.status.value) for g in concluded.gaps] == [("go", "not enough evidence"), ("sql", "met")]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], False),
        ([observation("a"), observation("b")], False),
        ([observation("a"), observation("b", supports=False, outcome=0.0)], True),
        ([observation("a"), observation("b", outcome=0.2)], True),
        ([observation("a", outcome=0.5), observation("b", supports=False, outcome=0.0)], False),
    ],
)
def test_points_both_ways(rows: list[object], expected: bool) -> None:
    assert points_both_ways(assert_skill("s", tuple(rows), RULES)) is expected  # type: ignore[arg-type]


def test_route_all_joins_verdicts_and_critical_requirements() -> None:
    rows = tuple(observation(f"o{i}", reliability=3.0) for i in range(4))
    assertions = {s: assert_skill(s, tuple(replace(o, skill_id=s) for o in rows), RULES) for s in ("a", "b", "c")}
    verdicts = [AssertionVerdict("a", Verdict.SUPPORTED), AssertionVerdict("b", Verdict.SUPPORTED)]
    routes = route_all(case(role=role(("b", 3, 1.0), critical=("b",))), assertions, verdicts, POLICY, {}, ())
    assert {s: r.state for s, r in routes.items()} == {
        "a": AssertionState.ACCEPTED,
        "b": AssertionState.IN_REVIEW,
        "c": AssertionState.IN_REVIEW,
    }
    assert routes["b"].priority == 1
    assert routes["c"].reasons == ("the reviewer gave no verdict",)


def test_compliance_is_what_the_role_marks_and_what_mandatory_training_teaches() -> None:
    asked = (Requirement("law", Level(2), 1.0, compliance=True), Requirement("sql", Level(2), 1.0))
    marked = JobProfile("r", "R", asked)
    training = CatalogueItem("m", "Safety", "", Level.AWARENESS, 1.0, mandatory=True)
    course = CatalogueItem("c", "Python", "", Level.AWARENESS, 1.0)
    tags = {i: (ContentTag(i, s, 0.9, Level.AWARENESS),) for i, s in (("m", "safety"), ("c", "python"))}
    found = replace(case(role=marked), catalogue=(training, course), tags=tags)
    assert compliance_skills(found) == {"law", "safety"}
    rows = tuple(observation(f"o{i}", reliability=3.0) for i in range(4))
    skills = ("law", "safety", "sql")
    assertions = {s: assert_skill(s, tuple(replace(o, skill_id=s) for o in rows), RULES) for s in skills}
    verdicts = [AssertionVerdict(s, Verdict.SUPPORTED) for s in assertions]
    routes = route_all(found, assertions, verdicts, POLICY, {"sql": Before(Earlier.REFUSED)}, ())
    assert {s: r.reasons for s, r in routes.items()} == {
        "law": ("asked for by compliance",),
        "safety": ("asked for by compliance",),
        "sql": ("a human refused it before",),
    }


def test_contradicting_evidence_is_seen_by_the_routing() -> None:
    rows = (*(observation(f"o{i}", reliability=3.0) for i in range(6)), observation("x", supports=False, outcome=0.0))
    routes = route_all(
        case(), {"s": assert_skill("s", rows, RULES)}, [AssertionVerdict("s", Verdict.SUPPORTED)], POLICY, {}, ()
    )
    assert "evidence points both ways" in routes["s"].reasons
