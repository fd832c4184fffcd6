"""Vectors of skills, and what the cache keeps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ascertain.domain.skills import Skill
from ascertain.taxonomy.encoder import WIDTH, Encoder, Vectors
from ascertain.taxonomy.vectors import CachedEncoder, skill_vectors


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


def test_a_text_is_encoded_once(counting: Counting, tmp_path: Path) -> None:
    first = CachedEncoder(counting, tmp_path).encode(["SQL", "Python", "SQL", ""])
    assert sorted(counting.seen) == ["", "Python", "SQL"]
    counting.seen.clear()
    again = CachedEncoder(counting, tmp_path).encode(["", "SQL", "Kubernetes", "Python"])
    assert counting.seen == ["Kubernetes"]
    assert np.array_equal(again[[1, 3, 1, 0]], first)
    assert len(list(tmp_path.glob(f"vectors-{counting.version}-*.npy"))) == 2


def test_rounded_to_half_precision_and_no_further(counting: Counting, tmp_path: Path) -> None:
    cached = CachedEncoder(counting, tmp_path).encode(["negotiating contracts", "first aid"])
    exact = counting.encode(["negotiating contracts", "first aid"])
    assert np.abs(cached - exact).max() < 5e-4
    assert (cached * exact).sum(axis=1) == pytest.approx([1, 1], abs=1e-3)


@pytest.mark.parametrize("content", [b"", b"not numbers", b"\x93NUMPY\x01\x00 broken"])
def test_a_broken_file_is_reported_and_made_anew(
    content: bytes, counting: Counting, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cached = CachedEncoder(counting, tmp_path)
    before = cached.encode(["SQL"])
    (file,) = tmp_path.glob("vectors-*.npy")
    file.write_bytes(content)
    assert np.array_equal(cached.encode(["SQL"]), before)
    assert file.name in caplog.text
    caplog.clear()
    counting.seen.clear()
    assert np.array_equal(cached.encode(["SQL"]), before)
    assert (counting.seen, caplog.text) == ([], "")


def test_a_file_of_another_shape_is_not_read(
    counting: Counting, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    np.save(tmp_path / f"vectors-{counting.version}-0.npy", np.zeros(3))
    assert CachedEncoder(counting, tmp_path).encode(["SQL"]).any()
    assert "another format" in caplog.text


def test_a_folder_that_cannot_be_written_costs_time_only(counting: Counting, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    cached = CachedEncoder(counting, tmp_path / "file" / "vectors")
    assert np.array_equal(cached.encode(["SQL"]), cached.encode(["SQL"]))
    assert counting.seen == ["SQL", "SQL"]


def test_nothing_to_encode_keeps_nothing(counting: Counting, tmp_path: Path) -> None:
    assert CachedEncoder(counting, tmp_path).encode([]).shape == (0, WIDTH)
    assert list(tmp_path.iterdir()) == []


def test_a_skill_is_half_its_label_and_half_its_synonyms(counting: Counting) -> None:
    skills = (
        Skill("sql", "SQL", "skill", synonyms=("Structured Query Language", "sql", "querying databases")),
        Skill("first-aid", "First aid", "skill"),
    )
    found = skill_vectors(counting.encode, skills)
    label, one, two, alone = counting.encode(["SQL", "Structured Query Language", "querying databases", "First aid"])
    wanted = label / 2 + (one + two) / 4
    assert found[0] == pytest.approx(wanted / np.linalg.norm(wanted), abs=1e-6)
    assert found[1] == pytest.approx(alone, abs=1e-6)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1], abs=1e-6)


def test_no_skills_no_vectors(counting: Counting) -> None:
    assert skill_vectors(counting.encode, ()).shape == (0, WIDTH)
