"""The audit of the Open University's students: what is read, and, where the data is, what comes out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ascertain.domain.fairness import GroupRate, Verdict
from ascertain.domain.fairness_audit import FairnessReport
from ascertain.errors import InputError
from ascertain.paths import APP_ROOT
from ascertain.policy import read_policy
from benchmarks.fairness_oulad import audit_oulad, believed, main, participant, read, third

OULAD = APP_ROOT.parent / "shared" / "data" / "oulad"
INFO = "code_module,code_presentation,id_student,gender,age_band,disability,imd_band,final_result\n"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Two modules, 40 students of whom one takes both, two assessments in the first module and one in the second."""
    rows = [
        f"AAA,2013J,{i},{'FM'[i % 2]},0-35,{'YN'[i % 3 > 0]},{('0-10%', '10-20', '', '90-100%')[i % 4]},"
        f"{('Pass', 'Fail', 'Distinction')[i % 3]}\n"
        for i in range(40)
    ]
    (tmp_path / "student_info.csv").write_text(INFO + "".join(rows) + "BBB,2013J,1,M,0-35,N,,Pass\n")
    (tmp_path / "assessments.csv").write_text(
        "code_module,code_presentation,id_assessment\nAAA,2013J,1\nAAA,2013J,2\nBBB,2013J,3\nBBB,2013J,4\n"
    )
    (tmp_path / "student_assessments.csv").write_text(
        "id_assessment,id_student,score\n"
        + "".join(f"1,{i},{40 + i}\n2,{i},{20 + i}\n" for i in range(30))
        + "3,1,90\n1,39,\n"
    )
    return tmp_path


def test_registrations_are_read_with_their_scores_and_what_was_asked(tiny: Path) -> None:
    people, asked = read(tiny)

    assert len(people) == 41
    assert dict(asked) == {("AAA", "2013J"): 2, ("BBB", "2013J"): 1}, "an assessment nobody handed in was not asked for"
    rules = read_policy()[0].belief
    first, both = people[1], people[40]
    assert (first.scores, both.scores) == ([41, 21], [90])
    assert participant(first, 2, rules).labels == {
        "gender": "M",
        "age_band": "0-35",
        "disability": "N",
        "deprivation": "1 most (0-30 %)",
    }
    assert participant(first, 2, rules).values["enough"] == 0
    assert participant(people[39], 2, rules).values.keys().isdisjoint({"score", "enough", "confidence"})


def test_the_product_believes_more_of_better_scores_and_nothing_of_none() -> None:
    rules = read_policy()[0].belief

    low, high = believed([30.0, 40.0], rules), believed([90.0, 95.0], rules)

    assert low is not None
    assert high is not None
    assert low < high
    assert believed([], rules) is None


@pytest.mark.parametrize(
    ("band", "part"), [("0-10%", "1"), ("10-20", "1"), ("30-40%", "2"), ("60-70%", "2"), ("70-80%", "3"), ("", "")]
)
def test_bands_are_put_in_three_parts(band: str, part: str) -> None:
    assert third(band)[:1] == part


def test_it_prints_and_writes(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    html, table = tmp_path / "o.html", tmp_path / "o.csv"

    assert main([str(tiny), "--html", str(html), "--csv", str(table), "--date", "2026-11-01"]) == 0

    assert "41 people" in capsys.readouterr().out
    assert "2026-11-01" in html.read_text(encoding="utf-8")
    assert "confidence" in table.read_text(encoding="utf-8")


def test_a_folder_without_the_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"assessments\.csv"):
        audit_oulad(tmp_path, made_on=date(2026, 11, 1))


@pytest.mark.data
@pytest.mark.skipif(not (OULAD / "student_info.csv").exists(), reason="no OULAD at ../shared/data/oulad")
def test_the_figures_of_the_documents_are_what_comes_out() -> None:
    report = audit_oulad(OULAD, made_on=date(2026, 11, 1))

    assert report.people == 6476
    poorest = _group(report, "passed", "deprivation", "1 most (0-30 %)")
    assert (poorest.chosen, poorest.n, poorest.verdict) == (1135, 1899, Verdict.BELOW)
    page = (APP_ROOT / "docs" / "fairness.md").read_text(encoding="utf-8")
    for measure in ("passed", "distinction", "enough", "score", "confidence"):
        for attribute, value in (
            ("gender", "M"),
            ("gender", "F"),
            ("age_band", "0-35"),
            ("disability", "Y"),
            ("deprivation", "1 most (0-30 %)"),
            ("deprivation", "2 middle (30-70 %)"),
        ):
            found = _group(report, measure, attribute, value)
            assert found.ratio is not None
            row = next(
                line for line in page.replace("*", "").splitlines() if line.startswith(f"| {attribute} {value} ")
            )
            assert f" {found.ratio:.3f}" in row, (measure, attribute, value, found.ratio)
    alone = sum(len(f.by) == 1 for f in report.findings)
    assert f"{len(report.findings)} comparisons are flagged, {alone} of them" in page
    assert f"{report.too_few} were not made" in page
    few = _group(report, "passed", "age_band", "55<=")
    assert (few.n, few.verdict) == (52, Verdict.SMALL_SHARE)


def _group(report: FairnessReport, measure: str, attribute: str, value: str) -> GroupRate:
    table = next(t for t in report.rates if t.measure == measure and t.by == (attribute,))
    return next(g for g in table.groups if g.group == (value,))
