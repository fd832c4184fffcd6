"""Writes ``CALIBRATION.md``: how accurate the product's probabilities are, out of figures measured in this repository.

    python -m benchmarks.calibration_card

The belief's and the mapper's figures are read from the tables in ``docs/`` that their own benchmarks fill. Whether the
machinery finds a known distortion is computed here, on simulated decisions, and says so.
"""

from __future__ import annotations

import argparse
import re
from datetime import date
from pathlib import Path

from ascertain.calibrating import ScikitFitter
from ascertain.domain.canonical import plain
from ascertain.domain.rules import CalibrationRules
from ascertain.report.calibration import reliability_svg
from benchmarks.simulated_decisions import Truth, decisions, exact, stepped, too_modest, too_sure

ROOT = Path(__file__).resolve().parents[1]
CARD, BELIEF, MAPPING = ROOT / "CALIBRATION.md", ROOT / "docs" / "belief.md", ROOT / "docs" / "mapping.md"
DIAGRAM = ROOT / "docs" / "images" / "calibration.svg"
BELIEF_ROW = "belief, readout fitted by folds over students"
SIMULATED: dict[str, tuple[Truth, str]] = {
    "exact": (exact, "each confidence is right"),
    "too sure": (too_sure, "log-odds are 0.6 of what is said, less a half"),
    "too modest": (too_modest, "log-odds are twice of what is said"),
    "stepped": (stepped, "over 0.7 right nine times in ten, else four times"),
}
SIZES = (200, 900, 2000)
_SEED = 11


def card(day: date) -> str:
    """The text of the card."""
    belief, mapping = BELIEF.read_text(encoding="utf-8"), MAPPING.read_text(encoding="utf-8")
    return f"""# Calibration card

Made on {day} by `python -m benchmarks.calibration_card` from figures that are measured in this repository. It
declares how accurate the probabilities are that the product states, on which data, and what that does not say.

## The chance of the next graded task

{_population(belief)} Open University Learning Analytics data set (CC BY 4.0). Method: the belief of
[docs/belief.md](docs/belief.md); the readout's four coefficients were fitted by five folds over students, so no row
has seen its student.

| mark | n | AUC | Brier | ECE |
|---|---|---|---|---|
{_belief_rows(belief)}

## The mapper's first candidate

Texts that the fitted coefficients did not see. Method: [docs/mapping.md](docs/mapping.md). "Of a perfect model" is
what these very probabilities would show on average were each exactly right: a finite set never shows zero. In per
cent.

| set | texts | ECE | of a perfect model |
|---|---|---|---|
{_mapping_rows(mapping)}

## The confidence of an assertion

It is the posterior that the person performs at the level, until an organisation has calibrated it on its own
reviewers' decisions ([docs/calibration.md](docs/calibration.md)). **There is no figure for it here**: decisions of
reviewers are an organisation's own, and none come with the product. `ascertain calibration show` prints n, ECE and
Brier score of yours.

That the machinery finds a distortion that is known, and leaves alone what is right, is shown on **synthetic**
decisions. They say nothing about any organisation. Figures after are out of fold, over people.

| organisation | decisions | outcome | method | ECE before | after | of a perfect model | Brier before | after |
|---|---|---|---|---|---|---|---|---|
{_simulated_rows()}

## What this is not

* No figure of a workplace: the first two are of students and of texts, the third is simulated.
* Accuracy against reviewers is agreement with reviewers, who can be wrong, and wrong alike.
* The figures are averages. They say nothing about one person, and little about small groups: `ascertain fairness
  calibration`.
* No certificate, and no claim that any law is met.
"""


def diagram() -> str:
    """Before and after, out of fold, of the simulated organisation that is too sure."""
    found = ScikitFitter().fit(decisions(2000, too_sure, seed=_SEED), CalibrationRules(), 1)
    panels = {"before": plain(found.before), "after, isotonic, out of fold": plain(found.after)}
    return reliability_svg(panels, "2,000 simulated decisions of reviewers; bars are 95 % intervals")


def _population(text: str) -> str:
    found = re.search(r"([\d,]+) submissions with a past of ([\d,]+) students", text)
    if found is None:
        raise SystemExit("docs/belief.md no longer says how many submissions it is about")
    return f"n = {found[1]} graded submissions of {found[2]} students,"


def _belief_rows(text: str) -> str:
    cells = _row(text, BELIEF_ROW)
    n = re.search(r"([\d,]+) submissions with a past", text)
    count = n[1] if n else ""
    return "\n".join(
        f"| {mark} | {count} | {cells[i]} | {cells[i + 1]} | {cells[i + 2]} |"
        for mark, i in (("pass (40)", 1), ("merit (70)", 4))
    )


def _mapping_rows(text: str) -> str:
    head = "| set | texts | RP@1 |"
    start = text.index(head)
    names = _cells(text[start : text.index("\n", start)])
    at = [names.index(n) for n in ("set", "texts", "top-1 ECE", "… of a perfect model")]
    lines = text[start:].split("\n\n")[0].splitlines()[2:]
    return "\n".join("| " + " | ".join(_cells(line)[i].replace("**", "") for i in at) + " |" for line in lines)


def _row(text: str, name: str) -> list[str]:
    return next(_cells(line) for line in text.splitlines() if line.startswith(f"| {name} |"))


def _cells(line: str) -> list[str]:
    return [c.strip() for c in line.strip().strip("|").split("|")]


def _simulated_rows() -> str:
    rows = []
    for name, (truth, says) in SIMULATED.items():
        for n in SIZES:
            f = ScikitFitter().fit(decisions(n, truth, seed=_SEED), CalibrationRules(), 1)
            if f.before is None or f.after is None or f.method is None:
                raise SystemExit(f"{name}, {n}: nothing was fitted")
            figures = (f.before.ece, f.after.ece, f.before.perfect_ece, f.before.brier, f.after.brier)
            shown = " | ".join(f"{v:.3f}" for v in figures)
            rows.append(f"| {name}: {says} | {n} | {f.outcome.value} | {f.method.value} | {shown} |")
    return "\n".join(rows)


def main() -> None:
    """Write the card and the diagram."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--date", type=date.fromisoformat, default=date.today(), help="the day that stands on it")
    CARD.write_text(card(parser.parse_args().date), encoding="utf-8")
    DIAGRAM.write_text(diagram(), encoding="utf-8")
    print(f"wrote {CARD.name} and docs/images/{DIAGRAM.name}")


if __name__ == "__main__":
    main()
