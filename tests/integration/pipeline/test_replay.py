"""Replay: the same bytes for every state, and each cause by its name when they are not."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest
import yaml

from ascertain.domain.assertion import AssertionState
from ascertain.domain.canonical import canonical_json
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.runs import DecisionKind
from ascertain.domain.skills import Level, Skill, SkillFamily
from ascertain.errors import IntegrityError, NotFoundError
from ascertain.pipeline.replay import Replay, Replayer, replay
from ascertain.pipeline.review import decide
from ascertain.policy import parse_policy
from tests.crews.world import TinyTaxonomy
from tests.integration.pipeline.world import POLICY, POLICY_TEXT, World, exam, piece


def _replay(world: World, skill: str) -> Replay:
    ident = world.assertions()[skill].id
    with world.store.units(write=False) as uow:
        return replay(uow, ident, world.taxonomy)


def test_every_state_replays_to_the_same_bytes(world: World) -> None:
    world.add(*(piece(f"e-no-{i}", text="She struggles with Python.") for i in range(3)))
    seen: dict[AssertionState, str] = {}

    def replay_all() -> None:
        with world.store.units(write=False) as uow:
            every = uow.assertions.of("E1", current_only=False)
            replayer = Replayer(uow, world.taxonomy)
            for a in every:
                one = replayer.replay(a.id)
                assert one == replay(uow, a.id, world.taxonomy)
                assert one.identical, one.differences
                assert one.stored.encode() == one.rebuilt.encode()
                assert one.differences == ()
                seen[a.state] = a.result

    world.assess()
    replay_all()
    world.add(piece("e-more", text="Moved the service to Kubernetes."))
    world.assess()
    with world.store.units() as uow:
        item = "v" + world.assertions()["kubernetes"].id[1:]
        decide(uow, item, DecisionKind.ADJUST, reason="saw it", reviewer="E3", clock=world.clock, level=Level.EXPERT)
        uow.commit()
    replay_all()
    assert set(seen) == set(AssertionState) - {AssertionState.CONTESTED}
    assert json.loads(seen[AssertionState.INSUFFICIENT])["confidence"] is None
    assert json.loads(seen[AssertionState.REJECTED])["level"] is None


def test_a_prefix_is_enough_and_an_unknown_id_is_named(world: World) -> None:
    world.assess()
    ident = world.assertions()["sql"].id
    with world.store.units(write=False) as uow:
        assert replay(uow, ident[:8], world.taxonomy).assertion_id == ident
        with pytest.raises(NotFoundError, match="azzz"):
            replay(uow, "azzz", world.taxonomy)


def test_a_changed_score_is_named(world: World) -> None:
    world.assess()
    world.add(exam(score=0.5))
    found = _replay(world, "sql")
    assert not found.identical
    assert "evidence e-exam: outcome was 0.95, is 0.5" in found.differences
    assert any(d.startswith("confidence: stored 0.") for d in found.differences)
    assert _replay(world, "kubernetes").identical


def test_deleted_evidence_is_named(world: World) -> None:
    world.assess()
    world.remove("e-exam")
    found = _replay(world, "sql")
    assert not found.identical
    assert "evidence e-exam is no longer stored or no longer quoted" in found.differences


def test_new_evidence_changes_nothing_of_what_was_concluded_before(world: World) -> None:
    world.assess()
    world.add(piece("e-more", text="Wrote more SQL."))
    assert _replay(world, "sql").identical


def test_a_figure_changed_in_the_table_is_found(world: World) -> None:
    world.assess()
    ident = world.assertions()["sql"].id
    world.sql("UPDATE assertions SET confidence = 0.999 WHERE id = :i", i=ident)
    found = _replay(world, "sql")
    assert not found.identical
    assert [d for d in found.differences if d.startswith("confidence: shown as 0.999")]


def test_a_changed_result_is_found(world: World) -> None:
    world.assess()
    row = world.assertions()["kubernetes"]
    forged = row.result.replace('"state":"in_review"', '"state":"accepted"')
    assert forged != row.result
    world.sql("UPDATE assertions SET result = :r WHERE id = :i", r=forged, i=row.id)
    found = _replay(world, "kubernetes")
    assert not found.identical
    assert "state: stored accepted, rebuilt in_review" in found.differences


@pytest.mark.parametrize("text", ["version: '1'\n", "version: [", None])
def test_a_changed_policy_archive_is_no_basis(world: World, text: str | None) -> None:
    world.assess()
    if text is None:
        world.sql("DELETE FROM policies")
    else:
        world.sql("UPDATE policies SET document = :t", t=text)
    with pytest.raises(IntegrityError, match="policy"):
        _replay(world, "sql")


def test_a_policy_edited_in_one_figure_is_no_basis(world: World) -> None:
    world.assess()
    world.sql("UPDATE policies SET document = replace(document, 'performs_at: 0.5', 'performs_at: 0.4')")
    with pytest.raises(IntegrityError, match="has been changed"):
        _replay(world, "sql")


def test_results_of_the_second_formula_replay_with_it(world: World) -> None:
    document = yaml.safe_load(POLICY_TEXT)
    for name in ("formula", "level_step", "reach", "readout"):
        del document["belief"][name]
    text = yaml.safe_dump(document)
    world.policy = parse_policy(text)
    with world.store.units() as uow:
        uow.policies.put(world.policy.version, text)
        uow.commit()
    world.add(piece("e-hard", text="Tuned the SQL.", kind=EvidenceKind.PROJECT, score=0.6, level=Level.ADVANCED))
    world.assess()
    before = {s: a.result for s, a in world.assertions().items()}
    world.policy = POLICY
    for skill in before:
        found = _replay(world, skill)
        assert found.identical, found.differences
        assert found.differences == ()
    world.assess()
    assert {a.versions.policy for a in world.assertions().values()} == {POLICY.version}
    assert {s: a.result for s, a in world.assertions().items()} != before


@dataclass(frozen=True)
class Faster(TinyTaxonomy):
    """A later release in which SQL fades faster."""

    version: str = "tiny-9"

    def skill(self, skill_id: str) -> Skill | None:
        found = super().skill(skill_id)
        return replace(found, family=SkillFamily.FAST) if found else None


def test_another_taxonomy_is_named(world: World) -> None:
    world.assess()
    world.taxonomy = Faster()
    found = _replay(world, "sql")
    assert not found.identical
    assert "taxonomy tiny-1 was used, tiny-9 is loaded now" in found.differences
    assert any("recency was" in d for d in found.differences)
    # Nothing of that matters to a skill whose family is the same in both.
    same = _replay(world, "kubernetes")
    assert same.identical
    assert same.differences == ("taxonomy tiny-1 was used, tiny-9 is loaded now",)


def test_inputs_from_before_the_route_knew_compliance_and_earlier_decisions_replay(world: World) -> None:
    world.assess()
    for ident, inputs in world.sql("SELECT id, inputs FROM assertions"):
        old = {k: v for k, v in json.loads(inputs).items() if k not in ("compliance", "before")}
        world.sql("UPDATE assertions SET inputs = :i WHERE id = :a", i=canonical_json(old), a=ident)
    for row in world.assertions().values():
        with world.store.units(write=False) as uow:
            assert replay(uow, row.id, world.taxonomy).identical


def test_what_a_human_said_before_is_stored_with_the_inputs(world: World) -> None:
    world.assess()
    item = "v" + world.assertions()["kubernetes"].id[1:]
    with world.store.units() as uow:
        decide(uow, item, DecisionKind.MORE_EVIDENCE, reason="one project more", reviewer="E3", clock=world.clock)
        uow.commit()
    world.add(piece("e-k", text="Moved the service to Kubernetes."))
    world.assess()
    row = world.assertions()["kubernetes"]
    assert "a human asked for more evidence, and there is some now" in row.reasons
    assert json.loads(row.inputs)["before"] == {"said": "asked_for_more", "level": None}
    with world.store.units(write=False) as uow:
        assert replay(uow, row.id, world.taxonomy).identical
        assert [i.skill_id for i in uow.reviews.open(learner_id="E1")] == ["kubernetes"]
