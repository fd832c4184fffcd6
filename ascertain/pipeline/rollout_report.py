"""The report of a pilot: how often reviewers agreed, what it took and saved, how far it reaches, and what that says of
the next phase. It counts; it names nobody."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from ascertain.domain.assertion import AssertionState
from ascertain.domain.calibration_figures import Judged
from ascertain.domain.canonical import digest
from ascertain.domain.disputes import DisputeState
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Clock, Taxonomy, UnitOfWork
from ascertain.domain.rollout import Rollout, StoredReport, Verdict
from ascertain.domain.rollout_verdict import Share, hours_saved, judge
from ascertain.errors import ConflictError
from ascertain.pipeline.calibration_data import read_decisions
from ascertain.pipeline.permit import demand
from ascertain.pipeline.rollout import Skills, pilot_or_raise
from ascertain.pipeline.views import label

Json = dict[str, Any]

TOO_FEW = 5
"""Rows of fewer decisions are shown without a share: it would say more about one reviewer than about the product."""


def figures(uow: UnitOfWork, rollout: Rollout, pilot_id: str, skills: Skills, taxonomy: Taxonomy, clock: Clock) -> Json:
    """Every figure of a pilot's report, as of now.

    Raises:
        NotFoundError: there is no such pilot.
        ConflictError: it was not begun, or its days are over.
    """
    pilot = pilot_or_raise(rollout, pilot_id)
    phase = uow.rollouts.phases().get(pilot.id, 0)
    if pilot not in rollout.running(uow.rollouts.phases(), clock.today()):
        raise ConflictError(f"{pilot.id} does not run", remedy="`ascertain rollout status` says why")
    read = uow.rollouts.reader()
    people = [p for p in uow.people.all() if read(p).pilot == pilot.id]
    ids = {p.id for p in people}
    rows = [a for a in uow.assertions.all() if a.learner_id in ids and a.level is not None]
    accepted = [a for a in rows if a.state is AssertionState.ACCEPTED]
    judged, about = _judged(uow, ids, taxonomy)
    right = _share(judged)
    reached = Share(len({a.learner_id for a in accepted}), len(people))
    contested = Share(_contested(uow, ids), len(rows))
    time = _time(uow, ids, len(accepted), rollout)
    outcome = judge(right, reached, contested, rollout.rules)
    domain = skills(pilot.id)
    return {
        "pilot": pilot.id,
        "title": pilot.title,
        "phase": phase,
        "phase_name": pilot.phases[min(phase, len(pilot.phases)) - 1].name,
        "phases": len(pilot.phases),
        "as_of": clock.today().isoformat(),
        "taxonomy": taxonomy.version,
        "accuracy": shown(right)
        | {
            "needed_more": _more(uow, ids),
            "by_source": _by(judged, lambda j: (f"{j.system}:{j.kind}", f"{j.kind.replace('_', ' ')} ({j.system})")),
            "by_skill": _by(judged, lambda j: (about[j.item], label(taxonomy, about[j.item]))),
        },
        "coverage": shown(reached)
        | {
            "skills_accepted": len({a.skill_id for a in accepted}),
            "skills": len(domain) if domain is not None else None,
            "assertions": len(rows),
            "accepted": len(accepted),
            "by_human": sum(a.human_reviewed for a in accepted),
            "in_review": sum(a.state is AssertionState.IN_REVIEW for a in rows),
            "sources": _sources(uow, people),
        },
        "disputes": shown(contested),
        "time": time,
        "fairness": _fairness(uow),
        "verdict": outcome.verdict.value,
        "reasons": [w.value for w in outcome.reasons],
        "rules": {
            "least_decisions": rollout.rules.least_decisions,
            "go_accuracy": rollout.rules.go_accuracy,
            "stop_accuracy": rollout.rules.stop_accuracy,
            "go_coverage": rollout.rules.go_coverage,
            "stop_disputes": rollout.rules.stop_disputes,
            "manual_minutes": list(rollout.rules.manual_minutes),
        },
    }


def keep(uow: UnitOfWork, who: Principal, found: Json, clock: Clock) -> StoredReport:
    """Keep a report, so that a move can rest on it. The same figures are one report. The caller commits.

    Raises:
        ForbiddenError: they may not.
    """
    demand(uow, who, Action.ROLLOUT_MOVE)
    ident = "o" + digest(found, length=12)
    known = uow.rollouts.report(ident)
    if known is not None:
        return known
    made = StoredReport(ident, found["pilot"], found["phase"], Verdict(found["verdict"]), found, who.name, clock.now())
    uow.rollouts.keep(made)
    header = {"pilot": made.pilot, "phase": made.phase, "report": made.id, "verdict": made.verdict.value}
    uow.audit.append("rollout.reported", actor=who.kind, header=header, payload={"by": who.name})
    return made


def shown(share: Share) -> Json:
    """A share with its interval, as JSON has it."""
    return {"part": share.part, "of": share.of, "share": share.value, "interval": share.interval and [*share.interval]}


def _share(judged: Sequence[Judged]) -> Share:
    return Share(sum(j.right for j in judged), len(judged))


def _judged(uow: UnitOfWork, ids: set[str], taxonomy: Taxonomy) -> tuple[list[Judged], dict[str, str]]:
    """Decisions that say whether the asserted level was right, and by item which skill they are about."""
    about = {
        item.id: row.skill_id
        for item, row in uow.calibrations.decided()
        if row.learner_id in ids and uow.rollouts.allows(row.learner_id, row.skill_id)
    }
    return [j for j in read_decisions(uow, taxonomy).judged if j.item in about], about


def _more(uow: UnitOfWork, ids: set[str]) -> int:
    return sum(i.learner_id in ids and i.decision == "more_evidence" for i in uow.reviews.every_decision())


def _by(judged: Iterable[Judged], key: Any) -> list[Json]:
    """Rows by a key, those with most decisions first."""
    found: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    for j in judged:
        found[key(j)].append(j)
    rows = []
    for (ident, name), some in found.items():
        share = _share(some)
        few = share.of < TOO_FEW
        rows.append(
            {"id": ident, "name": name, "few": few} | shown(share) | ({"share": None, "interval": None} if few else {})
        )
    return sorted(rows, key=lambda r: (-r["of"], r["name"]))


def _contested(uow: UnitOfWork, ids: set[str]) -> int:
    """Skills of people that are contested, or were with success. A dispute that was withdrawn or in which the assertion
    was confirmed counts for nothing."""
    found = {
        (d.learner_id, d.skill_id)
        for d in uow.disputes.all()
        if d.learner_id in ids
        and d.state not in (DisputeState.WITHDRAWN, DisputeState.UPHELD)
        and uow.rollouts.allows(d.learner_id, d.skill_id)
    }
    return len(found)


def _time(uow: UnitOfWork, ids: set[str], established: int, rollout: Rollout) -> Json:
    """What reviewing took and what it saved. A decision without a measured look (many at once) counts as the mean."""
    seconds: list[float] = []
    unmeasured = 0
    for item in uow.reviews.every_decision():
        if item.learner_id not in ids or not uow.rollouts.allows(item.learner_id, item.skill_id):
            continue
        if item.shown_at is None or item.decided_at is None:
            unmeasured += 1
        else:
            seconds.append(min((item.decided_at - item.shown_at).total_seconds(), rollout.rules.most_seconds))
    mean = sum(seconds) / len(seconds) if seconds else None
    spent = sum(seconds) + unmeasured * (mean or 0.0)
    saved = hours_saved(established, spent, rollout.rules)
    return {
        "measured": len(seconds),
        "unmeasured": unmeasured,
        "mean_seconds": mean,
        "hours_spent": spent / 3600,
        "established": established,
        # Without one measured look it is not known what reviewing takes, and so neither what it saves.
        "hours_saved": [saved.low, saved.high] if seconds or not unmeasured else None,
    }


def _sources(uow: UnitOfWork, people: Sequence[Learner]) -> list[Json]:
    pieces: Counter[tuple[str, str]] = Counter()
    of: dict[tuple[str, str], set[str]] = defaultdict(set)
    for p in people:
        for e in uow.evidence.of(p.id):
            pieces[e.system, e.kind.value] += 1
            of[e.system, e.kind.value].add(p.id)
    return [
        {"system": system, "kind": kind, "pieces": n, "people": len(of[system, kind])}
        for (system, kind), n in sorted(pieces.items(), key=lambda kv: (-kv[1], kv[0]))
    ]


def _fairness(uow: UnitOfWork) -> Json:
    """That audits were made, and when; their figures are for the fairness auditor."""
    made = uow.fairness.all()
    return {"audits": len(made), "latest": made[-1].at.date().isoformat() if made else None}
