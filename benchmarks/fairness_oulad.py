"""The fairness audit on real people: python -m benchmarks.fairness_oulad FOLDER [--html FILE] [--csv FILE]

FOLDER holds the Open University Learning Analytics Dataset (OULAD, Kuzilek et al. 2017, CC BY 4.0):
``student_info.csv``, ``student_assessments.csv``, ``assessments.csv``. Its groups are real ones: gender, age band,
disability, and the index of multiple deprivation of where the student lives (0-10 % are the most deprived tenth), in
three parts here.

Audited are the university's own result, the mean score, and what this product's belief makes of the same submissions:
the confidence that the student performs at foundation level, by the shipped policy. Printed is what is flagged by one
attribute; the files have the intersections.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import fmean

from ascertain.domain.belief import Observation, believe
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.fairness_audit import FairnessReport, LabelSource, Measure, MeasureKind, Participant, audit
from ascertain.domain.rules import BeliefRules
from ascertain.domain.skills import Level
from ascertain.errors import InputError
from ascertain.policy import read_policy
from ascertain.report.fairness import fairness_csv, fairness_html
from ascertain.report.private_file import write_private

ATTRIBUTES = ("gender", "age_band", "disability", "deprivation")
PASSED = frozenset(("Pass", "Distinction"))
ENOUGH_TO_PASS = 40.0
"""Score from which the university lets a submission pass."""

MEASURES = (
    Measure("set", MeasureKind.OPPORTUNITY, "Submissions asked for", "graded assessments of the student's module"),
    Measure("handed_in", MeasureKind.OPPORTUNITY, "Submissions handed in", "graded submissions of the student"),
    Measure("passed", MeasureKind.SELECTION, "Passed the module", "final result Pass or Distinction"),
    Measure("distinction", MeasureKind.SELECTION, "Distinction", "final result Distinction"),
    Measure(
        "enough",
        MeasureKind.SELECTION,
        "Mean score of at least 40",
        "of those with a graded submission: mean score of at least 40 of 100",
    ),
    Measure("score", MeasureKind.SCORE, "Mean score", "mean score of the student's graded submissions, 0 to 100"),
    Measure(
        "confidence",
        MeasureKind.SCORE,
        "This product's confidence",
        "of those with enough evidence: the confidence that the belief puts on foundation level, by the shipped policy",
    ),
)


@dataclass(slots=True)
class Registration:
    """One student in one run of a module."""

    row: dict[str, str]
    scores: list[float] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the data set, audit it, print what asks for a look."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fairness_oulad", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--html", type=Path)
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--date", type=date.fromisoformat, default=None, help="date of the report (else today)")
    chosen = parser.parse_args(arguments)
    begun = time.monotonic()
    report = audit_oulad(chosen.folder, made_on=chosen.date or date.today())
    if chosen.html:
        write_private(chosen.html, fairness_html(report), option="--html")
    if chosen.csv:
        write_private(chosen.csv, fairness_csv(report), option="--csv")
    for finding in report.findings:
        if len(finding.by) == 1:
            print(finding.text)
    print(f"{report.people} people, {len(report.findings)} flagged, {report.too_few} too few, ", end="")
    print(f"{time.monotonic() - begun:.1f} s")
    return 0


def audit_oulad(folder: Path, *, made_on: date) -> FairnessReport:
    """The audit of everybody in the data set.

    Raises:
        InputError: when a file of the data set is missing.
    """
    people, asked = read(folder)
    rules = read_policy()[0].belief
    return audit(
        [participant(p, asked[_module(p.row)], rules) for p in people],
        MEASURES,
        ATTRIBUTES,
        made_on=made_on,
        made_by="benchmarks.fairness_oulad",
        population="OULAD, presentations 2013J",
        sources=[LabelSource("OULAD student_info.csv (CC BY 4.0)", "to show a fairness audit on real people")],
        notes=(
            "One row is one registration. A student who took two modules stands in it twice.",
            "The file holds nobody who withdrew: what is seen is how those fared who stayed to the end.",
        ),
    )


def participant(p: Registration, asked: int, rules: BeliefRules) -> Participant:
    """A student with group labels and values of every measure that applies."""
    row = p.row
    found: dict[str, float] = {
        "set": asked,
        "handed_in": len(p.scores),
        "passed": row["final_result"] in PASSED,
        "distinction": row["final_result"] == "Distinction",
    }
    if p.scores:
        found |= {"score": fmean(p.scores), "enough": fmean(p.scores) >= ENOUGH_TO_PASS}
    confidence = believed(p.scores, rules)
    if confidence is not None:
        found["confidence"] = confidence
    labels = {a: row[a] for a in ("gender", "age_band", "disability")} | {"deprivation": third(row["imd_band"])}
    return Participant(labels, found)


def believed(scores: Sequence[float], rules: BeliefRules) -> float | None:
    """The product's confidence in foundation level; ``None`` for not enough evidence."""
    kind, level = EvidenceKind.ASSESSMENT, Level.FOUNDATION
    weight = rules.reliability[kind]
    observations = tuple(
        Observation(str(i), str(i), str(i), "module", kind, level, 1.0, weight, 1.0, s / 100, s >= ENOUGH_TO_PASS)
        for i, s in enumerate(scores)
    )
    belief = believe(observations, rules)
    return belief.performs(level, rules.performs_at) if belief.amount >= rules.enough_evidence else None


def third(band: str) -> str:
    """A band of the index of multiple deprivation, as one of three parts; empty for none."""
    if not band:
        return ""
    lower = int(band.split("-")[0])
    return "1 most (0-30 %)" if lower < 30 else "2 middle (30-70 %)" if lower < 70 else "3 least (70-100 %)"


def read(folder: Path) -> tuple[list[Registration], dict[tuple[str, str], int]]:
    """Registrations with their scores, and how many graded assessments each run of a module has."""
    modules = {r["id_assessment"]: _module(r) for r in _rows(folder / "assessments.csv")}
    people = [Registration(r) for r in _rows(folder / "student_info.csv")]
    known = {(_module(p.row), p.row["id_student"]): p for p in people}
    asked: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for r in _rows(folder / "student_assessments.csv"):
        module = modules[r["id_assessment"]]
        asked[module].add(r["id_assessment"])
        owner = known.get((module, r["id_student"]))
        if owner is not None and r["score"]:
            owner.scores.append(float(r["score"]))
    return people, defaultdict(int, {m: len(found) for m, found in asked.items()})


def _module(row: dict[str, str]) -> tuple[str, str]:
    return row["code_module"], row["code_presentation"]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    except OSError as e:
        raise InputError(
            f"cannot be read: {e.strerror}", where=path.name, remedy="give the folder of the OULAD files"
        ) from None


if __name__ == "__main__":
    raise SystemExit(main())
