"""A crosswalk is taken up by the charter, leads from then on, and is taken back exactly, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ascertain.domain.charter import ChangeKind
from ascertain.domain.crosswalks import ConceptKind, Link, Relation, StoredCrosswalk, crosswalk_of
from ascertain.domain.evidence import EvidenceKind, SkillCode
from ascertain.domain.overlays import Change, Overlay
from ascertain.domain.permission import Grant, Role
from ascertain.domain.skills import JobProfile, Level, Requirement
from ascertain.domain.stewardship import ProposalState
from ascertain.errors import ConflictError, ForbiddenError, InputError, IntegrityError, NotFoundError
from ascertain.pipeline.led_codes import codes_seen
from ascertain.pipeline.taxonomy_crosswalk import held
from ascertain.pipeline.taxonomy_preview import shown
from ascertain.taxonomy.concepts import ConceptStore, overlaid
from tests.crews.world import SKILLS
from tests.integration.pipeline.changing import LND, THIRD, Changing, NamedMapper, Opened, replayed
from tests.integration.pipeline.world import ANN, World, exam, piece

FIRST = crosswalk_of(
    "hris",
    "tiny",
    ConceptKind.SKILL,
    [Link("H1", "sql", Relation.EXACT), Link("H2", "python", Relation.CLOSE), Link("H3", "gone", Relation.EXACT)],
)
SECOND = crosswalk_of(
    "hris", "tiny", ConceptKind.SKILL, [Link("H1", "sql", Relation.EXACT), Link("H2", "kubernetes", Relation.EXACT)]
)
CODES = crosswalk_of("tiny", "onet", ConceptKind.OCCUPATION, [Link("dba", "15-1242.00", Relation.EXACT)])
DBA = JobProfile("dba", "Database administrator", (Requirement("sql", Level.ADVANCED, 1.0),))


def taking_up(walk: StoredCrosswalk) -> Change:
    return Change(ChangeKind.CROSSWALK, target=walk.id)


@pytest.fixture
def world(either_world: World) -> World:
    return either_world


@pytest.fixture
def changing(world: World) -> Changing:
    def opened(_: str, overlay: Overlay | None) -> Opened:
        store = ConceptStore("tiny-1", SKILLS, [DBA])
        if overlay and overlay.changes:
            with world.store.units(write=False) as uow:
                walks = [held(uow, i) for i in overlay.crosswalks]
            store = overlaid(store, overlay, walks)
        return Opened(store, NamedMapper(store))

    made = Changing(world, opened)
    with world.store.units() as uow:
        for walk in (FIRST, SECOND, CODES):
            uow.stewardship.keep_crosswalk(walk)
            uow.stewardship.keep_crosswalk(walk)
        uow.commit()
    world.assess("E1")
    return made


def test_it_leads_once_it_is_applied_and_not_before(changing: Changing) -> None:
    world = changing.world
    made = changing.do("propose", taking_up(FIRST), by=THIRD)
    with world.store.units(write=False) as uow:
        told = changing.steward(uow).preview(made.id)
    assert told.words == "leads skills of hris: 1 close, 2 exact; 1 lead to nothing that the taxonomy in use has"
    assert [(k["source"], k["relation"], k["label"]) for k in shown(told)["crosswalk"]["links"]] == [
        ("H1", "exact", "SQL"),
        ("H2", "close", "Python"),
        ("H3", "exact", ""),
    ]
    assert told.needed == 1
    with pytest.raises(ConflictError, match="does not decide about it"):
        changing.do("answer", THIRD, made.id, yes=True, reason="mine")
    owner = replace(LND, grants=(Grant(Role.SKILL_OWNER, frozenset({"all"})),))
    with pytest.raises(ForbiddenError):
        changing.do("answer", owner, made.id, yes=True, reason="I own them")
    with pytest.raises(ConflictError, match="0 of 1 yes"):
        changing.do("apply", LND, made.id, reason="too early")
    changing.do("answer", LND, made.id, yes=True, reason="rows were checked")
    assert world.taxonomy.led("H1") is None
    before = world.assertions()
    changing.do("apply", LND, made.id, reason="approved")
    assert world.taxonomy.led("H1", "HRIS") == Link("H1", "sql", Relation.EXACT)
    assert world.taxonomy.led("H3") is None
    assert world.taxonomy.version.startswith("tiny-1~1+")
    assert world.assertions() == before, "nobody's present result changes"
    actions = [a for a in world.actions() if a.startswith("taxonomy.")]
    assert actions == ["taxonomy.proposed", "taxonomy.answered", "taxonomy.answered"]


def test_a_later_one_takes_its_place_and_gives_it_back(changing: Changing) -> None:
    world = changing.world
    changing.applied(taking_up(FIRST))
    before = changing.state()
    later = changing.approved(taking_up(SECOND))
    with world.store.units(write=False) as uow:
        told = changing.steward(uow).preview(later.id)
    assert told.crosswalk is not None
    assert (told.crosswalk.replaces, told.crosswalk.added, told.crosswalk.dropped) == (FIRST.id, 1, 2)
    changing.do("apply", LND, later.id, reason="the new list")
    assert (found := world.taxonomy.led("H2")) is not None
    assert found.target == "kubernetes"
    made, back, since = changing.do("revert", LND, later.id, reason="it was wrong")
    assert (made.state, back, since) == (ProposalState.REVERTED, 0, 0)
    assert (found := world.taxonomy.led("H2")) is not None
    assert found.target == "python"
    assert changing.state() == before
    with world.store.units(write=False) as uow:
        (record,) = [r for r in uow.audit.records() if r.header.get("answer") == "reverted"]
    assert record.header["proposal"] == later.id


def test_it_follows_changes_under_and_over_it(changing: Changing) -> None:
    world = changing.world
    changing.applied(Change(ChangeKind.SYNONYM, "sql", names=("structured queries",)))
    walk = changing.applied(taking_up(FIRST))
    changing.applied(Change(ChangeKind.MERGE, "python", target="sql"))
    assert (found := world.taxonomy.led("H2")) is not None
    assert found.target == "sql", "what was merged is followed"
    changing.do("revert", LND, walk.id, reason="back, from under the merge")
    assert world.taxonomy.led("H1") is None
    assert world.taxonomy.skill("python") is None, "the later merge stays"
    assert all(same for same, _ in replayed(changing))


def test_a_job_is_led_and_its_code_is_known(changing: Changing) -> None:
    world = changing.world
    with world.store.units(write=False) as uow:
        assert uow.stewardship.roles_led() == set()
    made = changing.applied(taking_up(CODES))
    assert world.taxonomy.job_profile("15-1242.00") == DBA
    world.person(ANN, job_profile_id="15-1242.00")
    assert world.case().role == DBA
    with world.store.units(write=False) as uow:
        assert uow.stewardship.roles_led() == {"15-1242.00"}
    changing.do("revert", LND, made.id, reason="no")
    assert world.taxonomy.job_profile("15-1242.00") is None
    assert world.case().role is None
    with world.store.units(write=False) as uow:
        assert uow.stewardship.roles_led() == set()


def test_what_cannot_be_taken_up_is_refused(changing: Changing) -> None:
    world = changing.world
    with pytest.raises(NotFoundError, match="no crosswalk 'skill-a-tiny"):
        changing.do("propose", Change(ChangeKind.CROSSWALK, target="skill-a-tiny+0"), by=THIRD)
    other = crosswalk_of("hris", "esco", ConceptKind.SKILL, [Link("H1", "x", Relation.EXACT)])
    with world.store.units() as uow:
        uow.stewardship.keep_crosswalk(other)
        uow.commit()
    with pytest.raises(InputError, match="leads from hris to esco; in use is tiny"):
        changing.do("propose", taking_up(other), by=THIRD)
    changed = FIRST.document.replace("python", "sql")
    world.sql("UPDATE taxonomy_crosswalks SET document = :d WHERE id = :i", d=changed, i=FIRST.id)
    with pytest.raises(IntegrityError, match="is not what its name says"):
        changing.do("propose", taking_up(FIRST), by=THIRD)


BADGE = piece(
    "e-badge",
    kind=EvidenceKind.BADGE,
    title="Level 2 award",
    passed=True,
    codes=(SkillCode("H2", "HRIS list", "Scripting"), SkillCode("H9", "HRIS"), SkillCode("H2", "O*NET")),
)


def test_evidence_that_names_a_code_is_led_and_a_revert_undoes_it_at_the_next_run(changing: Changing) -> None:
    world = changing.world
    world.add(BADGE)
    world.assess()
    assert "python" not in world.assertions(), "its title says nothing, and nothing leads its codes"
    fingerprint = world.fingerprint()
    made = changing.applied(taking_up(FIRST))
    assert world.due() >= {"E1"}
    case = world.case()
    assert [(t.skill_id, t.probability) for t in case.tags["e-badge"]] == [("python", 0.8)]
    assert all(e.codes == () for e in case.evidence), "agents see what it leads to, and no code"
    world.assess()
    assert "python" in world.assertions()
    with world.store.units(write=False) as uow:
        seen = codes_seen(uow.evidence.coded(), world.taxonomy, 1)
    assert [(c.code.code, c.code.framework, c.people, c.target, c.relation) for c in seen] == [
        ("H9", "HRIS", 1, "", ""),
        ("H2", "O*NET", 1, "", ""),
        ("H2", "HRIS list", 1, "python", "close"),
    ]
    assert codes_seen([("E1", SkillCode("H9"))], world.taxonomy, 3)[0].people is None
    assert all(same for same, _ in replayed(changing))
    changing.do("revert", LND, made.id, reason="a wrong list")
    world.assess()
    assert "python" not in world.assertions()
    assert world.fingerprint() == fingerprint, "as if it had never been"


def test_a_code_that_comes_or_goes_is_a_change_and_pieces_from_before_are_none(changing: Changing) -> None:
    world = changing.world
    with world.store.units() as uow:
        assert uow.evidence.upsert([exam()]) == (0, 0, 1), "no column makes old evidence look changed"
        assert uow.evidence.upsert([BADGE]) == (1, 0, 0)
        assert uow.evidence.upsert([BADGE]) == (0, 0, 1)
        assert uow.evidence.upsert([replace(BADGE, codes=BADGE.codes[:1])]) == (0, 1, 0)
        assert next(e for e in uow.evidence.of("E1") if e.id == "e-badge").codes == BADGE.codes[:1]
        assert uow.evidence.upsert([replace(BADGE, codes=())]) == (0, 1, 0)
        assert uow.evidence.coded() == []
        uow.commit()
