"""What a change of the taxonomy does to people's results: new runs in place of those that it touches, nothing changed.

The plan of it is what a preview shows and what is applied. A new run has the quotes of the one before, its picks led
where the change leads them, and what code makes of them, so that it is replayed like any other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ascertain.domain.assertion import Assertion, AssertionState, assert_skill, belief_of
from ascertain.domain.canonical import canonical_json, digest, plain
from ascertain.domain.casefile import CaseFile
from ascertain.domain.conclude import observe
from ascertain.domain.findings import Claim, Pick, Stance, Verdict
from ascertain.domain.gaps import coverage, gaps_for
from ascertain.domain.overlays import Moves, asking
from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.routing import Route
from ascertain.domain.rules import Policy
from ascertain.domain.runs import Run, RunState, StoredAssertion
from ascertain.domain.skills import JobProfile, Level, SkillFamily
from ascertain.pipeline.assess import run_id
from ascertain.pipeline.replay import observation_from, policy_of, route_again
from ascertain.pipeline.results import result_json

Places = Callable[[str, Sequence[str]], str]
"""Which of the parts of a split a quote shows best."""
Json = dict[str, Any]
_DOCUMENTS = ("claims", "picks", "verdicts", "gaps", "coverage", "needs", "path", "path_choice", "drops", "notes")
_WORST = (Verdict.CONTRADICTED.value, Verdict.UNSUPPORTED.value, Verdict.SUPPORTED.value)


@dataclass(frozen=True, slots=True)
class MovedRun:
    """Somebody's results under the change.

    Attributes:
        rows: as code computes them, before human decisions are laid over; ``routes`` by skill for those that are new.
        moved: how many assertions of the run before are about another skill now; ``joined``: of those, how many came
            together with one that was there.
        path: whether a step of the path closes a gap of another skill now.
    """

    learner: Learner
    before: Run
    run: Run
    rows: tuple[StoredAssertion, ...]
    routes: Mapping[str, Route]
    documents: Mapping[str, Any]
    moved: int
    joined: int
    path: bool


@dataclass(frozen=True, slots=True)
class Mover:
    """Plans the new runs of a change, in a unit of work that it only reads."""

    uow: UnitOfWork
    moves: Moves
    taxonomy: Taxonomy
    place: Places
    trigger: str
    at: datetime

    def all(self) -> list[MovedRun]:
        """For everybody whom it touches."""
        return [self.of(learner, run) for learner, run in self.whom()]

    def whom(self) -> list[tuple[Learner, Run]]:
        """Everybody whose present results, or whose role, are about a skill that moves, with their present run.
        Restricted people are left as they are: nothing of theirs is used."""
        if not self.moves:
            return []
        touched = {a.learner_id for a in self.uow.assertions.about(list(self.moves))}
        asking_for = self._asking_for()
        found = []
        for learner in self.uow.people.all(active_only=False):
            if learner.restricted or not (learner.id in touched or learner.job_profile_id in asking_for):
                continue
            run = self.uow.runs.latest(learner.id)
            if run is not None:
                found.append((learner, run))
        return found

    def one(self, learner: Learner, before: Run) -> MovedRun | None:
        """For one person, from a run of theirs that need not be the present one; ``None`` where it is about no skill
        that moves."""
        about = any(
            a.run_id == before.id and a.skill_id in self.moves
            for a in self.uow.assertions.of(learner.id, current_only=False)
        )
        if not about and learner.job_profile_id not in self._asking_for():
            return None
        return self.of(learner, before)

    def _asking_for(self) -> set[str]:
        return {r.id for r in self.uow.roles.all() if any(q.skill_id in self.moves for q in r.requirements)}

    def of(self, learner: Learner, before: Run) -> MovedRun:
        """One person's results under the change, from that run."""
        docs = self.uow.runs.documents(before.id, _DOCUMENTS)
        claims = [Claim(c["id"], c["evidence_id"], c["quote"], Stance(c["stance"])) for c in docs.get("claims") or ()]
        picks = self._picks(docs.get("picks") or (), {c.id: c.quote for c in claims})
        versions = replace(before.versions, taxonomy=self.taxonomy.version)
        fingerprint = digest(["taxonomy", versions.taxonomy, before.fingerprint])
        run = Run(
            id=run_id(learner.id, fingerprint),
            learner_id=learner.id,
            fingerprint=fingerprint,
            state=RunState.DONE,
            as_of=before.as_of,
            versions=versions,
            trigger=self.trigger,
            started_at=self.at,
            finished_at=self.at,
        )
        old = {a.skill_id: a for a in self.uow.assertions.of(learner.id, current_only=False) if a.run_id == before.id}
        case = CaseFile("", before.as_of, tuple(self.uow.evidence.of(learner.id)), versions)
        targets = sorted({t for s in old if s in self.moves for t in self.moves[s]})
        rows, routes, made = [], dict[str, Route](), dict[str, Assertion]()
        policy = policy_of(self.uow, next(iter(old.values()))) if old else None
        for skill_id, row in sorted(old.items()):
            if skill_id not in self.moves and skill_id not in targets:
                rows.append(self._copied(row, run))
        for skill_id in targets:
            assert policy is not None, "a target follows from an assertion, which names its policy"
            sources = [old[s] for s in old if s == skill_id or skill_id in self.moves.get(s, ())]
            found = self._again(case, claims, picks, skill_id, policy)
            if not found.observations:
                continue  # no quote shows this part
            inputs = _joined(skill_id, sources, found)
            routes[skill_id] = route_again(found, inputs, policy)
            made[skill_id] = found
            rows.append(self._row(sources[0], run, found, routes[skill_id], inputs))
        documents = self._documents(docs, picks, learner, rows, policy)
        moved = [s for s in old if s in self.moves]
        states: dict[str, int] = {}
        for r in rows:
            states[r.state.value] = states.get(r.state.value, 0) + 1
        outcome = {**before.outcome, "assertions": len(rows), "states": dict(sorted(states.items()))}
        return MovedRun(
            learner,
            before,
            replace(run, outcome=outcome),
            tuple(rows),
            routes,
            documents,
            len(moved),
            sum(any(t in old for t in self.moves[s]) for s in moved),
            documents.get("path") != docs.get("path"),
        )

    def _picks(self, raw: Sequence[Json], quotes: Mapping[str, str]) -> list[Pick]:
        """Led where the change leads them; two of one claim that come together are one, the surer."""
        found: dict[tuple[str, str], Pick] = {}
        for p in raw:
            to = self.moves.get(p["skill_id"], (p["skill_id"],))
            if not to:
                continue  # it can never be a skill
            skill = to[0] if len(to) == 1 else self.place(quotes.get(p["claim_id"], ""), to)
            pick = Pick(p["claim_id"], skill, p["probability"], Level(p["level"]) if p["level"] else None, p["via"])
            known = found.get((pick.claim_id, skill))
            if known is None or known.probability < pick.probability:
                found[pick.claim_id, skill] = pick
        return list(found.values())

    def _again(
        self, case: CaseFile, claims: Sequence[Claim], picks: Sequence[Pick], skill_id: str, policy: Policy
    ) -> Assertion:
        skill = self.taxonomy.skill(skill_id)
        families = {skill_id: skill.family if skill else SkillFamily.PROFESSIONAL}
        mine = [p for p in picks if p.skill_id == skill_id]
        found = observe(case, claims, mine, families, policy.belief).get(skill_id, ())
        return assert_skill(skill_id, found, policy.belief)

    def _copied(self, row: StoredAssertion, run: Run) -> StoredAssertion:
        """The same in the new run, as code computed it."""
        result = json.loads(row.result)
        return replace(
            row,
            id=_assertion_id(run, row.skill_id),
            run_id=run.id,
            versions=run.versions,
            state=AssertionState(result["state"]),
            level=Level(result["level"]) if result["level"] else None,
            reasons=tuple(result["reasons"]),
            created_at=self.at,
            human_reviewed=False,
        )

    def _row(
        self, source: StoredAssertion, run: Run, a: Assertion, route: Route, inputs: Mapping[str, Any]
    ) -> StoredAssertion:
        skill = self.taxonomy.skill(a.skill_id)
        return StoredAssertion(
            id=_assertion_id(run, a.skill_id),
            run_id=run.id,
            learner_id=run.learner_id,
            skill_id=a.skill_id,
            skill_label=skill.label if skill else a.skill_id,
            level=a.level,
            confidence=a.confidence,
            low=a.low,
            high=a.high,
            amount=a.amount,
            state=route.state,
            reasons=route.reasons,
            versions=run.versions,
            as_of=source.as_of,
            result=result_json(a, route),
            inputs=canonical_json(inputs),
            created_at=self.at,
            raw=a.raw,
        )

    def _documents(
        self,
        docs: Json,
        picks: Sequence[Pick],
        learner: Learner,
        rows: Sequence[StoredAssertion],
        policy: Policy | None,
    ) -> Json:
        found = {**docs, "picks": plain(picks)}
        found["verdicts"] = [v for s in docs.get("verdicts") or () for v in self._led(s)]
        needs = [n for s in docs.get("needs") or () for n in self._led(s)]
        found["needs"] = list({n["skill_id"]: n for n in reversed(needs)}.values())[::-1]
        if path := docs.get("path"):
            steps = [{**s, "closes": self._names(s["closes"])} for s in path["steps"]]
            found["path"] = {**path, "steps": steps, "open_skills": self._names(path["open_skills"])}
        role = self._role((docs.get("notes") or {}).get("role"))
        if docs.get("gaps") and role is not None and policy is not None:
            gaps = gaps_for(asking(role, self.moves), {r.skill_id: _belief(r, policy) for r in rows}, policy.belief)
            found["gaps"], found["coverage"] = plain(gaps), plain(coverage(gaps))
        return {n: v for n, v in found.items() if n in docs or v}

    def _role(self, ident: str | None) -> JobProfile | None:
        return (self.uow.roles.get(ident) or self.taxonomy.job_profile(ident)) if ident else None

    def _led(self, row: Json) -> list[Json]:
        return [{**row, "skill_id": s} for s in self.moves.get(row["skill_id"], (row["skill_id"],))]

    def _names(self, skills: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(t for s in skills for t in self.moves.get(s, (s,))))


