"""How well the belief predicts the next graded assessment, beside simpler ways.

``python -m benchmarks.belief --assessments FILE --info FILE --data DIR [--json] [--plot FILE.svg]``

For each graded submission of the Open University Learning Analytics data set the question is whether its score reaches
40 (pass) and 70 (merit), from what the same student submitted on earlier days. What others did counts as far as it was
known before that day. The belief is the product's own, with the readout of the shipped policy. Everything that has to
be fitted for comparison is fitted on the given file by five folds over students. The headline is over submissions with
a past; a first one is predicted from the population alone, and ``with_first`` has them too. Intervals are 95 %
bootstrap intervals over students. Students' characteristics are never an input: they split the calibration afterwards.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ascertain.domain.readout import applied
from ascertain.domain.rules import ReadoutRules
from ascertain.errors import AscertainError, InputError
from ascertain.policy import read_policy
from benchmarks.belief_adapter import MARKS, Array, Question, posteriors, questions, readings
from benchmarks.belief_baselines import BKT, Absent, baselines, folds, informed, logistic, tracing
from benchmarks.belief_figures import Figures, Places, Prediction, bins, measured
from benchmarks.belief_plot import diagram
from benchmarks.oulad import Submission, read, read_students

BELIEF, REFITTED = "belief", "belief, readout fitted by folds"
OTHER_MODULES = "belief, readout fitted on other modules"
STEPS = {"posterior of scores as they are (formula 2)": False, "posterior of equated scores, no readout": True}
GROUPS = ("gender", "age_band", "disability", "imd_band")
FEWEST = 100
"""Of fewer submissions of a group nothing is said."""


@dataclass(frozen=True)
class Compared:
    """One mark: every prediction's figures, what came true, and the belief's probabilities."""

    figures: dict[str, Figures]
    main: tuple[str, ...]
    informed: tuple[str, ...]
    y: Array
    p: Array
    student: Places

    def document(self) -> dict[str, Any]:
        """As the page describes it."""
        return {
            "submissions": len(self.y),
            "students": len(np.unique(self.student)),
            "reached": round(float(self.y.mean()), 4),
            "belief": self.figures[BELIEF].document(),
            "belief_fitted_by_folds": self.figures[REFITTED].document(),
            "belief_fitted_on_other_modules": self.figures[OTHER_MODULES].document()
            if OTHER_MODULES in self.figures
            else None,
            "steps": {n: self.figures[n].document() for n in STEPS},
            "baselines": {n: self.figures[n].document() for n in self.main},
            "told_the_base_rate": {n: self.figures[n].document() for n in self.informed},
        }


def fitted(features: dict[str, Array], ys: dict[str, Array], keep: Array) -> ReadoutRules:
    """One readout for both marks from those rows. The policy would refuse one with a negative coefficient."""
    x = np.concatenate([features[m][keep] for m in MARKS])
    w = logistic(x, np.concatenate([ys[m][keep] for m in MARKS]))
    return ReadoutRules(*(float(v) for v in w))


def refitted(features: dict[str, Array], ys: dict[str, Array], keep: Array, part: Places) -> dict[str, Array]:
    """By mark, the chances of a readout that was fitted on the other parts."""
    found = {m: np.empty(len(part)) for m in MARKS}
    for k in np.unique(part):
        readout = fitted(features, ys, keep & (part != k))
        for m in MARKS:
            found[m][part == k] = chances(readout, features[m][part == k])
    return found


def chances(readout: ReadoutRules, features: Array) -> Array:
    """The readout row by row."""
    return np.array([applied(readout, (a, b, c)) for a, b, c in features])


def compare(
    submissions: Sequence[Submission], asked: Sequence[Question], draws: int, *, bkt: bool = True
) -> tuple[dict[str, Compared], dict[str, Compared], dict[str, str]]:
    """By mark: over questions with a past, and over all; then what could not be run, and why."""
    rules = read_policy()[0].belief
    if rules.readout is None:
        raise InputError("the shipped policy has no readout", field="belief.readout")
    features = readings(asked, rules)
    ys = {name: np.array([float(q.of.score >= at) for q in asked]) for name, at in MARKS.items()}
    names = {s: i for i, s in enumerate(sorted({q.of.student for q in asked}))}
    steps = {name: posteriors(asked, rules, equating=equating) for name, equating in STEPS.items()}
    student = np.array([names[q.of.student] for q in asked], dtype=np.int64)
    past = np.array([bool(q.past) for q in asked])
    every = np.ones(len(asked), dtype=bool)
    fold = folds(student)
    module = np.unique([q.of.task.module for q in asked], return_inverse=True)[1].ravel()
    with_past: dict[str, Compared] = {}
    with_first: dict[str, Compared] = {}
    absent: dict[str, str] = {}
    for mark in MARKS:
        ours = chances(rules.readout, features[mark])
        rows = {BELIEF: ours, REFITTED: refitted(features, ys, past, fold)[mark]}
        if module.any():
            rows[OTHER_MODULES] = refitted(features, ys, past, module)[mark]
        rows |= {name: p[mark] for name, p in steps.items()}
        traced = None
        if bkt:
            try:
                print(f"{BKT}, {mark} …", file=sys.stderr)
                traced = tracing(submissions, asked, mark, fold)
            except Absent as e:
                absent[BKT] = str(e)
        for keep, into in ((past, with_past), (every, with_first)):
            some = [q for q, k in zip(asked, keep, strict=True) if k]
            y = ys[mark][keep]
            main = baselines(some, mark, y, fold[keep])
            if traced is not None:
                main[BKT] = Prediction(traced.score[keep], traced.p[keep])
            more = informed(some, mark, y, fold[keep])
            belief = {name: Prediction(p[keep], p[keep]) for name, p in rows.items()}
            place = np.unique(student[keep], return_inverse=True)[1].ravel()
            figures = measured({**belief, **main, **more}, y, place, ours=BELIEF, draws=draws)
            into[mark] = Compared(figures, tuple(main), tuple(more), y, ours[keep], student[keep])
    return with_past, with_first, absent


def groups(found: dict[str, Compared], asked: Sequence[Question], info: Path) -> dict[str, Any]:
    """By mark and group: mean probability against what came true. Too few say so."""
    people = read_students(info, GROUPS)
    of = [people.get(q.of.student, {}) for q in asked if q.past]
    out: dict[str, Any] = {"students_not_in_info": len({q.of.student for q in asked} - people.keys())}
    for mark, c in found.items():
        out[mark] = {}
        for attribute in GROUPS:
            values = np.array([g.get(attribute, "?") for g in of])
            out[mark][attribute] = {
                str(v): {
                    "submissions": int((values == v).sum()),
                    "said": round(float(c.p[values == v].mean()), 4),
                    "reached": round(float(c.y[values == v].mean()), 4),
                }
                if (values == v).sum() >= FEWEST
                else "too few"
                for v in np.unique(values)
            }
    return out


def table(found: dict[str, Compared], absent: dict[str, str]) -> str:
    """Markdown."""
    out = []
    for mark, c in found.items():
        out += [
            f"### {mark} ({MARKS[mark]:.0%})",
            "",
            f"{len(c.y)} submissions of {len(np.unique(c.student))} students; {c.y.mean():.1%} reach it.",
            "",
            "| | AUC | Brier | ECE | belief's AUC is higher by |",
            "|---|---|---|---|---|",
        ]
        for name, f in c.figures.items():
            ahead = "–" if f.ahead_95 is None else f"{f.ahead_95[0]:+.3f} to {f.ahead_95[1]:+.3f}"
            told = " (told the base rate)" if name in c.informed else ""
            cells = [f"{v:.3f} [{a:.3f}, {b:.3f}]" for v, (a, b) in ((f.auc, f.auc_95), (f.brier, f.brier_95))]
            cells.append(f"{f.ece:.4f} [{f.ece_95[0]:.4f}, {f.ece_95[1]:.4f}]")
            out.append(f"| {name}{told} | {' | '.join(cells)} | {ahead} |")
        out += [f"| {name} | not run: {why} |{' – |' * 3}" for name, why in absent.items()]
        out.append("")
    return "\n".join(out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--assessments",
        type=Path,
        required=True,
        metavar="FILE",
        help="graded submissions, as student_assessments.csv: "
        "id_assessment, id_student, date_submitted, is_banked, score",
    )
    parser.add_argument(
        "--info",
        type=Path,
        required=True,
        metavar="FILE",
        help=f"students, as student_info.csv: id_student, {', '.join(GROUPS)}; only for calibration by group",
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder with assessments.csv (what each assessment is and when it is due) and courses.csv (how long each "
        "presentation is)",
    )
    parser.add_argument("--fit", action="store_true", help="only print the readout that these submissions would give")
    parser.add_argument("--no-bkt", action="store_true", help="leave knowledge tracing out")
    parser.add_argument("--draws", type=int, default=300, help="of the bootstrap (default: 300)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write the reliability diagram there, as SVG")
    parser.add_argument("--json", action="store_true", help="every figure as JSON")
    args = parser.parse_args(arguments)
    try:
        submissions, ungraded = read(args.assessments, args.data)
        asked = questions(submissions)
        if not any(q.past for q in asked):
            raise InputError("no submission has a past", where=args.assessments.name)
        policy = read_policy()[0]
        if args.fit:
            ys = {name: np.array([float(q.of.score >= at) for q in asked]) for name, at in MARKS.items()}
            fit = fitted(readings(asked, policy.belief), ys, np.array([bool(q.past) for q in asked]))
            print(f"readout: {{{', '.join(f'{k}: {getattr(fit, k):.2f}' for k in ReadoutRules.__slots__)}}}")
            return 0
        found, with_first, absent = compare(submissions, asked, args.draws, bkt=not args.no_bkt)
        by_group = groups(found, asked, args.info)
    except AscertainError as e:
        print(e, file=sys.stderr)
        return 2
    remarks = {
        "policy": policy.version,
        "presentations": sorted({f"{s.task.module} {s.task.presentation}" for s in submissions}),
        "graded": len(submissions),
        "without score or day": ungraded,
        "banked, hence never predicted": sum(s.banked for s in submissions),
        "first of their student": sum(not q.past for q in asked),
    }
    if args.plot:
        panels = {m: (bins(c.p, c.y), c.figures[BELIEF]) for m, c in found.items()}
        args.plot.write_text(diagram(panels, f"policy {policy.version}"), encoding="utf-8")
    if args.json:
        doc: dict[str, Any] = {mark: c.document() for mark, c in found.items()}
        doc |= {"with_first": {mark: c.document() for mark, c in with_first.items()}, "absent": absent}
        print(json.dumps({**doc, "groups": by_group, "data": remarks}, indent=2))
    else:
        print("\n".join(f"* {k}: {v}" for k, v in remarks.items()) + f"\n\n{table(found, absent)}")
        print(f"## With first submissions\n\n{table(with_first, absent)}")
        for mark in MARKS:
            rows = [(a, v, f) for a, values in by_group[mark].items() for v, f in values.items()]
            print(f"{mark}, said and reached by group:")
            print("\n".join(f"  {a} {v}: {f}" for a, v, f in rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
