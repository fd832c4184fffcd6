"""From checked findings to assertions, gaps and routes: all numbers of a run are made here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ascertain.domain.assertion import Assertion, assert_skill, belief_of
from ascertain.domain.belief import Observation, independent, recency
from ascertain.domain.canonical import DIGITS
from ascertain.domain.casefile import CaseFile
from ascertain.domain.evidence import PASSED, Evidence
from ascertain.domain.findings import AssertionVerdict, Claim, Pick, Stance
from ascertain.domain.gaps import Gap, gaps_for
from ascertain.domain.routing import Before, Route, route
from ascertain.domain.rules import BeliefRules, Policy
from ascertain.domain.skills import Level, SkillFamily


@dataclass(frozen=True, slots=True)
class Conclusion:
    """Assertions by skill id, the gaps against the learner's role (empty without a role), and the skills that no words
    name: an agent read them into what somebody wrote."""

    assertions: Mapping[str, Assertion]
    gaps: tuple[Gap, ...]
    implied: frozenset[str] = frozenset()


def outcome_of(evidence: Evidence, stance: Stance) -> float:
    """o in [0, 1]: the score where there is one, else what the source or the text concluded. What was passed is passed
    whatever an agent makes of it: a stance weighs words, not marks."""
    if stance is Stance.CONTRADICTS and not (evidence.passed or (evidence.score or 0.0) >= PASSED):
        return 0.0
    if evidence.score is not None:
        return evidence.score
    return 0.0 if evidence.passed is False else 1.0


def reliability_of(evidence: Evidence, rules: BeliefRules) -> float:
    """w: by kind; a completion that nobody scored says less."""
    base = rules.reliability[evidence.kind]
    unscored = evidence.score is None and evidence.passed is not False and evidence.content_id is not None
    return base * rules.unscored_reliability if unscored else base


def observe(
    case: CaseFile,
    claims: Sequence[Claim],
    picks: Sequence[Pick],
    families: Mapping[str, SkillFamily],
    rules: BeliefRules,
) -> dict[str, tuple[Observation, ...]]:
    """Join picks, claims and evidence into observations by skill id.

    ``families`` gives each skill's half-life family; a pick whose claim or evidence is unknown is ignored (the
    crew's checks have counted it as dropped before). Figures are rounded to the decimals that are stored, so that a
    replay from the stored observations gives the same bytes.
    """
    evidence = case.evidence_by_id()
    by_claim = {c.id: c for c in claims}
    found: dict[str, list[Observation]] = defaultdict(list)
    for p in picks:
        claim = by_claim.get(p.claim_id)
        source = evidence.get(claim.evidence_id) if claim else None
        if claim is None or source is None or not case.in_question(p.skill_id):
            continue
        family = families.get(p.skill_id, SkillFamily.PROFESSIONAL)
        found[p.skill_id].append(
            Observation(
                origin=source.origin,
                evidence_id=source.id,
                claim_id=claim.id,
                skill_id=p.skill_id,
                kind=source.kind,
                level=p.level or source.level or Level(rules.default_level[source.kind]),
                mapping=round(p.probability, DIGITS),
                reliability=round(reliability_of(source, rules), DIGITS),
                recency=round(recency(source.occurred_on, case.as_of, family, rules), DIGITS),
                outcome=round(outcome_of(source, claim.stance), DIGITS),
                supports=claim.stance is Stance.SUPPORTS,
                sensitive=source.sensitive,
            )
        )
    return {s: tuple(found[s]) for s in sorted(found)}


def conclude(
    case: CaseFile,
    claims: Sequence[Claim],
    picks: Sequence[Pick],
    families: Mapping[str, SkillFamily],
    policy: Policy,
) -> Conclusion:
    """Every number of the run, from checked findings alone."""
    observed = observe(case, claims, picks, families, policy.belief)
    assertions = {s: assert_skill(s, rows, policy.belief) for s, rows in observed.items()}
    beliefs = {s: belief_of(a, policy.belief) for s, a in assertions.items()}
    gaps = gaps_for(case.role, beliefs, policy.belief) if case.role else ()
    return Conclusion(assertions, gaps, frozenset(p.skill_id for p in picks if p.implied))


def points_both_ways(assertion: Assertion) -> bool:
    """True when independent evidence supports and contradicts the skill."""
    kept = independent(assertion.observations)
    return any(not o.supports or o.outcome < 0.4 for o in kept) and any(o.supports and o.outcome >= 0.6 for o in kept)


def compliance_skills(case: CaseFile) -> frozenset[str]:
    """Skills that the role marks so, and those that mandatory training teaches."""
    marked = {r.skill_id for r in case.role.requirements if r.compliance} if case.role else set()
    taught = {t.skill_id for c in case.catalogue if c.mandatory for t in case.tags.get(c.content_id, ())}
    return frozenset(marked | taught)


def route_all(
    case: CaseFile,
    assertions: Mapping[str, Assertion],
    verdicts: Sequence[AssertionVerdict],
    policy: Policy,
    before: Mapping[str, Before],
    implied: Collection[str],
) -> dict[str, Route]:
    """Route every assertion under the policy. ``before`` has, by skill, what a human said on other evidence;
    ``implied`` are the skills that no words name."""
    by_skill = {v.skill_id: v for v in verdicts}
    critical = {r.skill_id for r in case.role.requirements if r.critical} if case.role else set()
    compliance = compliance_skills(case)
    required = {r.skill_id for r in case.role.requirements} if case.role else set()
    return {
        s: route(
            a,
            by_skill.get(s),
            policy.routing,
            critical=s in critical,
            compliance=s in compliance,
            before=before.get(s),
            contradicted=points_both_ways(a),
            required=s in required,
            implied=s in implied,
        )
        for s, a in assertions.items()
    }
