"""The second formula gives the numbers it gave when it was the newest: stored results are replayed with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ascertain.domain.assertion import assert_skill
from ascertain.domain.belief import believe
from ascertain.domain.canonical import plain
from ascertain.domain.skills import LEVELS
from ascertain.pipeline.replay import observation_from
from tests.unit.domain.makers import FORMULA_2, RULES

GOLDEN = json.loads(Path(__file__).with_name("golden_formula_2.json").read_text(encoding="utf-8"))
"""Written by the release before the third formula: observations at random, and what it made of them."""


@pytest.mark.parametrize("case", GOLDEN)
def test_every_figure_is_as_it_was(case: dict[str, Any]) -> None:
    rows = tuple(observation_from(o) for o in case["observations"])
    a = assert_skill("s", rows, FORMULA_2)
    found = {"level": a.level, "confidence": a.confidence, "low": a.low, "high": a.high, "amount": a.amount}
    assert plain(found) == {k: case[k] for k in found}
    belief = believe(rows, FORMULA_2)
    assert [plain(list(belief.below(level, FORMULA_2))) for level in LEVELS] == case["below"]


def test_the_third_formula_is_another_one() -> None:
    rows = [tuple(observation_from(o) for o in case["observations"]) for case in GOLDEN]
    assert any(believe(r, RULES).alpha != believe(r, FORMULA_2).alpha for r in rows)
