"""Examples from a data folder of a few rows in the layout of the real one."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from training.encoder import pairs, sources
from training.encoder.sources import FILES, MissingData

VALIDATION = "You know statistics by heart ."


def _table(path: Path, header: str, *rows: tuple[str, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as f:
        writer = csv.writer(f)
        writer.writerow(header.split(","))
        writer.writerows(rows)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    _table(
        tmp_path / "esco-1.1.0" / "skills_en.csv",
        "conceptUri,skillType,preferredLabel,altLabels,hiddenLabels,description",
        (
            "u:1",
            "skill/competence",
            "manage staff",
            "supervise staff\nManage Staff\nlead employees",
            "",
            "Lead people. It asks for patience and clear words.",
        ),
        ("u:2", "knowledge", "statistics", "statistical science", "", "The study of data."),
        ("u:3", "knowledge", "labour law", "employment law", "", ""),
    )
    _table(
        tmp_path / "esco" / "occupationSkillRelations.csv",
        "occupationUri,relationType,skillType,skillUri",
        ("o:1", "essential", "", "u:1"), ("o:1", "optional", "", "u:3"), ("o:2", "essential", "", "u:2"),
    )  # fmt: skip
    for split, sentence in (("train", "Guides a team of ten."), ("dev", "Runs a regression every week.")):
        _table(
            tmp_path / "skillskape" / f"{split}.csv",
            "id,sentence,skills",
            ("0", sentence, "['manage staff', 'statistics', 'no such label']"),
            ("1", "We are a company.", "['UNK']"),
        )
    for name in ("tech", "house"):
        _table(
            tmp_path / "benchmark" / f"{name}_validation_annotations.csv",
            "sentence,span,sub_span,label",
            (VALIDATION, "statistics", "", "statistics"), (VALIDATION, "heart", "", "LABEL NOT PRESENT"),
        )  # fmt: skip
    postings = [
        (["Sound", "knowledge", "of", "labour", "law", "."], ["O", "O", "O", "B", "I", "O"]),
        (VALIDATION.split(), ["O", "O", "B", "O", "O", "O"]),
    ]
    (tmp_path / "skillspan").mkdir()
    (tmp_path / "skillspan" / "train.json").write_text(
        "\n".join(json.dumps({"tokens": t, "tags_skill": ["O"] * len(t), "tags_knowledge": k}) for t, k in postings)
    )
    return tmp_path


def test_each_source_gives_its_examples(data: Path) -> None:
    corpus = pairs.build(data, seed=0)
    assert [c.label for c in corpus.concepts[:3]] == ["manage staff", "statistics", "labour law"]
    assert corpus.esco == 3
    found = {(e.source, e.text, e.concepts) for e in corpus.examples}
    assert {
        ("synonym", "lead employees", (0,)),
        ("definition", "It asks for patience and clear words.", (0,)),
        ("skillskape", "Guides a team of ten.", (0, 1)),
        ("literal", "Sound knowledge of labour law .", (2,)),
    } <= found
    assert not [t for _, t, _ in found if t == "Manage Staff"], "the label in other letters is no synonym"
    mixed = [e for e in corpus.examples if e.source == "mixed"]
    assert mixed
    assert {e.concepts for e in mixed} == {(0, 2)}
    starter = {c for e in corpus.examples if e.source == "starter" for c in e.concepts}
    assert starter == set(range(3, len(corpus.concepts)))


def test_what_judges_does_not_teach(data: Path) -> None:
    texts = {sources.norm(e.text) for e in pairs.build(data, seed=0).examples}
    assert not texts & {sources.norm(VALIDATION), "runs a regression every week"}
    assert not texts & sources.own_texts()


def test_equal_seeds_equal_examples_and_a_file_keeps_them(data: Path, tmp_path: Path) -> None:
    first = pairs.build(data, seed=3).examples
    assert pairs.build(data, seed=3).examples == first
    assert pairs.build(data, seed=4).examples != first
    pairs.write(tmp_path / "out" / "pairs.jsonl", first)
    assert pairs.read(tmp_path / "out" / "pairs.jsonl") == first


def test_everything_missing_is_named_at_once_with_its_source(data: Path) -> None:
    gone = ["skillskape/dev.csv", "skillspan/train.json"]
    for name in gone:
        (data / name).unlink()
    with pytest.raises(MissingData) as e:
        pairs.build(data, seed=0)
    said = str(e.value)
    assert [name for name in FILES if str(data / name) in said] == gone
    assert all(FILES[name] in said for name in gone)
