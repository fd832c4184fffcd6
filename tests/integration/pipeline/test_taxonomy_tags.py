"""What people said of content tags stays when a skill is split, merged or follows a release, on both databases."""

from __future__ import annotations

import pytest

from ascertain.domain.charter import ChangeKind
from ascertain.domain.content_tags import TagState, Vote
from ascertain.domain.overlays import Change
from ascertain.domain.skills import Skill
from tests.integration.pipeline.changing import LND, OTHER, Changing
from tests.integration.pipeline.test_content_tags import rows, say, tags
from tests.integration.pipeline.test_taxonomy_release import TO, opened
from tests.integration.pipeline.world import World

PARTS = (
    Skill("sql-first", "First steps", definition="First queries."),
    Skill("sql-windows", "Window functions", definition="Windows over rows."),
)
SPLIT = Change(ChangeKind.SPLIT, "sql", skills=PARTS)


@pytest.fixture
def world(either_world: World) -> World:
    return either_world


def said(world: World) -> dict[tuple[str, str], tuple[TagState, int, int]]:
    return {(r.content.item.content_id, r.skill_id): (r.state, r.yes, r.no) for r in rows(world)}


def test_a_yes_to_a_skill_that_is_split_is_put_up_for_each_part_and_a_no_holds_for_all(world: World) -> None:
    changing = Changing(world)
    say(world, "sql-101", "sql", Vote.ACCEPT)
    say(world, "sql-201", "sql", Vote.REJECT)
    say(world, "py-101", "sql", Vote.ACCEPT)
    before, counted = said(world), world.case().tags
    made = changing.applied(SPLIT)
    after = said(world)
    assert not [key for key in after if key[1] == "sql"]
    for part in ("sql-first", "sql-windows"):
        assert after["sql-101", part] == (TagState.SUGGESTED, 0, 0), "to which part the yes belongs is asked"
        assert after["py-101", part] == (TagState.SUGGESTED, 0, 0), "also where the mapper suggests none"
        assert after["sql-201", part][0] is TagState.REJECTED
    assert set(tags(world)["sql-101"]) == {"sql-first"}, "the mapper found that one by itself; the other one only waits"
    assert "sql-windows" not in tags(world)["py-101"]
    assert "sql-first" not in tags(world)["sql-201"]
    say(world, "sql-101", "sql-windows", Vote.ACCEPT, OTHER)
    assert set(tags(world)["sql-101"]) == {"sql-first", "sql-windows"}
    changing.do("revert", LND, made.id, reason="they are one")
    assert said(world) == before
    assert world.case().tags == counted, "nothing of a part that is not there any more"


def test_a_release_leads_votes_and_words_where_it_leads_the_skill(world: World) -> None:
    changing = Changing(world, opened)
    say(world, "py-101", "sql", Vote.ACCEPT)
    say(world, "k8s-101", "kubernetes", Vote.REJECT)
    world.assess("E1")
    before, counted = said(world), tags(world)
    made = changing.applied(TO)
    after = said(world)
    assert after["py-101", "sql-2"] == (TagState.ACCEPTED, 1, 0), "SQL has another id there"
    assert after["k8s-101", "kubernetes"] == (TagState.REJECTED, 0, 1), "it is gone and kept: a role asks for it"
    assert "sql-2" in tags(world)["py-101"]
    changing.do("revert", LND, made.id, reason="too early")
    assert (said(world), tags(world)) == (before, counted)
