"""Rebuilds a stored number from stored evidence, under the policy it was made with, and names every difference."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from ascertain.domain.assertion import Assertion, AssertionState, assert_skill
from ascertain.domain.belief import Observation
from ascertain.domain.calibration import NONE, Calibration
from ascertain.domain.canonical import plain
from ascertain.domain.casefile import CaseFile
from ascertain.domain.conclude import observe, points_both_ways
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.findings import AssertionVerdict, Claim, Pick, Stance, Verdict
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.retention import Deletion, Kind
from ascertain.domain.routing import Before, Earlier, Route, route
from ascertain.domain.rules import Policy, calibrated
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.skills import Level, SkillFamily
from ascertain.errors import ConfigError, IntegrityError, NotFoundError
from ascertain.pipeline.results import result_json
from ascertain.policy import parse_policy, text_hash


@dataclass(frozen=True, slots=True)
class Replay:
    """``identical`` when the rebuilt bytes equal the stored ones, and the figures shown are those of these bytes;
    ``differences`` names whatever is not as it was, with its cause; ``causes`` are the same without any figure of the
    person, for whoever checks that numbers can be rebuilt and may not read them."""

    assertion_id: str
    identical: bool
    stored: str
    rebuilt: str
    differences: tuple[str, ...]
    causes: tuple[str, ...] = ()


class Difference(NamedTuple):
    """Something that is not as it was. ``figures`` say from what to what; empty where the cause says it all."""

    cause: str
    figures: str = ""

    @property
    def text(self) -> str:
        """In full."""
        return self.figures or self.cause


def assertion_or_raise(uow: UnitOfWork, assertion_id: str) -> StoredAssertion:
    """Find an assertion by id or unambiguous prefix."""
    row = uow.assertions.get(assertion_id)
    if row is None:
        raise NotFoundError(f"there is no assertion {assertion_id!r}", remedy="`ascertain profile LEARNER` lists them")
    return row


def policy_of(uow: UnitOfWork, row: StoredAssertion) -> Policy:
    """The archived policy that a result was made with, and the archived calibration in it.

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
    return calibrated(policy, calibration_of(uow, row.versions.calibration))


def calibration_of(uow: UnitOfWork, version: str) -> Calibration | None:
    """An archived calibration; ``None`` for ``calibration.NONE``.

    Raises:
        IntegrityError: when it is not in the archive, or not the text that its version names.
    """
    if version == NONE:
        return None
    record = uow.calibrations.get(version)
    if record is None:
        raise IntegrityError(f"calibration {version} is not in the archive", remedy="restore the archive from a backup")
    return record.calibration


@lru_cache(maxsize=16)
def _parsed(text: str) -> Policy | None:
    """Reading YAML takes longer than all the rest of a replay."""
    try:
        return parse_policy(text)
    except ConfigError:
        return None


OfVersion = Callable[[str], Taxonomy | None]
"""Opens the taxonomy of a version; ``None`` where it is no longer there."""


def replay(uow: UnitOfWork, assertion_id: str, taxonomy: Taxonomy, earlier: OfVersion | None = None) -> Replay:
    """Rebuild one assertion, see :class:`Replayer`."""
    return Replayer(uow, taxonomy, earlier).replay(assertion_id)


