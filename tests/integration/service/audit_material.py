"""Something for the auditor's pages to show: a calibration that was fitted, a fairness audit that was made."""

from __future__ import annotations

from datetime import datetime

from ascertain.domain.calibration import Calibration, Method
from ascertain.domain.calibration_figures import Judged, measure
from ascertain.domain.calibration_fit import FitOutcome, Fitted
from ascertain.domain.calibration_log import CalibrationRecord
from ascertain.domain.canonical import digest, plain
from ascertain.domain.fairness_audit import FairnessReport, LabelSource, Measure, MeasureKind, Participant, audit
from ascertain.domain.fairness_log import AuditMade
from ascertain.runtime import App


def candidate(app: App, fitted_by: str) -> int:
    """A calibration that was fitted and waits for somebody's yes; its number."""
    rows = [
        Judged(f"i{n}", f"p{n % 30}", 0.5 + n / 250, 0.5 + n / 250, n % 3 > 0, kind="assessment", system="docebo")
        for n in range(120)
    ]
    before, after = measure(rows, lambda j: j.posterior), measure(rows, lambda j: 0.667)
    with app.units() as uow:
        number = max((r.calibration.number for r in uow.calibrations.all()), default=0) + 1
        made = Calibration(number, Method.PLATT, len(rows), slope=0.7, offset=-0.1)
        fitted = Fitted(FitOutcome.KEPT, "better out of fold", 120, 30, Method.PLATT, before, after, None, made)
        figures = {"outcome": plain(fitted), "left_out": {}, "policy": "p"}
        uow.calibrations.add(CalibrationRecord(made, "data", figures, app.clock.now(), fitted_by))
        uow.commit()
    return number


def fairness_report(made_on: datetime, small: int) -> FairnessReport:
    """Two groups of twenty and one of ``small`` people."""
    people = [
        Participant({"team": "north" if n % 2 else "south"}, {"taken": n % 4, "chosen": float(n % 4 > 0 or n % 2)})
        for n in range(40)
    ] + [Participant({"team": "islands"}, {"taken": 1, "chosen": 1.0}) for _ in range(small)]
    measures = [
        Measure("taken", MeasureKind.OPPORTUNITY, "Courses taken", "courses"),
        Measure("chosen", MeasureKind.SELECTION, "Was chosen", "chosen people"),
    ]
    return audit(
        people,
        measures,
        ["team"],
        made_on=made_on.date(),
        made_by="ada",
        population="all",
        sources=[LabelSource("invented", "tests")],
    )


def on_record(app: App, ident: str, report: FairnessReport, at: datetime, population: str = "all") -> None:
    """Put an audit on record as the command does, with the digest of its report."""
    with app.units() as uow:
        uow.fairness.add(
            AuditMade(ident, at, "ada", population, ("team",), ("accepted",), report.people, 1, report.too_few)
        )
        header = {"audit": ident, "report": digest(report)}
        uow.audit.append("fairness.audited", actor="fairness", header=header, payload={"actor": "ada"})
        uow.commit()
