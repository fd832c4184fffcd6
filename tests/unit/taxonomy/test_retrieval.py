"""Skills by meaning: what the retriever promises about its scores, and what it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ascertain.domain.skills import Skill
from ascertain.taxonomy.encoder import WIDTH, Encoder, Vectors
from ascertain.taxonomy.retrieval import EncoderRetriever, target_vectors

SKILLS = (
    Skill("sql", "SQL", "skill", synonyms=("querying databases",)),
    Skill("excel", "Microsoft Excel", "skill", synonyms=("spreadsheets",)),
    Skill("first-aid", "First aid", "skill", synonyms=("helping the injured",)),
)


class Counting(Encoder):
    """The real encoder; ``seen`` holds every text it had to encode."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.seen += texts
        return super().encode(texts)


@pytest.fixture
def counting() -> Counting:
    return Counting()


def test_what_is_meant_is_nearest_whatever_the_words(counting: Counting, tmp_path: Path) -> None:
    scores = EncoderRetriever(counting, SKILLS, tmp_path).scores(
        ["She bandaged the wound of a colleague.", "Wrote reports over relational tables."]
    )
    assert scores.shape == (2, 3)
    assert scores.argmax(axis=1).tolist() == [2, 0]


def test_a_score_does_not_depend_on_the_batch(counting: Counting, tmp_path: Path) -> None:
    texts = [f"sentence {i} about databases, sheets or wounds" for i in range(37)]
    together = EncoderRetriever(counting, SKILLS, tmp_path).scores(texts)
    alone = EncoderRetriever(counting, SKILLS, tmp_path)
    assert all(np.array_equal(alone.scores([t])[0], row) for t, row in zip(texts, together, strict=True))


def test_only_new_and_changed_skills_are_encoded(counting: Counting, tmp_path: Path) -> None:
    first = target_vectors(counting, SKILLS, tmp_path)
    assert sorted(counting.seen) == sorted(n for s in SKILLS for n in (s.label, *s.synonyms))
    counting.seen.clear()
    renamed = Skill("excel", "Excel", "skill", synonyms=("spreadsheets",))
    second = target_vectors(counting, (SKILLS[2], renamed, SKILLS[0]), tmp_path)
    assert sorted(counting.seen) == ["Excel", "spreadsheets"]
    assert np.array_equal(second[[2, 0]], first[[0, 2]])


def test_shipped_vectors_are_read_and_never_written(counting: Counting, tmp_path: Path) -> None:
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    wanted = target_vectors(counting, SKILLS, shipped)
    before = {f: f.read_bytes() for f in shipped.iterdir()}
    counting.seen.clear()
    assert np.array_equal(target_vectors(counting, SKILLS, own, shipped), wanted)
    assert counting.seen == []
    target_vectors(counting, (Skill("new", "Juggling", "skill"),), own, shipped)
    assert {f: f.read_bytes() for f in shipped.iterdir()} == before
    assert len(list(own.iterdir())) == 1


def test_progress_ends_with_all_of_them(counting: Counting, tmp_path: Path) -> None:
    said: list[tuple[str, int, int]] = []
    target_vectors(counting, SKILLS, tmp_path, progress=lambda *x: said.append(x))
    assert said == [("vectors", 0, 3), ("vectors", 3, 3)]


def test_a_text_is_encoded_once_and_nothing_before_it_is_asked(counting: Counting, tmp_path: Path) -> None:
    retriever = EncoderRetriever(counting, SKILLS, tmp_path)
    assert counting.seen == []
    retriever.scores(["databases", "databases", "wounds"])
    retriever.scores(["wounds"])
    assert (counting.seen.count("databases"), counting.seen.count("wounds")) == (1, 1)


def test_nothing_asked_and_nothing_there(counting: Counting, tmp_path: Path) -> None:
    assert EncoderRetriever(counting, SKILLS, tmp_path).scores([]).shape == (0, 3)
    assert EncoderRetriever(counting, (), tmp_path).scores(["a"]).shape == (1, 0)
    assert target_vectors(counting, (), tmp_path).shape == (0, WIDTH)
