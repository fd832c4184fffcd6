"""The card is what its inputs say today, but for its day."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from benchmarks import calibration_card
from benchmarks.calibration_card import CARD, DIAGRAM, card, diagram


def test_the_card_and_its_diagram_are_in_step_with_their_inputs() -> None:
    """When this fails: `python -m benchmarks.calibration_card`."""
    written = CARD.read_text(encoding="utf-8")
    found = re.search(r"Made on (\d{4}-\d\d-\d\d) by", written)
    assert found is not None
    assert written == card(date.fromisoformat(found[1]))
    assert DIAGRAM.read_text(encoding="utf-8") == diagram()


def test_it_declares_what_has_to_be_declared() -> None:
    written = CARD.read_text(encoding="utf-8")
    for word in ("n =", "ECE", "Brier", "Method", "What this is not", "synthetic"):
        assert word in written


def test_a_changed_figure_changes_the_card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    changed = tmp_path / "belief.md"
    text = calibration_card.BELIEF.read_text(encoding="utf-8")
    changed.write_text(
        text.replace("0.859 [0.837, 0.875] | 0.0257", "0.859 [0.837, 0.875] | 0.0999", 1), encoding="utf-8"
    )
    monkeypatch.setattr(calibration_card, "BELIEF", changed)
    monkeypatch.setattr(calibration_card, "SIZES", ())
    assert "0.0999" in card(date(2026, 1, 1))
