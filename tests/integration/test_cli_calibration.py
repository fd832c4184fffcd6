"""Calibration on the command line, from the first fit to the reverting; and by group for the fairness auditor alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.e2e.harness import Place, undecide
from tests.integration.command import Answer, call
from tests.integration.test_cli_fairness import LABELS, NAMED, NOTED


def command(place: Place, *arguments: str) -> Answer:
    return call("calibration", *arguments, home=place.home)


@pytest.fixture
def decided(own: Place) -> Place:
    """Reviewers have decided about everything that waited: they agree with one suggestion in three."""
    undecide(own)
    with closing(sqlite3.connect(own.database)) as connection:
        items = [r[0] for r in connection.execute("SELECT id FROM review_items WHERE decision IS NULL ORDER BY id")]
        assert len(items) >= 60
        connection.executemany(
            "UPDATE review_items SET decision = ?, decided_by = 'chi', decision_reason = 'saw it', "
            "decided_at = '2026-04-01 09:00:00.000000' WHERE id = ?",
            [("accept" if i % 3 == 0 else "reject", item) for i, item in enumerate(items)],
        )
        connection.commit()
    for name in ("ada", "grace"):
        assert call("access", "grant", name, "l_and_d", "--population", "all", home=own.home).code == 0
    return own


def test_before_anybody_has_decided_nothing_is_fitted_and_the_commands_say_so(own: Place) -> None:
    undecide(own)
    shown = command(own, "show")
    assert shown.code == 0, shown.err
    assert "Nobody has decided about an asserted level yet" in shown.out
    assert command(own, "fit", "--json").json["fitted"]["outcome"] == "too few"
    assert "no calibration was fitted yet" in command(own, "list").out
    assert command(own, "apply", "1", "--reason", "x").code == 4


def test_from_the_first_fit_to_the_reverting(decided: Place, tmp_path: Path) -> None:
    html = tmp_path / "calibration.html"
    shown = command(decided, "show", "--html", str(html))
    assert shown.code == 0, shown.err
    for words in (
        "Posterior, before any calibration",
        "a perfect model of that size would show",
        "Brier",
        "skill family",
    ):
        assert words in shown.out
    assert "●" in shown.out
    page = html.read_text(encoding="utf-8")
    ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
    assert html.stat().st_mode & 0o077 == 0
    people = decided.rows("SELECT id, name, email FROM learners")
    assert not [p for p in people if any(part in page + shown.out for part in p)]

    fitted = command(decided, "fit", "--as", "ada")
    assert fitted.code == 0, fitted.err
    assert "After, platt, out of fold" in fitted.out
    assert "kept as calibration 1" in fitted.out
    assert "known before" in command(decided, "fit", "--as", "ada").out
    assert command(decided, "apply", "1", "--reason", "x", "--as", "grace").code == 5, "nobody has approved it"
    assert command(decided, "approve", "1", "--reason", "x", "--as", "Ada").code == 3, "by whoever fitted it"

    rehearsed = command(decided, "rehearse", "1", "--json").json
    approved = command(decided, "approve", "1", "--reason", "ECE falls", "--as", "grace")
    assert approved.code == 0, approved.err
    assert "in review → rejected" in approved.out
    assert not [p for p in people if any(part in approved.out for part in p)]
    assert any(c["before"] == "accepted" for c in rehearsed["changes"])
    assert command(decided, "apply", "1", "--reason", "ECE falls", "--as", "grace").code == 0
    listed = command(decided, "list")
    assert "approved by grace: ECE falls, in use" in listed.out

    before = command(decided, "show", "1", "--html", str(html))
    assert "Before: the posterior as it is" in before.out
    assert "out of fold" in html.read_text(encoding="utf-8")

    someone = decided.rows(
        "SELECT learner_id FROM assertions WHERE level IS NOT NULL GROUP BY learner_id ORDER BY count(*) DESC LIMIT 1"
    )[0][0]
    decided.run("assess", "--learner", someone)  # a process of its own: a kickoff leaves threads behind
    ident = decided.rows("SELECT id FROM assertions WHERE raw IS NOT NULL AND state <> 'superseded'")[0][0]
    receipt = call("explain", ident, home=decided.home)
    assert " before calibration, " in receipt.out
    assert "(calibration 1, " in receipt.out
    assert call("replay", "--all", home=decided.home).code == 0

    assert command(decided, "revert", "--reason", "too modest", "--as", "grace").code == 0
    assert command(decided, "list", "--json").json["in_use"] == "none"
    assert call("audit", "verify", home=decided.home).code == 0


def test_by_group_it_is_for_the_fairness_auditor_alone(decided: Place, tmp_path: Path) -> None:
    def fairness(*arguments: str) -> Answer:
        return call("fairness", *arguments, home=decided.home, env=NAMED)

    assert fairness("calibration", "--as", "eve").code == 9
    assert command(decided, "show", "--as", "eve").code == 9
    assert fairness("calibration", "--as", "ada").code == 4, "there are no labels yet"
    assert fairness("labels", "import", str(LABELS), *NOTED, "--as", "ada").code == 0
    html = tmp_path / "groups.html"
    found = fairness("calibration", "--as", "ada", "--html", str(html))
    assert found.code == 0, found.err
    assert "gender" in found.out
    assert "too few (under 10 people)" in found.out
    assert "<svg" in html.read_text(encoding="utf-8")
    everybody = fairness("calibration", "--as", "ada", "--by", "gender", "--min-group", "1000")
    assert everybody.out.count("too few (under 1000 people)") >= 2
    assert fairness("calibration", "--as", "ada", "--by", "faith").code == 3
    read = decided.rows("SELECT count(*) FROM audit_records WHERE action = 'fairness.labels_read'")
    assert read[0][0] >= 2
    assert decided.rows("SELECT count(*) FROM accesses WHERE what = 'fairness'")[0][0] >= 20
    shown = command(decided, "show")
    assert "gender" not in shown.out + command(decided, "show", "--json").out