class Replayer:
    """Rebuilds assertions from evidence, claims and picks as stored; reads a run's once for all its assertions."""

    def __init__(self, uow: UnitOfWork, taxonomy: Taxonomy, earlier: OfVersion | None = None) -> None:
        """``earlier`` opens the version that a result was made with, where that is not ``taxonomy``."""
        self._uow = uow
        self._present = self._taxonomy = taxonomy
        self._earlier = earlier
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
        differences: list[Difference] = []
        self._taxonomy = self._of(row.versions.taxonomy)
        if row.versions.taxonomy != self._taxonomy.version:
            differences.append(
                Difference(f"taxonomy {row.versions.taxonomy} was used, {self._taxonomy.version} is loaded now")
            )
        if row.versions.policy != policy.version:
            differences.append(
                Difference(
                    f"policy and formula {row.versions.policy} were used, this release computes {policy.version}"
                )
            )
        assertion = self._assert_again(row, policy)
        differences += self._compare(row, stored, assertion.observations)
        rebuilt = result_json(assertion, route_again(assertion, inputs, policy))
        if rebuilt != row.result:
            before, after = json.loads(row.result), json.loads(rebuilt)
            differences += [
                Difference(f"{k} is rebuilt otherwise", f"{k}: stored {before[k]}, rebuilt {after.get(k)}")
                for k in before
                if before[k] != after.get(k)
            ]
        shown = _shown_otherwise(row)
        found = [*differences, *shown]
        texts, causes = tuple(d.text for d in found), tuple(dict.fromkeys(d.cause for d in found))
        return Replay(row.id, rebuilt == row.result and not shown, row.result, rebuilt, texts, causes)

    def _of(self, version: str) -> Taxonomy:
        if version == self._present.version or self._earlier is None:
            return self._present
        return self._earlier(version) or self._present

    def _assert_again(self, row: StoredAssertion, policy: Policy) -> Assertion:
        case, claims, picks = self._read(row)
        skill = self._taxonomy.skill(row.skill_id)
        families = {row.skill_id: skill.family if skill else SkillFamily.PROFESSIONAL}
        mine = [p for p in picks if p.skill_id == row.skill_id]
        found = observe(case, claims, mine, families, policy.belief).get(row.skill_id, ())
        return assert_skill(row.skill_id, found, policy.belief)

    def _compare(
        self, row: StoredAssertion, stored: tuple[Observation, ...], again: tuple[Observation, ...]
    ) -> list[Difference]:
        now = {(o.evidence_id, o.claim_id): o for o in again}
        lost = {o.evidence_id for o in stored if (o.evidence_id, o.claim_id) not in now}
        causes = self._uow.retention.cause(Kind.EVIDENCE, lost)
        quotes = self._uow.retention.cause(Kind.RUN_DOCUMENTS, [row.run_id]).get(row.run_id) if lost else None
        out: list[Difference] = []
        if quotes:
            out.append(Difference(f"the quotes of run {row.run_id}: what rests on them {_deleted(quotes)}"))
        for o in stored:
            other = now.pop((o.evidence_id, o.claim_id), None)
            if other is None:
                cause = causes.get(o.evidence_id)
                if cause is not None:
                    out.append(Difference(f"evidence {o.evidence_id} {_deleted(cause)}"))
                elif quotes is None:
                    out.append(Difference(f"evidence {o.evidence_id} is no longer stored or no longer quoted"))
                continue
            before, after, name = plain(o), plain(other), f"evidence {o.evidence_id}"
            out += [
                Difference(f"{name}: {k} is another now", f"{name}: {k} was {before[k]}, is {after[k]}")
                for k in before
                if before[k] != after[k]
            ]
        out += [Difference(f"evidence {o.evidence_id} was not there before") for o in now.values()]
        return out

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


def _deleted(d: Deletion) -> str:
    return f"was deleted by retention on {d.at:%Y-%m-%d} (deletion {d.id}, policy {d.policy})"


def _shown_otherwise(row: StoredAssertion) -> list[Difference]:
    """What people see (a row's columns) against the sealed result. A human may have set level and state, a later
    run supersedes, the person contests it, and after a dispute a human looks at what code alone would accept."""
    kept = json.loads(row.result)
    columns: dict[str, Any] = {n: getattr(row, n) for n in ("confidence", "raw", "low", "high", "amount")}
    if not row.human_reviewed:
        columns["level"] = row.level
        after_dispute = row.state is AssertionState.IN_REVIEW and kept["state"] == AssertionState.ACCEPTED
        if row.state not in (AssertionState.SUPERSEDED, AssertionState.CONTESTED) and not after_dispute:
            columns["state"] = row.state
    now = plain(columns)
    return [
        Difference(
            f"{k} is shown otherwise than it was stored",
            f"{k}: shown as {now[k]}, stored in the result as {kept.get(k)}",
        )
        for k in columns
        if now[k] != kept.get(k)
    ]


def route_again(a: Assertion, inputs: Mapping[str, Any], policy: Policy) -> Route:
    """Where an assertion goes by its stored inputs. Those from before the route depended on them have neither
    ``compliance`` nor ``before``."""
    return route(
        a,
        _verdict(inputs["verdict"]),
        policy.routing,
        critical=inputs["critical"],
        compliance=inputs.get("compliance", False),
        contradicted=points_both_ways(a),
        before=_before(inputs.get("before")),
    )


def _before(raw: Mapping[str, Any] | None) -> Before | None:
    return Before(Earlier(raw["said"]), Level(raw["level"]) if raw["level"] else None) if raw else None


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
