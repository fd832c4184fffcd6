"""What an assessment seals in the audit chain: the headers without anything personal, the rest in the payload."""

from __future__ import annotations

from ascertain.domain.canonical import digest
from ascertain.domain.casefile import CaseFile
from ascertain.domain.findings import CrewFindings
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.runs import Run, RunState, StoredAssertion


def seal_started(uow: UnitOfWork, run: Run, case: CaseFile | None) -> None:
    """A run began. ``case`` is ``None`` where nothing may be inferred."""
    uow.audit.append(
        "run.started",
        actor="system",
        learner_id=run.learner_id,
        header={
            "run": run.id,
            "fingerprint": run.fingerprint,
            "trigger": run.trigger,
            "versions": run.versions,
            "evidence": len(case.evidence) if case else 0,
            "withheld": len(case.withheld) if case else 0,
        },
        payload={"evidence": sorted(e.id for e in case.evidence) if case else []},
    )


def seal_reinstated(uow: UnitOfWork, run: Run, replaced: Run | None, assertions: int) -> None:
    """An earlier run is the present one again, with so many assertions."""
    header = {"run": run.id, "replaces": replaced.id if replaced else None, "assertions": assertions}
    uow.audit.append("run.reinstated", actor="system", learner_id=run.learner_id, header=header)


def seal_failed(uow: UnitOfWork, run: Run, state: RunState, *, overtaken_by: str | None = None) -> None:
    """A run ended without a result."""
    header = {"run": run.id, "state": state.value} | ({"overtaken_by": overtaken_by} if overtaken_by else {})
    uow.audit.append("run.failed", actor="system", learner_id=run.learner_id, header=header)


def seal_steps(uow: UnitOfWork, run: Run, findings: CrewFindings) -> None:
    """What each agent answered; the answer itself sealed, for it may quote somebody."""
    for step in findings.steps:
        uow.audit.append(
            "agent.answered",
            actor=step.agent,
            learner_id=run.learner_id,
            header={
                "run": run.id,
                "model": step.model,
                "prompt": step.prompt_hash,
                "output": step.output_hash,
                "tools": step.tools,
                "calls": step.calls,
                "tokens": step.tokens,
                "reused": step.reused,
            },
            payload={"output": step.output},
        )


def seal_concluded(uow: UnitOfWork, run: Run, findings: CrewFindings, rows: list[StoredAssertion]) -> None:
    """What came of it, with the steps that led there."""
    seal_steps(uow, run, findings)
    uow.audit.append(
        "run.concluded",
        actor="system",
        learner_id=run.learner_id,
        header={
            "run": run.id,
            "versions": run.versions,
            "states": run.outcome["states"],
            "drops": [[d.stage, d.why] for d in findings.drops],
            "results": digest([r.result for r in rows]),
        },
        payload={
            "assertions": [[r.id, r.skill_id, r.level, r.confidence, r.state] for r in rows],
            "dropped": [[d.stage, d.what, d.why] for d in findings.drops],
        },
    )
