"""Makes a fairness audit of a population: what each person could show, what was concluded, who is in which group."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

from ascertain.domain.assertion import AssertionState
from ascertain.domain.canonical import digest
from ascertain.domain.consent import Source
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.fairness import FairnessRules
from ascertain.domain.fairness_access import FairnessAuditor, GroupLabels, LabelImport
from ascertain.domain.fairness_audit import (
    FairnessReport,
    LabelSource,
    Measure,
    MeasureKind,
    Participant,
    audit,
)
from ascertain.domain.fairness_log import AuditMade, Outcome
from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, Content, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.rights import Entry
from ascertain.domain.runs import DecisionKind
from ascertain.errors import NotFoundError
from ascertain.pipeline.fairness_labels import ACTOR
from ascertain.pipeline.sweep import cohort_or_raise

_OPINIONS = EvidenceKind.MANAGER_REVIEW, EvidenceKind.PEER_FEEDBACK
_WORK = EvidenceKind.PROJECT, EvidenceKind.TICKET, EvidenceKind.DOCUMENT, EvidenceKind.MESSAGE
_DAYS_A_YEAR = 365.25

OPPORTUNITY = (
    Measure(
        "offered",
        MeasureKind.OPPORTUNITY,
        "Courses on offer",
        "active courses of the catalogue in the person's own language",
    ),
    Measure(
        "courses",
        MeasureKind.OPPORTUNITY,
        "Courses taken",
        "different courses that the person used, finished or failed; an enrolment that was never begun leaves no trace",
    ),
    Measure(
        "reviews", MeasureKind.OPPORTUNITY, "Reviews written", "manager reviews and peer feedback about the person"
    ),
    Measure(
        "work", MeasureKind.OPPORTUNITY, "Traces of work", "tickets, projects, documents and messages of the person"
    ),
    Measure("evidence", MeasureKind.OPPORTUNITY, "All evidence", "pieces of evidence of any kind"),
    Measure(
        "consent",
        MeasureKind.OPPORTUNITY,
        "Reviews may count",
        "1 where the person allows that colleagues' opinions count, else 0",
    ),
    Measure("hours", MeasureKind.OPPORTUNITY, "Working hours", "contract hours a week"),
    Measure("tenure", MeasureKind.OPPORTUNITY, "Years here", "years since the person was hired, where that is known"),
)
OUTCOMES = {
    Outcome.ACCEPTED: Measure(
        "accepted",
        MeasureKind.SELECTION,
        "Has an accepted skill",
        "of those assessed: at least one assertion about the person is accepted, by policy or by a human",
    ),
    Outcome.SCORE: Measure(
        "score",
        MeasureKind.SCORE,
        "Coverage of the role",
        "of those assessed against a role: the share of what it asks that the evidence covers (0 to 1)",
    ),
    Outcome.REVIEW: Measure(
        "review",
        MeasureKind.SELECTION,
        "Confirmed by reviewers",
        "of those about whom humans decided: at least half of the decisions accepted or adjusted the assertion",
    ),
    Outcome.PATH: Measure(
        "path", MeasureKind.SELECTION, "Was offered a path", "of those assessed: a learning path with at least one step"
    ),
}


def make_audit(
    units: UnitOfWorkFactory,
    labels: GroupLabels,
    auditor: FairnessAuditor,
    *,
    cohort: str = "all",
    by: Sequence[str] = (),
    on: Sequence[Outcome] = tuple(Outcome),
    least_people: int = 10,
    intersections: bool = True,
    clock: Clock,
) -> FairnessReport:
    """Audit a cohort by ``by`` (else every attribute that there are labels of), and put it on record.

    Raises:
        NotFoundError: when there is nobody in the cohort, or there are no labels.
        InputError: when nobody of the cohort has a label of an attribute.
    """
    attributes = list(dict.fromkeys(a.strip().casefold() for a in by if a.strip())) or sorted(labels.counts(auditor))
    if not attributes:
        raise NotFoundError("there are no group labels", remedy="ascertain fairness labels import FILE.csv")
    with units() as uow:
        learners = cohort_or_raise(uow, cohort)
        # Before the labels are read, so that no reading goes without a record, nor without an entry for each person.
        header = {"attributes": attributes, "people": len(learners)}
        who = {"actor": auditor.name}
        sealed = uow.audit.append("fairness.labels_read", actor=ACTOR, header=header, payload=who)
        uow.accesses.add([Entry(sealed.seq, auditor.name, "fairness", tuple(sorted(p.id for p in learners)))])
        uow.commit()
    groups = labels.read(auditor, [p.id for p in learners])
    with units(write=False) as uow:
        catalogue = [c for c in uow.contents.all() if not c.item.external]
        people = [
            Participant(
                {a: v for a, v in groups.get(p.id, {}).items() if a in attributes},
                opportunity(uow, p, catalogue, clock.today()) | outcomes(uow, p, on),
            )
            for p in learners
        ]
    report = audit(
        people,
        [*OPPORTUNITY, *(OUTCOMES[o] for o in on)],
        attributes,
        made_on=clock.today(),
        made_by=auditor.name,
        population=cohort,
        sources=_sources(labels.imports(auditor), attributes),
        rules=FairnessRules(least_people=least_people),
        intersections=intersections,
    )
    made = AuditMade(
        uuid.uuid4().hex[:16],
        clock.now(),
        auditor.name,
        population(cohort),
        tuple(attributes),
        tuple(o.value for o in on),
        report.people,
        len(report.findings),
        report.too_few,
    )
    with units() as uow:
        uow.fairness.add(made)
        header = {
            "audit": made.id,
            "attributes": attributes,
            "measures": list(made.measures),
            "people": made.people,
            "flagged": made.flagged,
            "too_few": made.too_few,
            "report": digest(report),
        }
        uow.audit.append(
            "fairness.audited", actor=ACTOR, header=header, payload={"actor": made.actor, "of": made.population}
        )
        uow.commit()
    return report


def population(cohort: str) -> str:
    """The name under which audits of a cohort are kept: cohorts are found whatever the case of their letters."""
    return cohort.strip().casefold()


def _sources(deliveries: Sequence[LabelImport], attributes: Sequence[str]) -> list[LabelSource]:
    """Where labels of these attributes came from; whoever delivered twice stands there once, with the last day."""
    last = {(d.source, d.purpose): d.at.date() for d in deliveries if set(d.attributes) & set(attributes)}
    return [LabelSource(source, purpose, day) for (source, purpose), day in last.items()]


def opportunity(uow: UnitOfWork, learner: Learner, catalogue: Sequence[Content], today: date) -> dict[str, float]:
    """How much evidence the person could leave, by the names of ``OPPORTUNITY``."""
    evidence = uow.evidence.of(learner.id)
    language = learner.language.split("-")[0].casefold()
    found: dict[str, float] = {
        "offered": sum(c.item.language.split("-")[0].casefold() == language for c in catalogue),
        "courses": len({e.content_id for e in evidence if e.content_id}),
        "reviews": _count(evidence, _OPINIONS),
        "work": _count(evidence, _WORK),
        "evidence": len(evidence),
        "consent": float(learner.consents.allows(Source.REVIEWS)),
        "hours": learner.hours_per_week,
    }
    if learner.hired_on is not None:
        found["tenure"] = max(0.0, (today - learner.hired_on).days / _DAYS_A_YEAR)
    return found


def outcomes(uow: UnitOfWork, learner: Learner, on: Sequence[Outcome]) -> dict[str, float]:
    """What was concluded about the person. What does not apply to them is absent: they are not in that sample."""
    found: dict[str, float] = {}
    run = uow.runs.latest(learner.id)
    if run is not None:
        if Outcome.ACCEPTED in on:
            found["accepted"] = any(a.state is AssertionState.ACCEPTED for a in uow.assertions.of(learner.id))
        if Outcome.SCORE in on and (coverage := uow.runs.document(run.id, "coverage")):
            found["score"] = float(coverage["point"])
        if Outcome.PATH in on:
            found["path"] = bool((uow.runs.document(run.id, "path") or {}).get("steps"))
    decided = uow.reviews.decided(learner.id) if Outcome.REVIEW in on else []
    if decided:
        good = sum(i.decision in (DecisionKind.ACCEPT, DecisionKind.ADJUST) for i in decided)
        found["review"] = 2 * good >= len(decided)
    return found


def _count(evidence: Sequence[Evidence], kinds: Sequence[EvidenceKind]) -> int:
    return sum(e.kind in kinds for e in evidence)
