"""The belief on OULAD: no leak, arithmetic by hand, rows that are absent with their reason."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from ascertain.domain.skills import Level
from ascertain.errors import InputError
from ascertain.policy import read_policy
from benchmarks import belief as benchmark
from benchmarks.belief import main, refitted
from benchmarks.belief_adapter import MARKS, START, Question, observations, questions, readings
from benchmarks.belief_baselines import BKT, FOLDS, Absent, by_folds, folds, history, logistic
from benchmarks.belief_figures import Prediction, auc, bins, brier, ece, measured
from benchmarks.belief_plot import diagram
from benchmarks.oulad import FRIENDS, Known, Submission, Task, read, read_students

OULAD = Path(__file__).parents[3] / "shared" / "data" / "oulad"
RULES = read_policy()[0].belief
ONE = Task("1", "AAA", "2013J", "TMA", 100, 0)
TWO = Task("2", "AAA", "2013J", "TMA", 200, 1)


def sent(student: str, task: Task, day: int, score: float, *, banked: bool = False) -> Submission:
    return Submission(student, task, day, score, banked)


def write(folder: Path, students: int = 60) -> list[str]:
    """A made-up presentation of each of two modules: the able do better in all tasks, and tasks differ."""
    draw = np.random.default_rng(5)
    tasks = [(m, f"{m}{i}", 20 + 30 * i, 0.1 * i) for m in ("AAA", "BBB") for i in range(4)]
    (folder / "courses.csv").write_text(
        "code_module,code_presentation,module_presentation_length\nAAA,2014J,268\nBBB,2014J,268\n", encoding="utf-8"
    )
    lines = [f'"{m}","2014J","{t}","TMA","{due}","10"\n' for m, t, due, _ in tasks]
    lines.append('"AAA","2014J","exam","Exam","","100"\n')
    (folder / "assessments.csv").write_text(
        "code_module,code_presentation,id_assessment,assessment_type,date,weight\n" + "".join(lines), encoding="utf-8"
    )
    rows, people = ["id_assessment,id_student,date_submitted,is_banked,score\n"], []
    for s in range(students):
        able = draw.normal(0.65, 0.2)
        people.append(f"{'AAA' if s % 2 else 'BBB'},2014J,{s},{'FM'[s % 2]},0-35,N,?\n")
        for m, t, due, hard in tasks:
            if m == ("AAA" if s % 2 else "BBB"):
                score = round(100 * float(np.clip(able - hard + draw.normal(0, 0.1), 0, 1)))
                rows.append(f"{t},{s},{due - int(draw.integers(0, 5))},0,{score}\n")
    rows.append("AAA0,999,?,0,50\nAAA1,999,50,0,\n")
    (folder / "sent.csv").write_text("".join(rows), encoding="utf-8")
    (folder / "info.csv").write_text(
        "code_module,code_presentation,id_student,gender,age_band,disability,imd_band\n" + "".join(people),
        encoding="utf-8",
    )
    where = [str(folder / "sent.csv"), "--info", str(folder / "info.csv"), "--data", str(folder)]
    return ["--assessments", *where, "--draws", "20"]


def test_rows_are_read_in_time_order_and_what_has_no_score_is_counted(tmp_path: Path) -> None:
    write(tmp_path)
    rows, without = read(tmp_path / "sent.csv", tmp_path)
    assert without == 2
    assert len(rows) == 240
    assert [s.day for s in rows] == sorted(s.day for s in rows)
    assert {s.task.place for s in rows} == {0, 1, 2, 3}
    assert read_students(tmp_path / "info.csv", ("gender",))["1"] == {"gender": "M"}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("nope,1,5,0,50", "line 2, field 'id_assessment'"),
        ("AAA0,1,5,0,101", "line 2, field 'score'"),
        ("AAA0,1,soon,0,50", "line 2, field 'date_submitted'"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, says: str) -> None:
    write(tmp_path)
    (tmp_path / "sent.csv").write_text(f"id_assessment,id_student,date_submitted,is_banked,score\n{row}\n")
    with pytest.raises(InputError, match=says):
        read(tmp_path / "sent.csv", tmp_path)


def test_a_missing_column_and_an_unknown_presentation_are_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "sent.csv").write_text("id_assessment,score\n")
    with pytest.raises(InputError, match="id_student"):
        read(tmp_path / "sent.csv", tmp_path)
    (tmp_path / "assessments.csv").write_text(
        "code_module,code_presentation,id_assessment,assessment_type,date\nAAA,autumn,1,TMA,5\n"
    )
    with pytest.raises(InputError, match="code_presentation"):
        read(tmp_path / "sent.csv", tmp_path)


def test_only_what_was_handed_in_before_a_day_is_known() -> None:
    rows = [sent("a", ONE, 90, 1.0), sent("b", ONE, 95, 0.0), sent("c", TWO, 180, 0.2)]
    known = Known(rows, lambda s: s.score, 0.5)
    assert known.of(ONE, 90) == 0.5
    value = 0.5
    for _ in range(4):  # all tasks, its kind, its place, itself: the one submission stands in each
        value = (1.0 + FRIENDS * value) / (1 + FRIENDS)
    assert known.of(ONE, 91) == pytest.approx(value)
    assert known.of(ONE, 96) < value
    assert known.of(ONE, 500) == Known(rows, lambda s: s.score, 0.5).of(ONE, 181)


def test_the_same_task_of_an_earlier_presentation_counts() -> None:
    later = Task("9", "AAA", "2014J", "TMA", 500, 1)
    rows = [sent("a", TWO, 90, 0.1), sent("b", ONE, 90, 0.9)]
    known = Known(rows, lambda s: s.score, 0.5)
    assert known.of(later, 400) < known.of_kind(later, 400)


def test_questions_see_earlier_days_only_and_banked_results_are_no_question() -> None:
    rows = [
        sent("a", Task("0", "AAA", "2013J", "CMA", 50, 0), 10, 0.9, banked=True),
        sent("a", ONE, 90, 0.5),
        sent("a", TWO, 90, 0.6),
        sent("b", TWO, 91, 0.7),
    ]
    asked = questions(rows)
    assert [q.of.score for q in asked] == [0.5, 0.6, 0.7]
    assert [[p.score for p in q.past] for q in asked] == [[0.9], [0.9], []]


def test_what_comes_later_changes_no_question(tmp_path: Path) -> None:
    write(tmp_path)
    rows, _ = read(tmp_path / "sent.csv", tmp_path)
    day = rows[len(rows) // 2].day
    early = [s for s in rows if s.day <= day]
    whole = [q for q in questions(rows) if q.of.day <= day]
    assert whole == questions(early)
    for mark, x in readings(whole, RULES).items():
        assert np.array_equal(x, readings(questions(early), RULES)[mark])


def test_a_past_becomes_observations_on_the_scale_of_the_course() -> None:
    past = (sent("a", ONE, 90, 0.8), sent("a", TWO, 150, 1.0))
    q = Question(sent("a", Task("3", "AAA", "2013J", "TMA", 300, 2), 300, 0.5), past, (0.6, 0.9), 0.7, 0.75, START)
    easy_credit, capped = observations(q, RULES)
    assert easy_credit.outcome > 0.8  # people usually get 60 % there, and 75 % in the course
    assert 0.75 < capped.outcome < 0.97
    assert easy_credit.level is capped.level is Level.PRACTITIONER
    assert easy_credit.recency < capped.recency < 1


def test_better_pasts_and_easier_tasks_read_higher() -> None:
    def chance(score: float, typical: float, base: float) -> float:
        of = sent("a", TWO, 300, 0.5)
        q = Question(of, (sent("a", ONE, 90, score),), (0.7,), typical, 0.7, {"pass": base, "merit": base})
        assert RULES.readout is not None
        return float(benchmark.chances(RULES.readout, readings([q], RULES)["merit"])[0])

    assert chance(0.9, 0.7, 0.5) > chance(0.6, 0.7, 0.5) > chance(0.2, 0.7, 0.5)
    assert chance(0.6, 0.8, 0.5) > chance(0.6, 0.6, 0.5)
    assert chance(0.6, 0.7, 0.8) > chance(0.6, 0.7, 0.2)


def test_figures_by_hand() -> None:
    p, y, one = np.array([0.1, 0.4, 0.4, 0.8]), np.array([0.0, 1.0, 0.0, 1.0]), np.ones(4)
    assert auc(p, y, one) == pytest.approx(3.5 / 4)
    assert auc(-p, y, one) == pytest.approx(0.5 / 4)
    assert np.isnan(auc(p, np.zeros(4), one))
    assert auc(p, y, np.array([1.0, 2.0, 0.0, 1.0])) == pytest.approx(1.0)
    assert brier(p, y, one) == pytest.approx((0.01 + 0.36 + 0.16 + 0.04) / 4)
    assert ece(p, y, one) == pytest.approx((0.1 + 0.2 + 0.2) / 4)
    assert bins(p, y) == [(1, 0.1, 0.0), (2, 0.4, 0.5), (1, 0.8, 1.0)]


def test_intervals_hold_the_figure_and_whole_students_are_drawn() -> None:
    draw = np.random.default_rng(1)
    student = np.repeat(np.arange(80), 5)
    p = np.repeat(draw.random(80), 5)
    y = (draw.random(400) < p).astype(float)
    noise = draw.random(400)
    found = measured({"ours": Prediction(p, p), "noise": Prediction(noise, noise)}, y, student, ours="ours", draws=100)
    assert found["ours"].auc_95[0] < found["ours"].auc < found["ours"].auc_95[1]
    assert found["ours"].ahead_95 is None
    assert found["noise"].ahead_95 is not None
    assert found["noise"].ahead_95[0] > 0
    by_row = measured({"ours": Prediction(p, p)}, y, np.arange(400), ours="ours", draws=100)
    widths = [f["ours"].auc_95[1] - f["ours"].auc_95[0] for f in (found, by_row)]
    assert widths[0] > 1.2 * widths[1]


def test_a_student_is_in_one_fold() -> None:
    student = np.array([0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3])
    fold = folds(student)
    assert set(fold) <= set(range(FOLDS))
    assert list(fold[7:]) == list(fold[:4])


def test_the_regression_finds_what_made_the_data() -> None:
    draw = np.random.default_rng(2)
    x = draw.normal(size=(20000, 2))
    y = (draw.random(20000) < 1 / (1 + np.exp(-(0.5 + x @ [1.0, -2.0])))).astype(float)
    assert logistic(x, y) == pytest.approx([0.5, 1.0, -2.0], abs=0.08)
    assert np.isfinite(logistic(x, np.ones(20000))).all()
    fold = np.arange(20000) % 5
    assert auc(by_folds(x, y, fold), y, np.ones(20000)) > 0.85


def test_a_fold_is_predicted_without_its_own_outcomes() -> None:
    x, fold = np.zeros((10, 1)), np.arange(10) % 2
    y = (fold == 0).astype(float)
    assert (by_folds(x, y, fold)[fold == 0] < 0.01).all()


def test_history_by_hand() -> None:
    third = Task("3", "AAA", "2013J", "TMA", 300, 2)
    past = (sent("a", ONE, 90, 0.5), sent("a", TWO, 190, 0.9))
    first = Question(sent("b", TWO, 195, 0.3), (), (), 0.6, 0.66, START)
    late = Question(sent("a", third, 290, 0.8), past, (0.6, 0.6), 0.6, 0.66, START)
    assert history([first, late], "merit").tolist() == [[0.0, 0.66, 0.66, 0, 0], [1.0, 0.9, 0.7, 1, 1]]


def test_the_command_prints_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = write(tmp_path)
    assert main([*arguments, "--no-bkt", "--json", "--plot", str(tmp_path / "plot.svg")]) == 0
    doc = json.loads(capsys.readouterr().out)
    for mark in MARKS:
        assert {"auc", "brier", "ece"} <= doc[mark]["belief"].keys()
        assert list(doc[mark]["baselines"]) == [
            "completion rule",
            "last score",
            "mean so far",
            "logistic on successes and failures",
            "logistic on all of these",
        ]
        assert doc["with_first"][mark]["submissions"] == 240
        assert doc[mark]["submissions"] == 180
        assert doc[mark]["belief"]["auc"] > 0.6
        assert doc["groups"][mark]["gender"] == {"F": "too few", "M": "too few"}
    assert doc["data"]["without score or day"] == 2
    assert ET.parse(tmp_path / "plot.svg").getroot().tag.endswith("svg")
    assert main([*arguments, "--no-bkt"]) == 0
    assert "| belief | 0." in capsys.readouterr().out
    assert main([*arguments, "--fit"]) == 0
    assert capsys.readouterr().out.startswith("readout: {intercept: ")


def test_what_cannot_run_is_absent_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Prediction:
        raise Absent("it rains")

    monkeypatch.setattr(benchmark, "tracing", broken)
    assert main([*write(tmp_path), "--json"]) == 0
    doc = json.loads(capsys.readouterr().out)
    assert doc["absent"] == {BKT: "it rains"}
    assert BKT not in doc["pass"]["baselines"]


def test_a_wrong_file_is_an_error_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = write(tmp_path)
    (tmp_path / "courses.csv").unlink()
    assert main(arguments) == 2
    assert "courses.csv" in capsys.readouterr().err


def test_a_readout_fitted_on_other_parts_has_not_seen_its_own() -> None:
    draw = np.random.default_rng(3)
    x = {m: np.abs(draw.normal(size=(400, 3))) for m in MARKS}
    y = {m: (draw.random(400) < 1 / (1 + np.exp(1 - x[m].sum(axis=1)))).astype(float) for m in MARKS}
    part, every = np.arange(400) % 2, np.ones(400, dtype=bool)
    one = refitted(x, y, every, part)
    flipped = {m: np.where(part == 0, 1 - v, v) for m, v in y.items()}
    other = refitted(x, flipped, every, part)
    for m in MARKS:
        assert np.array_equal(one[m][part == 0], other[m][part == 0])
        assert not np.allclose(one[m][part == 1], other[m][part == 1])


def test_the_diagram_is_well_formed() -> None:
    p = np.linspace(0.05, 0.95, 50)
    y = (np.arange(50) % 2).astype(float)
    found = measured({"belief": Prediction(p, p)}, y, np.arange(50), ours="belief", draws=10)
    root = ET.fromstring(diagram({"pass & more": (bins(p, y), found["belief"])}, "<note>"))
    assert len(root.findall(".//{*}circle")) == 10


@pytest.mark.data
@pytest.mark.skipif(not OULAD.is_dir(), reason="the OULAD files are not beside the project")
def test_on_the_presentations_it_was_fitted_on_the_belief_is_ahead(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(OULAD / "student_assessments.csv"), "--info", str(OULAD / "student_info.csv"), "--data", str(OULAD)]
    assert main(["--assessments", *files, "--draws", "20", "--no-bkt", "--json"]) == 0
    doc = json.loads(capsys.readouterr().out)
    for figures in (doc, doc["with_first"]):
        for mark in MARKS:
            ours = figures[mark]["belief"]
            assert ours["ece"] <= 0.03
            assert all(ours["auc"] > other["auc"] for other in figures[mark]["baselines"].values())
