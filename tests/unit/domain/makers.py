"""Builders and hypothesis strategies for the domain's values."""

from __future__ import annotations

import dataclasses
from datetime import date

from hypothesis import strategies as st

from ascertain.domain.belief import Observation
from ascertain.domain.casefile import CaseFile, Versions
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.rules import BeliefRules
from ascertain.domain.skills import LEVELS, JobProfile, Level, Requirement
from ascertain.policy import read_policy

POLICY = read_policy()[0]
RULES = POLICY.belief
FORMULA_2 = dataclasses.replace(RULES, level_step=0.0, reach=0.0, readout=None)
VERSIONS = Versions("p", "t", "b", "r")
AS_OF = date(2026, 1, 1)

shares = st.floats(0, 1)
levels = st.sampled_from(LEVELS)


def observation(origin: str = "o1", **changes: object) -> Observation:
    """A success at level 3, fully reliable and fresh, changed as asked."""
    base = Observation(
        origin=origin,
        evidence_id=f"e-{origin}",
        claim_id=f"c-{origin}",
        skill_id="s",
        kind=EvidenceKind.ASSESSMENT,
        level=Level.PRACTITIONER,
        mapping=1.0,
        reliability=1.0,
        recency=1.0,
        outcome=1.0,
        supports=True,
    )
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]


@st.composite
def observations(draw: st.DrawFn, max_size: int = 8, origins: int = 6) -> tuple[Observation, ...]:
    """Any observations of one skill; origins, evidence and claims repeat on purpose."""
    rows = []
    for _ in range(draw(st.integers(0, max_size))):
        supports = draw(st.booleans())
        rows.append(
            Observation(
                origin=f"o{draw(st.integers(1, origins))}",
                evidence_id=f"e{draw(st.integers(1, origins))}",
                claim_id=f"c{draw(st.integers(1, 3))}",
                skill_id="s",
                kind=draw(st.sampled_from(EvidenceKind)),
                level=draw(levels),
                mapping=draw(shares),
                reliability=draw(st.one_of(st.floats(0, 3), st.just(0.0), st.just(1000.0))),
                recency=draw(shares),
                outcome=draw(shares) if supports else 0.0,
                supports=supports,
                sensitive=draw(st.booleans()),
            )
        )
    return tuple(rows)


@st.composite
def belief_rules(draw: st.DrawFn) -> BeliefRules:
    """Any rules that the policy would let pass, weak and strong priors included."""
    means = sorted((draw(st.floats(0.01, 0.99)) for _ in LEVELS), reverse=True)
    return dataclasses.replace(
        RULES,
        prior_strength=draw(st.sampled_from([0.01, 0.5, 1.0, 2.0, 50.0])),
        prior_mean=tuple(means),
        performs_at=draw(st.floats(0.2, 0.8)),
        level_support=draw(st.floats(0.3, 0.9)),
        enough_evidence=draw(st.floats(0.1, 2.0)),
        level_step=draw(st.sampled_from([0.0, 0.3, 1.0, 5.0])),
        reach=draw(st.sampled_from([0.0, 0.5, 3.0, 100.0])),
    )


def evidence(evidence_id: str, **changes: object) -> Evidence:
    """A fresh completion, changed as asked."""
    base = Evidence(
        id=evidence_id,
        learner_id="p",
        kind=EvidenceKind.COMPLETION,
        system="lms",
        source_ref=f"lms:{evidence_id}",
        origin=f"origin-{evidence_id}",
        title="A course",
        text="Completed a course",
        occurred_on=AS_OF,
    )
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]


def case(*rows: Evidence, **changes: object) -> CaseFile:
    """A case file over that evidence."""
    return dataclasses.replace(CaseFile("P-1", AS_OF, rows, VERSIONS), **changes)  # type: ignore[arg-type]


def role(*requirements: tuple[str, int, float], critical: tuple[str, ...] = ()) -> JobProfile:
    """A job profile from (skill, level, importance) rows."""
    return JobProfile(
        "r", "Role", tuple(Requirement(s, Level(lv), i, critical=s in critical) for s, lv, i in requirements)
    )
