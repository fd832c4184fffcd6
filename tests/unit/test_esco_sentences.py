"""The form of our own sentences labelled against ESCO. What the labels say is checked by eye, not here."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from typing import Any

import pytest

from ascertain.paths import APP_ROOT

FILE = APP_ROOT / "benchmarks" / "data" / "esco_sentences.jsonl"
SEEN = APP_ROOT / "training" / "data" / "starter_sentences.jsonl"
DEMONSTRATION = APP_ROOT / "config" / "demo"
ESCO = APP_ROOT.parent / "shared" / "data" / "esco" / "skills_en.csv"
FIELDS = ("id", "kind", "text", "skills", "labels", "reason", "agreed", "pass_a", "pass_b", "split")
SEED = "esco-sentences-1"
URI = re.compile(r"http://data\.europa\.eu/esco/skill/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="the labelled sentences come with the source only")


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    return [json.loads(x) for x in FILE.read_text(encoding="utf-8").splitlines()]


def published(lines: list[dict[str, Any]]) -> set[str]:
    """Ids of the sentences that stand in the fitting set of the starter taxonomy or in the demonstration."""
    fitted = {json.loads(x)["text"] for x in SEEN.read_text(encoding="utf-8").splitlines()}
    demonstrated = "".join(json.dumps(json.loads(f.read_text("utf-8"))) for f in sorted(DEMONSTRATION.glob("*.json")))
    return {x["id"] for x in lines if x["text"] in fitted or json.dumps(x["text"])[1:-1] in demonstrated}


def test_every_line_has_the_fields(lines: list[dict[str, Any]]) -> None:
    for x in lines:
        assert tuple(x) == FIELDS, x["id"]
        assert x["kind"] in {"course", "review", "ticket", "project"}, x["id"]
        assert x["split"] in {"fit", "test"}, x["id"]
        assert x["reason"].strip(), x["id"]
        assert x["text"] == x["text"].strip(), x["id"]


def test_skills_are_uris_without_repetition_each_with_its_label(lines: list[dict[str, Any]]) -> None:
    for x in lines:
        assert len(x["skills"]) == len(x["labels"]) <= 4, x["id"]
        for given in (x["skills"], x["pass_a"], x["pass_b"]):
            assert len(set(given)) == len(given), x["id"]
            assert all(URI.fullmatch(u) for u in given), x["id"]


def test_a_uri_has_one_label(lines: list[dict[str, Any]]) -> None:
    label: dict[str, str] = {}
    for x in lines:
        for u, name in zip(x["skills"], x["labels"], strict=True):
            assert label.setdefault(u, name) == name, x["id"]


def test_agreed_says_whether_both_passes_chose_the_same(lines: list[dict[str, Any]]) -> None:
    for x in lines:
        assert x["agreed"] == (set(x["pass_a"]) == set(x["pass_b"])), x["id"]
        if x["agreed"]:
            assert set(x["skills"]) == set(x["pass_a"]), x["id"]


def test_ids_and_texts_are_unique_and_there_are_enough(lines: list[dict[str, Any]]) -> None:
    assert len(lines) >= 300
    assert len({x["id"] for x in lines}) == len({x["text"] for x in lines}) == len(lines)
    without = sum(not x["skills"] for x in lines) / len(lines)
    assert 0.1 <= without <= 0.25


def test_the_test_half_has_no_text_published_before(lines: list[dict[str, Any]]) -> None:
    seen = published(lines)
    assert seen, "the fit half takes sentences from both"
    assert not seen & {x["id"] for x in lines if x["split"] == "test"}
    assert sum(x["split"] == "test" for x in lines) >= 150


def test_the_split_is_by_a_seeded_hash_within_each_kind(lines: list[dict[str, Any]]) -> None:
    seen = published(lines)
    for kind, n in Counter(x["kind"] for x in lines).items():
        new = [x["id"] for x in lines if x["kind"] == kind and x["id"] not in seen]
        new.sort(key=lambda i: hashlib.sha256(f"{SEED}:{i}".encode()).hexdigest())
        assert {x["id"] for x in lines if x["kind"] == kind and x["split"] == "test"} == set(new[: n // 2])


@pytest.mark.data
@pytest.mark.skipif(not ESCO.exists(), reason="no ESCO release beside the project")
def test_every_skill_is_in_the_release_under_its_label(lines: list[dict[str, Any]]) -> None:
    with ESCO.open(encoding="utf-8", newline="") as f:
        known = {r["conceptUri"]: r["preferredLabel"].strip() for r in csv.DictReader(f)}
    for x in lines:
        assert [known.get(u) for u in x["skills"]] == x["labels"], x["id"]
        assert {*x["pass_a"], *x["pass_b"]} <= known.keys(), x["id"]
