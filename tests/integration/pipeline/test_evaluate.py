"""`evaluate` on the shipped labelled records, with rules, and with an endpoint that overreaches."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascertain.errors import InputError
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.evaluate import SHIPPED, case_of, evaluate, read_labelled
from ascertain.taxonomy.library import TaxonomyLibrary
from crews.learner import build
from tests.crews import world as tiny
from tests.integration.pipeline.world import World

MINE = """
people:
  - id: one
    records:
      - {id: r1, kind: project, title: "Report", text: "Rewrote the SQL of it.", shows: [sql]}
      - id: r2
        kind: manager_review
        title: "Review"
        text: "Strong in Python but struggles with Kubernetes."
        shows: [python]
        lacks: [kubernetes]
"""


def written(tmp_path: Path, text: str = MINE) -> Path:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_shipped_records_are_of_the_starter_taxonomy(tmp_path: Path) -> None:
    taxonomy = TaxonomyLibrary(tmp_path, CONFIG_DIR).open("starter").taxonomy
    labelled = read_labelled(SHIPPED, taxonomy)
    assert len(labelled.records) >= 18
    assert any(r.implied for r in labelled.records)
    assert any(r.lacks for r in labelled.records)
    assert any(not r.shows and not r.lacks for r in labelled.records), "records that show nothing count too"


def test_rules_are_scored_and_nothing_but_their_cost_is_stored(world: World, tmp_path: Path) -> None:
    before = world.counts()
    labelled = read_labelled(written(tmp_path), world.taxonomy)
    found = evaluate(world.store.units, build(), tiny.services(), labelled, world.clock.today())
    assert (found.right.found, found.right.of) == (3, 3)
    assert (found.named.found, found.lacking.found, found.turned) == (2, 1, 0)
    assert found.said == pytest.approx(0.9)
    assert len(found.seconds) == 1
    assert world.counts() == before
    assert {r[0] for r in world.sql("SELECT crew FROM usage_days")} == {"evaluation"}


def test_nobody_of_the_store_is_in_a_labelled_case(tmp_path: Path) -> None:
    labelled = read_labelled(written(tmp_path), tiny.TinyTaxonomy())
    case = case_of("one", labelled.people["one"])
    assert case.pseudonym == "p-one"
    assert [e.id for e in case.evidence] == ["r1", "r2"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("shows: [sql]", "shows: [astrology]", r"people\.0\.records\.0.*shows.*astrology"),
        ("kind: project", "kind: gossip", r"records\.0.*kind.*gossip"),
        ("id: r2", "id: r1", r"records\.1.*twice"),
        ('title: "Report"', 'titel: "Report"', r"records\.0.*titel"),
        ("shows: [sql]}", "implied: [sql]}", r"implied"),
        ("people:", "persons:", r"people"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in MINE
    with pytest.raises(InputError, match=words):
        read_labelled(written(tmp_path, MINE.replace(old, new, 1)), tiny.TinyTaxonomy())


def test_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml"):
        read_labelled(tmp_path / "none.yaml", tiny.TinyTaxonomy())
