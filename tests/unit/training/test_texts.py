"""The labelled texts that coefficients are fitted on, kept apart from those that judge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ascertain.errors import InputError
from training.texts import SKAPE_FITTED, esco_sentences, skape

ROW = {"uri:sql": 0, "uri:welding": 1}


def written(folder: Path, *items: dict[str, object]) -> Path:
    file = folder / "esco_sentences.jsonl"
    file.write_text("\n".join(json.dumps(i) for i in items), encoding="utf-8")
    return file


def item(text: str, split: str, *skills: str) -> dict[str, object]:
    return {"id": text, "kind": "ticket", "text": text, "skills": list(skills), "split": split}


def test_each_half_has_its_own_texts(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        item("Rewrote the report's SQL.", "fit", "uri:sql"),
        item("Welded the frame.", "test", "uri:welding", "uri:of-another-release"),
        item("Lunch.", "fit"),
    )
    assert esco_sentences(file, ROW) == {
        "fit": {"Rewrote the report's SQL.": {0}, "Lunch.": set()},
        "test": {"Welded the frame.": {1}},
    }


def test_what_was_fitted_on_cannot_judge(tmp_path: Path) -> None:
    file = written(tmp_path, item("Welded.", "fit", "uri:welding"), item("Welded.", "test", "uri:welding"))
    with pytest.raises(InputError, match="both splits"):
        esco_sentences(file, ROW)


def test_a_split_without_a_name_is_refused_with_its_line(tmp_path: Path) -> None:
    file = written(tmp_path, item("Welded.", "fit"), item("Brazed.", "dev"))
    with pytest.raises(InputError, match=r"jsonl:2: .*'dev'"):
        esco_sentences(file, ROW)


def test_skillskape_is_cut_the_same_way_every_time_and_the_parts_share_nothing(tmp_path: Path) -> None:
    file = tmp_path / "dev.csv"
    lines = [f"sentence {i},\"['SQL', 'unknown']\"" for i in range(3 * SKAPE_FITTED)]
    file.write_text("\n".join(["sentence,skills", *lines]), encoding="utf-8")
    fitted, judging = skape(file, {"SQL": 7})
    assert (len(fitted), len(judging)) == (SKAPE_FITTED, 3 * SKAPE_FITTED // 2)
    assert not fitted.keys() & judging.keys()
    assert all(g == {7} for g in (*fitted.values(), *judging.values()))
    assert skape(file, {"SQL": 7}) == (fitted, judging)
