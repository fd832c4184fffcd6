"""Another release of the taxonomy: what it means for what is there, taken up by the charter, and taken back exactly."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ascertain.domain.charter import ChangeKind
from ascertain.domain.overlays import Change, Overlay
from ascertain.domain.skills import Skill
from ascertain.domain.stewardship import ProposalState
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.taxonomy_preview import shown
from ascertain.pipeline.taxonomy_release import chosen_release, release_of, replaced
from ascertain.taxonomy.concepts import ConceptStore, overlaid
from tests.crews.world import SKILLS
from tests.integration.pipeline.changing import LND, THIRD, Changing, NamedMapper, Opened, replayed
from tests.integration.pipeline.world import World

BY_ID = {s.id: s for s in SKILLS}
NEXT = (
    replace(BY_ID["sql"], id="sql-2"),
    replace(BY_ID["python"], label="Python programming", synonyms=("Python",)),
    replace(BY_ID["negotiation"], broader=("sql-2",)),
    Skill("dbt-2", "dbt", definition="Transforming data with dbt."),
)
"""SQL has another id, Kubernetes is gone, Python is called otherwise, Negotiation stands elsewhere, dbt is new."""
RELEASES: dict[str, tuple[Skill, ...]] = {"tiny-1": SKILLS, "tiny-2": NEXT}
TO = release_of("tiny-1", "tiny-2")
DBT = Change(ChangeKind.NEW, skills=(Skill("our-dbt", "dbt", definition="Models of ours."),))


def opened(name: str, overlay: Overlay | None) -> Opened:
    wanted = name.partition("@")[2] or "tiny-1"
    if wanted not in RELEASES:
        raise NotFoundError(f"there is no taxonomy {name!r}")
    store = ConceptStore(wanted, RELEASES[wanted])
    store = overlaid(store, overlay) if overlay and overlay.changes else store
    return Opened(store, NamedMapper(store))


@pytest.fixture
def world(either_world: World) -> World:
    return either_world


@pytest.fixture
def changing(world: World) -> Changing:
    made = Changing(world, opened)
    world.assess("E1")
    world.assess("E2")
    return made


def test_a_release_says_what_it_does_and_loses_nothing(changing: Changing) -> None:
    world = changing.world
    before = {s: a.level for s, a in world.assertions().items()}
    found = changing.approved(TO)
    with world.store.units(write=False) as uow:
        told = changing.steward(uow).preview(found.id)
    assert told.release is not None
    seen = shown(told)["release"]
    assert [(x["id"], x["by"]) for x in seen["followed"]] == [("sql", ["sql-2"])]
    assert [x["id"] for x in seen["carried"]] == ["kubernetes"], "results and a role are about it"
    assert [x["after"] for x in seen["relabelled"]] == ["Python programming"]
    assert [x["id"] for x in seen["moved"]] == ["negotiation"]
    assert {x["id"] for x in seen["added"]} == {"sql-2", "dbt-2"}
    assert (told.impact.assertions, told.impact.people, told.impact.roles) == (2, 2, 1)
    assert told.impact.words.startswith("moves 2 assertions, 1 role")
    assert told.needed == 2
    changing.do("apply", LND, found.id, reason="the new release")
    after = {s: a.level for s, a in world.assertions().items()}
    assert after == {{"sql": "sql-2"}.get(s, s): level for s, level in before.items()}
    assert world.taxonomy.version.startswith("tiny-2~1+")
    assert {s.id for s in world.taxonomy.skills()} == {s.id for s in NEXT} | {"kubernetes"}
    with world.store.units(write=False) as uow:
        role = uow.roles.get("analyst")
    assert role is not None
    assert {r.skill_id for r in role.requirements} == {"sql-2", "kubernetes", "negotiation"}
    assert all(same for same, _ in replayed(changing))
    world.assess("E1")
    assert set(world.assertions()) == set(after), "the next assessment finds the same under the new release"


def test_a_release_under_and_over_changes_is_taken_back_exactly(changing: Changing) -> None:
    world = changing.world
    named = changing.applied(Change(ChangeKind.SYNONYM, "sql", names=("structured queries",)))
    merged = changing.applied(Change(ChangeKind.MERGE, "kubernetes", target="sql"))
    own = changing.applied(DBT)
    before = changing.state()
    release = changing.applied(TO)
    skills = {s.id: s for s in world.taxonomy.skills()}
    assert set(skills) == {"sql-2", "python", "negotiation", "dbt-2"}, "what was merged stays merged"
    assert {"structured queries", "Kubernetes"} & set(skills["sql-2"].synonyms) == {"structured queries"}
    assert set(world.assertions()) == {"sql-2", "negotiation"}
    on_top = changing.applied(Change(ChangeKind.RENAME, "dbt-2", names=("data build tool",)))
    with pytest.raises(ConflictError, match="a later change needs"):
        changing.do("revert", LND, release.id, reason="too early")
    changing.do("revert", LND, on_top.id, reason="back")
    _, back, since = changing.do("revert", LND, release.id, reason="too early")
    assert (back, since) == (2, 0)
    assert changing.state() == before
    assert changing.in_use.changes().changes == (named.change, merged.change, own.change)
    again = changing.do("answer", LND, release.id, yes=True, reason="now")
    assert again.proposal.state is ProposalState.OPEN
    assert again.yes == 1, "what was said before it was taken back counts no more"


def test_a_change_is_taken_back_from_under_a_release(changing: Changing) -> None:
    """As if the merge had never been: the release then keeps the skill that it lacks, since results are about it."""
    world = changing.world
    merged = changing.applied(Change(ChangeKind.MERGE, "kubernetes", target="sql"))
    changing.applied(TO)
    assert "kubernetes" not in world.assertions()
    _, back, since = changing.do("revert", LND, merged.id, reason="they differ")
    assert (back, since) == (2, 0)
    assert {"sql-2", "kubernetes"} <= set(world.assertions())
    assert world.taxonomy.version.startswith("tiny-2~1+")
    assert world.taxonomy.skill("kubernetes") is not None
    assert all(same for same, _ in replayed(changing))


def test_the_publisher_or_a_person_says_what_follows(changing: Changing) -> None:
    world = changing.world
    made = changing.do("propose", TO, by=THIRD)
    with pytest.raises(InputError, match="'docker', which tiny-2 does not have"):
        changing.do("amend", LND, made.id, replaced(TO, {"kubernetes": ["docker"]}), reason="x")
    with pytest.raises(InputError, match="still has 'python'"):
        changing.do("amend", LND, made.id, replaced(TO, {"python": ["dbt-2"]}), reason="x")
    both = replaced(TO, {"kubernetes": ["python", "dbt-2"], "cobol": ["python"]})
    changing.do("amend", LND, made.id, both, reason="the publisher's list")
    found = changing.approved(both)
    assert found.id == made.id
    changing.do("apply", LND, found.id, reason="the new release")
    assert set(world.assertions()) >= {"sql-2", "python"}, "a quote that shows neither goes to the first one"
    assert world.taxonomy.skill("kubernetes") is None


def test_a_name_that_can_never_be_a_skill_is_not_kept(world: World) -> None:
    world.assess("E1")
    RELEASES["tiny-1"] = tuple(replace(s, label="Empathy") if s.id == "kubernetes" else s for s in SKILLS)
    try:
        changing = Changing(world, opened)
        changing.applied(TO)
        assert "kubernetes" not in world.assertions()
        assert changing.world.taxonomy.skill("kubernetes") is None
        with world.store.units(write=False) as uow:
            earlier = [a.skill_id for a in uow.assertions.of("E1", current_only=False)]
        assert "kubernetes" in earlier, "what was found stays in the earlier run"
    finally:
        RELEASES["tiny-1"] = SKILLS


def test_an_import_waits_until_it_is_taken_up(changing: Changing) -> None:
    changing.in_use.pin()
    changing.in_use.pin()
    assert changing.world.sql("SELECT taxonomy, version FROM taxonomy_uses") == [("tiny", "tiny-1")]
    with pytest.raises(ConflictError, match="in use already"):
        changing.do("propose", release_of("tiny-1", "tiny-1"), by=LND)
    with pytest.raises(ConflictError, match="not imported"):
        changing.do("propose", release_of("tiny-1", "tiny-3"), by=LND)
    versions = ["esco-1.2+abcdef012345", "esco-1.1+0123456789ab"]
    assert chosen_release("esco", versions, "") == versions[0]
    assert chosen_release("esco", versions, "esco@1.1") == chosen_release("esco", versions, "0123") == versions[1]
    with pytest.raises(NotFoundError, match=r"no release '1\.3' of esco: esco-1\.2"):
        chosen_release("esco", versions, "1.3")