def _belief(row: StoredAssertion, policy: Policy) -> Any:
    observations = tuple(observation_from(o) for o in json.loads(row.inputs)["observations"])
    return belief_of(assert_skill(row.skill_id, observations, policy.belief), policy.belief)


def _assertion_id(run: Run, skill_id: str) -> str:
    return "a" + digest([run.id, skill_id], length=15)


def _joined(skill_id: str, sources: Sequence[StoredAssertion], found: Assertion) -> Json:
    """What the route depends on: the worst verdict and every mark of those that came together, and the digests of the
    evidence that is behind the result."""
    inputs = [json.loads(s.inputs) for s in sources]
    verdicts = [i["verdict"] for i in inputs if i["verdict"]]
    worst = min(verdicts, key=lambda v: _WORST.index(v["verdict"]), default=None)
    digests = {e: d for i in inputs for e, d in i["evidence"].items()}
    before = next(
        (i["before"] for s, i in zip(sources, inputs, strict=True) if s.skill_id == skill_id and i.get("before")), None
    )
    return {
        "observations": plain(found.observations),
        "evidence": {o.evidence_id: digests[o.evidence_id] for o in found.observations},
        "verdict": {**worst, "skill_id": skill_id} if worst else None,
        "critical": any(i["critical"] for i in inputs),
        "compliance": any(i.get("compliance", False) for i in inputs),
        "before": before or next((i["before"] for i in inputs if i.get("before")), None),
    }
