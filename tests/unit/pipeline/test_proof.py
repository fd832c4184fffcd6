"""Leave-one-out figures, and the smallest new proof: what is promised is what happens."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.assertion import AssertionState, assert_skill, belief_of, contributions
from ascertain.domain.belief import Observation, believe
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.findings import AssertionVerdict, Verdict
from ascertain.domain.routing import acceptance_threshold, route
from ascertain.domain.skills import LEVELS, Level
from ascertain.pipeline.explain import PROOFS, next_proof, smallest_proof, with_proof
from ascertain.policy import read_policy

POLICY = read_policy()[0]
RULES = POLICY.belief
THRESHOLD = acceptance_threshold(POLICY.routing, sensitive=False)

SHARE = st.floats(0.0, 1.0)


@st.composite
def observations(draw: st.DrawFn, outcome: st.SearchStrategy[float] = SHARE) -> tuple[Observation, ...]:
    rows = []
    for i in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(sorted(RULES.reliability)))
        rows.append(
            Observation(
                origin=f"o{draw(st.integers(0, 4))}",
                evidence_id=f"e{i}",
                claim_id=f"c{i}",
                skill_id="s",
                kind=kind,
                level=draw(st.sampled_from(LEVELS)),
                mapping=round(draw(st.floats(0.5, 1.0)), 6),
                reliability=RULES.reliability[kind],
                recency=round(draw(st.floats(0.1, 1.0)), 6),
                outcome=round(draw(outcome), 6),
                supports=True,
            )
        )
    return tuple(rows)


@given(observations())
def test_the_proof_named_crosses_the_line_and_no_smaller_one_does(rows: tuple[Observation, ...]) -> None:
    assertion = assert_skill("s", rows, RULES)
    found = smallest_proof(assertion, THRESHOLD, POLICY)
    if assertion.level and assertion.confidence is not None and assertion.confidence >= THRESHOLD:
        assert found is None
        return

    def accepted(after_of: int, level: Level) -> bool:
        after = with_proof(assertion, ordered[after_of], level, POLICY)
        verdict = AssertionVerdict("s", Verdict.SUPPORTED)
        return route(after, verdict, POLICY.routing).state is AssertionState.ACCEPTED and (after.level or 0) >= level

    ordered = sorted(PROOFS, key=lambda p: RULES.reliability[p.kind] * p.outcome)
    level = assertion.level or belief_of(assertion, RULES).highest(RULES) or Level.FOUNDATION
    works = [i for i in range(len(ordered)) if accepted(i, level)]
    if found is None:
        assert works == []
        assert next_proof(assertion, THRESHOLD, POLICY) == ""
    else:
        assert found == (ordered[works[0]], level)
        assert next_proof(assertion, THRESHOLD, POLICY) == f"{found[0].words} at level {int(level)}"


def test_which_proof_is_the_smallest_follows_from_the_policy() -> None:
    kind = EvidenceKind.ASSESSMENT
    row = Observation("o", "e", "c", "s", kind, Level.FOUNDATION, 1.0, RULES.reliability[kind], 1.0, 0.9, True)
    nearly = assert_skill("s", (row,), RULES)
    found = smallest_proof(nearly, THRESHOLD, POLICY)
    assert found is not None
    heavier = replace(RULES, reliability={**RULES.reliability, found[0].kind: 50.0})
    other = smallest_proof(nearly, THRESHOLD, replace(POLICY, belief=heavier))
    assert other is not None
    assert other[0].kind is not found[0].kind


@given(observations(), st.sampled_from([0.0, 1.0]))
def test_what_succeeded_adds_and_what_failed_takes_away(rows: tuple[Observation, ...], outcome: float) -> None:
    assertion = assert_skill("s", tuple(replace(o, outcome=outcome) for o in rows), RULES)
    found = contributions(assertion, RULES)
    for c in found:
        assert c.delta >= -1e-12 if outcome else c.delta <= 1e-12
    level = assertion.level or Level.AWARENESS
    prior = believe((), RULES).performs(level, RULES.performs_at)
    whole = belief_of(assertion, RULES).performs(level, RULES.performs_at)
    moved, total = whole - prior, sum(c.delta for c in found)
    assert moved * total >= -1e-12
    if len(found) == 1:
        assert abs(moved - total) < 1e-12


@given(observations())
def test_each_origin_is_named_once_and_the_strongest_first(rows: tuple[Observation, ...]) -> None:
    found = contributions(assert_skill("s", rows, RULES), RULES)
    assert len(found) == len({o.origin for o in rows})
    assert [abs(c.delta) for c in found] == sorted((abs(c.delta) for c in found), reverse=True)
