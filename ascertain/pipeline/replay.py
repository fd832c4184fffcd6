"""Rebuilds a stored number from stored evidence, under the policy it was made with, and names every difference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ascertain.domain.assertion import Assertion, AssertionState, assert_skill
from ascertain.domain.belief import Observation
from ascertain.domain.canonical import plain
from ascertain.domain.casefile import CaseFile
from ascertain.domain.conclude import observe, points_both_ways
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.findings import AssertionVerdict, Claim, Pick, Stance, Verdict
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.routing import route
from ascertain.domain.rules import Policy
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.skills import Level, SkillFamily
from ascertain.errors import ConfigError, IntegrityError, NotFoundError
from ascertain.pipeline.results import result_json
from ascertain.policy import parse_policy, text_hash


@dataclass(frozen=True, slots=True)
class Replay:
    """``identical`` when the rebuilt bytes equal the stored ones, and the figures shown are those of these bytes;
    ``differences`` names whatever is not as it was, with its cause."""

    assertion_id: str
    identical: bool
    stored: str
    rebuilt: str
    differences: tuple[str, ...]


def assertion_or_raise(uow: UnitOfWork, assertion_id: str) -> StoredAssertion:
    """Find an assertion by id or unambiguous prefix."""
    row = uow.assertions.get(assertion_id)
    if row is None:
        raise NotFoundError(f"there is no assertion {assertion_id!r}", remedy="`ascertain profile LEARNER` lists them")
    return row


def policy_of(uow: UnitOfWork, row: StoredAssertion) -> Policy:
    """The archived policy that a result was made with.

    Raises:
        IntegrityError: when it is not in the archive, or not the text that its version names.
    """
    text = uow.policies.get(row.versions.policy)
    if text is None:
        raise IntegrityError(
            f"policy {row.versions.policy} is not in the archive, so {row.id} cannot be replayed",
            remedy="restore the archive from a backup",
        )
    policy = _parsed(text)
    if policy is None or text_hash(text) != row.versions.policy.rpartition("+")[2]:
        raise IntegrityError(
            f"the archived text of policy {row.versions.policy} has been changed",
            remedy="restore the archive from a backup; `ascertain audit verify` tells whether more was changed",
        )
    return policy


@lru_cache(maxsize=16)
def _parsed(text: str) -> Policy | None:
    """Reading YAML takes longer than all the rest of a replay."""
    try:
        return parse_policy(text)
    except ConfigError:
        return None


def replay(uow: UnitOfWork, assertion_id: str, taxonomy: Taxonomy) -> Replay:
    """Rebuild one assertion, see :class:`Replayer`."""
    return Replayer(uow, taxonomy).replay(assertion_id)


class Replayer:
    """Rebuilds assertions from evidence, claims and picks as stored; reads a run's once for all its assertions."""

    def __init__(self, uow: UnitOfWork, taxonomy: Taxonomy) -> None:
        self._uow = uow
        self._taxonomy = taxonomy
        self._material: tuple[str, CaseFile, list[Claim], list[Pick]] | None = None

    def replay(self, assertion_id: str) -> Replay:
        """Rebuild one assertion (id or unambiguous prefix).

        Raises:
            NotFoundError: no such assertion.
            IntegrityError: its policy, or its run, is not what or where it was.
        """
        row = assertion_or_raise(self._uow, assertion_id)
        policy = policy_of(self._uow, row)
        inputs = json.loads(row.inputs)
        stored = tuple(observation_from(o) for o in inputs["observations"])
        differences: list[str] = []
        if row.versions.taxonomy != self._taxonomy.version:
            differences.append(f"taxonomy {row.versions.taxonomy} was used, {self._taxonomy.version} is loaded now")
        if row.versions.policy != policy.version:
            differences.append(
                f"policy and formula {row.versions.policy} were used, this release computes {policy.version}"
            )
        assertion = self._assert_again(row, policy)
        differences += _compare(stored, assertion.observations)
        rebuilt = _result(assertion, _verdict(inputs["verdict"]), policy, critical=inputs["critical"])
        if rebuilt != row.result:
            before, after = json.loads(row.result), json.loads(rebuilt)
            differences += [f"{k}: stored {before[k]}, rebuilt {after[k]}" for k in before if before[k] != after.get(k)]
        shown = _shown_otherwise(row)
        return Replay(row.id, rebuilt == row.result and not shown, row.result, rebuilt, (*differences, *shown))

    def _assert_again(self, row: StoredAssertion, policy: Policy) -> Assertion:
        case, claims, picks = self._read(row)
        skill = self._taxonomy.skill(row.skill_id)
        families = {row.skill_id: skill.family if skill else SkillFamily.PROFESSIONAL}
        mine = [p for p in picks if p.skill_id == row.skill_id]
        found = observe(case, claims, mine, families, policy.belief).get(row.skill_id, ())
        return assert_skill(row.skill_id, found, policy.belief)

    def _read(self, row: StoredAssertion) -> tuple[CaseFile, list[Claim], list[Pick]]:
        if self._material is None or self._material[0] != row.run_id:
            run = self._uow.runs.get(row.run_id)
            if run is None:
                raise IntegrityError(f"the run {row.run_id} of {row.id} is gone")
            case = CaseFile("", run.as_of, tuple(self._uow.evidence.of(row.learner_id)), run.versions)
            claims = [
                Claim(c["id"], c["evidence_id"], c["quote"], Stance(c["stance"]))
                for c in self._uow.runs.document(run.id, "claims") or ()
            ]
            picks = [
                Pick(
                    p["claim_id"], p["skill_id"], p["probability"], Level(p["level"]) if p["level"] else None, p["via"]
                )
                for p in self._uow.runs.document(run.id, "picks") or ()
            ]
            self._material = row.run_id, case, claims, picks
        return self._material[1:]


