"""What models are told, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.brains.models import ROLES
from ascertain.prompts import read_prompts
from tests.crews.golden import FOLDER, rendered
from tests.crews.world import EVIDENCE


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    return rendered()


@pytest.mark.parametrize("role", ROLES)
def test_a_prompt_is_what_it_was(told: dict[str, str], role: str) -> None:
    golden = (FOLDER / f"{role}.txt").read_text(encoding="utf-8")
    assert told[role] == golden, "a model is told something else now: see it with `python -m tests.crews.golden`"


def test_there_is_one_for_each_agent_and_no_other(told: dict[str, str]) -> None:
    assert set(told) == set(ROLES)


def test_nothing_of_a_case_stands_in_a_prompt(told: dict[str, str]) -> None:
    words = [w for e in EVIDENCE for w in (e.id, e.title, e.text) if len(w) > 3]
    assert words
    assert not [w for w in words for text in told.values() if w in text]


def test_every_word_of_a_prompt_is_in_the_version(tmp_path: Path) -> None:
    from ascertain.paths import CONFIG_DIR

    for name in ("agents.yaml", "tasks.yaml"):
        (tmp_path / name).write_text((CONFIG_DIR / name).read_text(encoding="utf-8"), encoding="utf-8")
    assert read_prompts(tmp_path).version == read_prompts().version
    file = tmp_path / "tasks.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("rank", "order", 1), encoding="utf-8")
    assert read_prompts(tmp_path).version != read_prompts().version
