"""Pilots as people see and move them: how many are in, what is in reach, which phase; what a file names wrongly."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from ascertain.domain.consent import BROUGHT_BY
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Clock, Taxonomy, UnitOfWork
from ascertain.domain.reach import Reach
from ascertain.domain.rollout import Advance, Pilot, Rollout
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.permit import demand

Json = dict[str, Any]
Skills = Callable[[str], frozenset[str] | None]


def pilot_or_raise(rollout: Rollout, pilot_id: str) -> Pilot:
    """
    Raises:
        NotFoundError: the file describes no such pilot.
    """
    found = rollout.pilot(pilot_id)
    if found is None:
        known = ", ".join(p.id for p in rollout.pilots) or "none is described"
        raise NotFoundError(f"there is no pilot {pilot_id!r}", remedy=f"config/rollout.yaml knows: {known}")
    return found


def status(uow: UnitOfWork, rollout: Rollout, skills: Skills, clock: Clock) -> Json:
    """All pilots with their phase and how many people and skills they reach; nobody is named."""
    phases, today = uow.rollouts.phases(), clock.today()
    everybody = [p for p in uow.people.all(active_only=False) if p.active]
    read = uow.rollouts.reader()
    reaches = {p.id: read(p) for p in everybody}
    return {
        "enabled": rollout.enabled,
        "people": len(everybody),
        "reached": sum(not r.outside for r in reaches.values()),
        "pilots": [_pilot(uow, p, phases.get(p.id, 0), everybody, reaches, skills, today) for p in rollout.pilots],
    }


def _pilot(
    uow: UnitOfWork,
    pilot: Pilot,
    phase: int,
    everybody: Collection[Learner],
    reaches: dict[str, Reach],
    skills: Skills,
    today: Any,
) -> Json:
    domain = skills(pilot.id)
    moves = uow.rollouts.advances(pilot.id)
    reports = uow.rollouts.reports(pilot.id)
    at = min(phase, len(pilot.phases))
    return {
        "id": pilot.id,
        "title": pilot.title,
        "cohort": sum(pilot.cohort.holds(p) for p in everybody),
        "reached": sum(r.pilot == pilot.id for r in reaches.values()),
        "skills": None if domain is None else len(domain),
        "starts": pilot.starts.isoformat() if pilot.starts else None,
        "ends": pilot.ends.isoformat() if pilot.ends else None,
        "state": "not begun" if phase == 0 else "running" if pilot.in_time(today) else "out of its days",
        "phase": at,
        "phases": [
            {
                "number": n,
                "name": f.name,
                "connections": None if f.connections is None else sorted(f.connections),
                "kinds": None if f.kinds is None else sorted(f.kinds),
                "present": n == at,
            }
            for n, f in enumerate(pilot.phases, start=1)
        ],
        "moves": [
            {"phase": m.phase, "reason": m.reason, "report": m.report, "by": m.by, "at": m.at.isoformat()}
            for m in reversed(moves)
        ],
        "reports": [
            {"id": r.id, "phase": r.phase, "verdict": r.verdict.value, "by": r.by, "at": r.at.isoformat()}
            for r in reports
        ],
    }


def check(uow: UnitOfWork, rollout: Rollout, taxonomy: Taxonomy, connections: Collection[str]) -> list[str]:
    """What the file names and nothing knows, and who is in two pilots: worth a look before anything is begun."""
    everybody = [p for p in uow.people.all(active_only=False) if p.active]
    known = {s.id for s in taxonomy.skills()}
    found = []
    for pilot in rollout.pilots:
        where = f"pilot {pilot.id}"
        if not any(pilot.cohort.holds(p) for p in everybody):
            found.append(f"{where}: its cohort has nobody in it")
        for name, values, of in _named(pilot, everybody):
            found += [f"{where}: nobody has the {name} {v!r}" for v in sorted(values - of)]
        for skill in sorted((pilot.domain.under | pilot.domain.skills) - known):
            found.append(f"{where}: the taxonomy {taxonomy.version} has no skill {skill!r}")
        for phase in pilot.phases:
            unknown = sorted((phase.connections or frozenset()) - set(connections))
            found += [f"{where}, phase {phase.name!r}: there is no connection {c!r}" for c in unknown]
    for i, one in enumerate(rollout.pilots):
        for other in rollout.pilots[i + 1 :]:
            both = sum(one.cohort.holds(p) and other.cohort.holds(p) for p in everybody)
            if both:
                found.append(
                    f"{both} people are in {one.id} and in {other.id}: while both run, {one.id} counts for them"
                )
    return found


def _named(pilot: Pilot, everybody: Collection[Learner]) -> list[tuple[str, frozenset[str], frozenset[str]]]:
    def of(*fields: str) -> frozenset[str]:
        return frozenset((getattr(p, f) or "").strip().casefold() for p in everybody for f in fields)

    rule = pilot.cohort
    return [
        ("department", rule.units, of("department")),
        ("location", rule.locations, of("location")),
        ("role", rule.roles, of("job_profile_id", "job_title")),
        ("id or address", rule.people, of("id", "email")),
    ]


@dataclass(frozen=True, slots=True)
class Mover:
    """Moves pilots; only a human does, with a reason."""

    rollout: Rollout
    clock: Clock

    def advance(
        self, uow: UnitOfWork, who: Principal, pilot_id: str, *, to: int | None, reason: str, report: str
    ) -> Advance:
        """Move a pilot to its next phase, or to ``to``. Beginning the first one and stepping back need no report;
        a step forward names one that was made in the present phase. What sources brought before is asked for anew,
        since what the new phase uses was not kept. The caller commits.

        Raises:
            ForbiddenError: they may not.
            NotFoundError: there is no such pilot, or no such report.
            InputError: there is no reason, or no such phase.
            ConflictError: nothing would change, a phase would be skipped, or the report is of another phase.
        """
        demand(uow, who, Action.ROLLOUT_MOVE)
        pilot = pilot_or_raise(self.rollout, pilot_id)
        now = uow.rollouts.phases().get(pilot.id, 0)
        phase = now + 1 if to is None else to
        if not reason.strip():
            raise InputError("a move needs a reason", where=pilot.id, field="reason", remedy="say why")
        if not 0 <= phase <= len(pilot.phases):
            raise InputError(
                f"there is no phase {phase}", where=pilot.id, field="phase", remedy=f"0 to {len(pilot.phases)}"
            )
        if phase == now:
            raise ConflictError(f"{pilot.id} is in phase {now} already", remedy="`ascertain rollout status` shows it")
        if phase > now + 1:
            raise ConflictError(f"{pilot.id} is in phase {now}: one phase at a time", remedy=f"move to {now + 1} first")
        rests_on = self._report(uow, pilot, now, report) if phase > now > 0 else ""
        made = Advance(pilot.id, phase, reason.strip(), rests_on, who.name, self.clock.now())
        uow.rollouts.advance(made)
        uow.sync.forget_cursors({e.value for entities in BROUGHT_BY.values() for e in entities})
        header = {"pilot": pilot.id, "from": now, "to": phase, "report": rests_on}
        payload = {"by": who.name, "reason": made.reason}
        uow.audit.append("rollout.moved", actor=who.kind, header=header, payload=payload)
        return made

    def _report(self, uow: UnitOfWork, pilot: Pilot, now: int, report: str) -> str:
        remedy = f"`ascertain rollout report {pilot.id} --keep` makes one"
        if not report.strip():
            raise InputError(
                "a step forward needs the report that it rests on", where=pilot.id, field="report", remedy=remedy
            )
        found = uow.rollouts.report(report.strip())
        if found is None or found.pilot != pilot.id:
            raise NotFoundError(f"there is no report {report!r} of {pilot.id}", remedy=remedy)
        if found.phase != now:
            raise ConflictError(
                f"the report {found.id} is of phase {found.phase}, the pilot is in {now}", remedy=remedy
            )
        return found.id