def _shown_otherwise(row: StoredAssertion) -> list[str]:
    """What people see (a row's columns) against the sealed result. A human may have set level and state, and a later
    run supersedes."""
    kept = json.loads(row.result)
    columns: dict[str, Any] = {"confidence": row.confidence, "low": row.low, "high": row.high, "amount": row.amount}
    if not row.human_reviewed:
        columns["level"] = row.level
        if row.state is not AssertionState.SUPERSEDED:
            columns["state"] = row.state
    now = plain(columns)
    return [f"{k}: shown as {now[k]}, stored in the result as {kept[k]}" for k in columns if now[k] != kept[k]]


def _result(a: Assertion, verdict: AssertionVerdict | None, policy: Policy, *, critical: bool) -> str:
    return result_json(a, route(a, verdict, policy.routing, critical=critical, contradicted=points_both_ways(a)))


def _compare(stored: tuple[Observation, ...], again: tuple[Observation, ...]) -> list[str]:
    now = {(o.evidence_id, o.claim_id): o for o in again}
    out: list[str] = []
    for o in stored:
        other = now.pop((o.evidence_id, o.claim_id), None)
        if other is None:
            out.append(f"evidence {o.evidence_id} is no longer stored or no longer quoted")
            continue
        before, after = plain(o), plain(other)
        out += [
            f"evidence {o.evidence_id}: {k} was {before[k]}, is {after[k]}" for k in before if before[k] != after[k]
        ]
    out += [f"evidence {o.evidence_id} was not there before" for o in now.values()]
    return out


def observation_from(raw: Mapping[str, Any]) -> Observation:
    """An observation out of its canonical JSON."""
    return Observation(
        origin=raw["origin"],
        evidence_id=raw["evidence_id"],
        claim_id=raw["claim_id"],
        skill_id=raw["skill_id"],
        kind=EvidenceKind(raw["kind"]),
        level=Level(raw["level"]),
        mapping=float(raw["mapping"]),
        reliability=float(raw["reliability"]),
        recency=float(raw["recency"]),
        outcome=float(raw["outcome"]),
        supports=bool(raw["supports"]),
        sensitive=bool(raw["sensitive"]),
    )


def _verdict(raw: Mapping[str, Any] | None) -> AssertionVerdict | None:
    if raw is None:
        return None
    return AssertionVerdict(raw["skill_id"], Verdict(raw["verdict"]), raw["note"], tuple(raw["flags"]))
