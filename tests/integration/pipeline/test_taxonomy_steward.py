"""A change of the taxonomy: previewed, approved by the charter, applied to everybody's results, reverted exactly."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ascertain.domain.assertion import AssertionState
from ascertain.domain.charter import ChangeKind
from ascertain.domain.content_tags import TagState, Vote
from ascertain.domain.overlays import Change
from ascertain.domain.permission import Grant, Principal, Role
from ascertain.domain.review_assign import SkillOwners
from ascertain.domain.runs import DecisionKind
from ascertain.domain.skills import Skill
from ascertain.domain.stewardship import Proposal, ProposalState, Ref, Support
from ascertain.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ascertain.pipeline.charter import read_charter
from ascertain.pipeline.content_tags import Desk
from ascertain.pipeline.disputes import contest
from ascertain.pipeline.grants import grant_role
from ascertain.pipeline.permit import operator, principal_of
from ascertain.pipeline.taxonomy_preview import Previewed
from tests.integration.pipeline.changing import LND, MERGE, OTHER, THIRD, Changing, replayed
from tests.integration.pipeline.world import ANN, World, exam


@pytest.fixture
def world(either_world: World) -> World:
    return either_world


@pytest.fixture
def changing(world: World) -> Changing:
    made = Changing(world)
    world.assess("E1")
    world.assess("E2")
    return made


def test_a_merge_moves_results_roles_and_tags_and_its_preview_said_so(changing: Changing) -> None:
    world = changing.world
    before = world.assertions()
    assert {"sql", "kubernetes"} <= set(before)
    found = changing.approved()
    with world.store.units(write=False) as uow:
        told = changing.steward(uow).preview(found.id).impact
    assert (told.assertions, told.people, told.joined) == (1, 1, 1)
    assert (told.roles, told.tags) == (1, 1)
    assert told.words == "moves 1 assertion, 1 role, 2 paths, 1 tag"
    assert [(f.source, f.target, f.assertions) for f in told.flows] == [("kubernetes", "sql", 1)]
    done: Previewed = changing.do("apply", LND, found.id, reason="approved")
    assert done.impact == told, "what was previewed is what was applied"
    after = world.assertions()
    assert "kubernetes" not in after
    assert after["sql"].run_id != before["sql"].run_id
    assert after["sql"].amount > before["sql"].amount, "the review of Kubernetes speaks for it too"
    assert after["sql"].versions.taxonomy == world.taxonomy.version
    with world.store.units(write=False) as uow:
        role = uow.roles.get("analyst")
        assert role is not None
        (sql,) = [r for r in role.requirements if r.skill_id == "sql"]
        assert not [r for r in role.requirements if r.skill_id == "kubernetes"]
        assert sql.importance == 1.0
        assert uow.contents.tags(world.tagger)["k8s-101"][0].skill_id == "sql"
        gaps = uow.runs.document(after["sql"].run_id, "gaps")
        assert {g["skill_id"] for g in gaps} == {"sql", "negotiation"}
    assert {s for s, a in world.assertions("E2").items()} == {"sql"}
    assert world.actions().count("taxonomy.moved") == 2, "Bob's role asks for it"


def test_every_result_is_replayed_with_the_version_it_was_made_with(changing: Changing) -> None:
    found = changing.approved()
    changing.do("apply", LND, found.id, reason="approved")
    assert all(same for same, _ in replayed(changing)), replayed(changing)
    assert {d for _, differences in replayed(changing) for d in differences} == set()
    changing.do("revert", LND, found.id, reason="a mistake")
    assert all(same for same, _ in replayed(changing))


def test_a_revert_brings_everything_back_exactly(changing: Changing) -> None:
    world = changing.world
    with world.store.units() as uow:
        item = next(i for i in uow.reviews.open(learner_id="E1") if i.skill_id == "kubernetes")
        uow.commit()
    _decide(world, item.id)
    with world.store.units() as uow:
        Desk(uow, world.tagger, world.taxonomy, read_charter().tags, world.clock).vote(
            LND, "k8s-101", "kubernetes", Vote.ACCEPT, reason="yes"
        )
        uow.commit()
    before = changing.state()
    found = changing.approved()
    changing.do("apply", LND, found.id, reason="approved")
    between = changing.state()
    assert between["assertions"] != before["assertions"]
    assert between["taxonomy"].startswith("tiny-1~1+")
    (ruling,) = between["rulings"].values()
    assert (ruling.skill_id, ruling.state) == ("sql", TagState.ACCEPTED)
    _, back, since = changing.do("revert", LND, found.id, reason="a mistake")
    assert (back, since) == (2, 0)
    assert changing.state() == before
    again = changing.do("apply", LND, _approve_again(changing, found).id, reason="after all")
    assert again.proposal.state is ProposalState.APPLIED
    assert changing.state()["assertions"] == between["assertions"], "the same runs again, none made twice"


def _approve_again(changing: Changing, found: Proposal) -> Proposal:
    changing.do("answer", LND, found.id, yes=True, reason="after all")
    done: Previewed = changing.do("answer", OTHER, found.id, yes=True, reason="after all")
    assert done.proposal.state is ProposalState.APPROVED
    return done.proposal


def _decide(world: World, item_id: str) -> None:
    with world.store.units() as uow:
        item = uow.reviews.get(item_id)
        assert item is not None
        done = replace(
            item,
            decision=DecisionKind.ACCEPT,
            decided_by="chi@example.org",
            decision_reason="seen",
            decided_at=world.clock.now(),
        )
        uow.reviews.put(done)
        uow.assertions.set_state(item.assertion_id, AssertionState.ACCEPTED, human_reviewed=True)
        uow.commit()


def test_a_human_decision_on_the_same_evidence_goes_along(changing: Changing) -> None:
    """Into a skill that was not there, the evidence is the same: what a human said still holds."""
    world = changing.world
    with world.store.units(write=False) as uow:
        item = next(i for i in uow.reviews.open(learner_id="E1") if i.skill_id == "kubernetes")
    _decide(world, item.id)
    found = changing.approved(Change(ChangeKind.MERGE, "kubernetes", target="python"))
    changing.do("apply", LND, found.id, reason="approved")
    row = world.assertions()["python"]
    assert row.human_reviewed
    assert row.state.value == "accepted"
    assert any("decided by chi@example.org" in r for r in row.reasons)


def test_a_split_goes_by_the_quotes(changing: Changing) -> None:
    world = changing.world
    parts = (
        Skill(
            "sql-reporting",
            "Reporting with SQL",
            synonyms=("SQL of the revenue report",),
            definition="Reports out of SQL.",
        ),
        Skill("sql-basics", "SQL first steps", synonyms=("SQL certificate",), definition="First queries."),
    )
    found = changing.approved(Change(ChangeKind.SPLIT, "sql", skills=parts))
    changing.do("apply", LND, found.id, reason="approved")
    rows = world.assertions()
    assert {"sql-reporting", "sql-basics"} <= set(rows)
    assert "sql" not in rows
    assert rows["sql-basics"].amount > rows["sql-reporting"].amount
    with world.store.units(write=False) as uow:
        role = uow.roles.get("analyst")
    assert role is not None
    assert {r.skill_id for r in role.requirements} >= {"sql-reporting", "sql-basics"}
    assert all(same for same, _ in replayed(changing))


def test_the_charter_says_who_and_how_many(changing: Changing) -> None:
    found: Proposal = changing.do("propose", MERGE, by=LND)
    with pytest.raises(ConflictError, match="whoever proposed"):
        changing.do("answer", LND, found.id, yes=True, reason="mine")
    owner = Principal("o@example.org", grants=(Grant(Role.SKILL_OWNER, skills=frozenset({"sql", "kubernetes"})),))
    with pytest.raises(ForbiddenError, match="charter"):
        changing.do("answer", owner, found.id, yes=True, reason="I own both")
    with pytest.raises(ForbiddenError):
        changing.do("answer", Principal("m", "E3", (Grant(Role.MANAGER),)), found.id, yes=True, reason="x")
    one: Previewed = changing.do("answer", OTHER, found.id, yes=True, reason="yes")
    assert (one.yes, one.needed, one.proposal.state) == (1, 2, ProposalState.OPEN)
    again: Previewed = changing.do("answer", OTHER, found.id, yes=True, reason="yes yes")
    assert again.yes == 1, "one person is one yes"
    with pytest.raises(ConflictError, match="1 of 2 yes"):
        changing.do("apply", OTHER, found.id, reason="quick")
    done: Previewed = changing.do("answer", THIRD, found.id, yes=False, reason="they differ")
    assert done.proposal.state is ProposalState.REJECTED
    synonym: Proposal = changing.do("propose", Change(ChangeKind.SYNONYM, "sql", names=("T-SQL",)), by=LND)
    stranger = Principal("p@example.org", grants=(Grant(Role.SKILL_OWNER, skills=frozenset({"python"})),))
    with pytest.raises(ForbiddenError):
        changing.do("answer", stranger, synonym.id, yes=True, reason="not mine")
    assert changing.do("answer", owner, synonym.id, yes=True, reason="mine").proposal.state is ProposalState.APPROVED


def test_what_cannot_be_is_refused_with_its_reason(changing: Changing) -> None:
    def propose(change: Change) -> Proposal:
        made: Proposal = changing.do("propose", change, by=LND)
        return made

    with pytest.raises(InputError, match="can never be a skill"):
        propose(Change(ChangeKind.NEW, skills=(Skill("empathy", "Empathy", definition="Feeling with others."),)))
    with pytest.raises(InputError, match="no skill 'cobol'"):
        propose(Change(ChangeKind.SYNONYM, "cobol", names=("COBOL 85",)))
    with pytest.raises(InputError, match="is the name of 'python' already"):
        propose(Change(ChangeKind.RENAME, "sql", names=("Python",)))
    with pytest.raises(ConflictError, match="is taken"):
        propose(Change(ChangeKind.NEW, skills=(Skill("sql", "Another"),)))
    with pytest.raises(NotFoundError, match="there is no proposal"):
        changing.do("answer", LND, "x00000", yes=True, reason="x")
    bare = propose(Change(ChangeKind.NEW, skills=(Skill("dbt", "dbt"),)))
    with pytest.raises(ConflictError, match="no definition"):
        changing.do("answer", OTHER, bare.id, yes=True, reason="x")
    full = Change(ChangeKind.NEW, skills=(Skill("dbt", "dbt", definition="Transforming data with dbt."),))
    amended: Proposal = changing.do("amend", LND, bare.id, full, reason="what it is")
    assert amended.change.skills[0].definition
    assert changing.do("answer", OTHER, bare.id, yes=True, reason="x").proposal.state is ProposalState.APPROVED


def test_what_is_contested_is_decided_first(changing: Changing) -> None:
    world = changing.world
    found = changing.approved()
    with world.store.units() as uow:
        row = {a.skill_id: a for a in uow.assertions.of("E1")}["kubernetes"]
        contest(
            uow,
            row.id,
            reason="That is not so.",
            actor="ann@example.org",
            clock=world.clock,
            due_days=30,
            masker=world.pseudonyms,
        )
        uow.commit()
    with pytest.raises(ConflictError, match="open disputes"):
        changing.do("apply", LND, found.id, reason="approved")
    assert world.taxonomy.version == "tiny-1"


def test_applying_twice_is_once(changing: Changing) -> None:
    merge = changing.approved()
    changing.do("apply", LND, merge.id, reason="approved")
    rows = changing.world.counts()
    changing.do("apply", LND, merge.id, reason="approved")
    assert changing.world.counts() == rows


def _applied(changing: Changing, change: Change) -> Proposal:
    made: Proposal = changing.do("propose", change, by=THIRD)
    for who in (LND, OTHER):
        changing.do("answer", who, made.id, yes=True, reason="yes")
    changing.do("apply", LND, made.id, reason="approved")
    return made


def test_a_change_is_taken_back_from_under_later_ones(changing: Changing) -> None:
    """A merge, then a rename and a second merge on top: without the first one, everything is as the later ones alone
    would have made it."""
    world = changing.world
    alone = Change(ChangeKind.MERGE, "sql", target="python")
    only = _applied(changing, alone)
    wanted = changing.state()
    changing.do("revert", LND, only.id, reason="only to see")
    before = changing.state()
    first = _applied(changing, MERGE)
    renamed = _applied(changing, Change(ChangeKind.RENAME, "negotiation", names=("Negotiating",)))
    last = _applied(changing, alone)
    assert {"python"} == set(world.assertions()) - {"negotiation"}, "Kubernetes went into SQL, and both into Python"
    _, back, since = changing.do("revert", LND, first.id, reason="they differ after all")
    assert (back, since) == (2, 0)
    now = changing.state()
    assert {"python", "kubernetes"} <= set(world.assertions())
    assert now["taxonomy"].startswith("tiny-1~2+")
    for what in ("roles", "tags", "gaps", "paths", "rulings"):
        assert now[what] == wanted[what], what
    assert all(same for same, _ in replayed(changing)), replayed(changing)
    negotiation = world.taxonomy.skill("negotiation")
    assert negotiation is not None
    assert negotiation.label == "Negotiating"
    changing.do("revert", LND, renamed.id, reason="back")
    changing.do("revert", LND, last.id, reason="back")
    assert changing.state() == before, "what the later change moved anew goes back too"


def test_a_change_that_a_later_one_needs_is_not_taken_back(changing: Changing) -> None:
    new = _applied(changing, Change(ChangeKind.NEW, skills=(Skill("dbt", "dbt", definition="Transforming data."),)))
    named = _applied(changing, Change(ChangeKind.SYNONYM, "dbt", names=("data build tool",)))
    _applied(changing, Change(ChangeKind.RENAME, "sql", names=("Querying",)))
    with pytest.raises(ConflictError, match="a later change needs") as caught:
        changing.do("revert", LND, new.id, reason="a mistake")
    assert named.id in str(caught.value)
    changing.do("revert", LND, named.id, reason="back")
    changing.do("revert", LND, new.id, reason="back")
    skills = {s.id: s.label for s in changing.world.taxonomy.skills()}
    assert "dbt" not in skills
    assert skills["sql"] == "Querying"


def test_owners_go_along_with_the_skill(changing: Changing) -> None:
    """Whoever owned the skill that became part of another one is asked about it, and may decide about it."""
    world = changing.world
    owners = SkillOwners({"kubernetes": "o@example.org"})
    with world.store.units() as uow:
        owner = Grant(Role.SKILL_OWNER, skills=frozenset({"kubernetes"}))
        grant_role(uow, operator("test"), "o@example.org", owner, clock=world.clock)
        uow.commit()
    found = _applied(changing, MERGE)
    with world.store.units(write=False) as uow:
        moves = uow.stewardship.moves()
        who = principal_of(uow, "o@example.org", today=world.clock.today())
    assert owners.led(moves).of("sql", None) == "o@example.org"
    assert SkillOwners({"kubernetes": "o", "sql": "own"}).led(moves).of("sql", None) == "own"
    assert who.grants[0].skills == {"kubernetes", "sql"}
    changing.do("revert", LND, found.id, reason="back")
    with world.store.units(write=False) as uow:
        assert principal_of(uow, "o@example.org", today=world.clock.today()).grants[0].skills == {"kubernetes"}


def test_whoever_was_assessed_since_is_due_again_after_a_revert(changing: Changing) -> None:
    world = changing.world
    found = changing.approved()
    changing.do("apply", LND, found.id, reason="approved")
    assert world.due() == {"E1", "E2", "E3"}, "a sweep reads everything anew under the new taxonomy"
    world.add(exam("e-new", score=1.0, title="SQL windows", content_id="sql-201"))
    world.assess("E1")
    assert "kubernetes" not in world.assertions()
    _, back, since = changing.do("revert", LND, found.id, reason="a mistake")
    assert (back, since) == (1, 1)
    assert "E1" in world.due()
    world.assess("E1")
    assert "kubernetes" in world.assertions()


def test_a_run_whose_quotes_were_taken_back_does_not_come_back(changing: Changing) -> None:
    world = changing.world
    found = changing.approved()
    changing.do("apply", LND, found.id, reason="approved")
    world.says(ANN, False)
    _, back, since = changing.do("revert", LND, found.id, reason="a mistake")
    assert (back, since) == (1, 1)
    world.assess("E1")
    assert "kubernetes" not in world.assertions(), "what the review showed rests on a consent that is gone"


def test_new_names_are_tried_on_the_quotes_that_speak_for_them(changing: Changing) -> None:
    world = changing.world
    with world.store.units(write=False) as uow:
        run = uow.runs.latest("E1")
        assert run is not None
        claims = uow.runs.document(run.id, "claims")
    refs = tuple(Ref(run.id, c["id"]) for c in claims if "revenue report" in c["quote"])
    change = Change(ChangeKind.NEW, skills=(Skill("revenue", "revenue report", definition="Reporting revenue."),))
    found: Proposal = changing.do("propose", change, by=None, support=Support("no skill fits", 3, 4, refs=refs))
    with world.store.units(write=False) as uow:
        told = changing.steward(uow).preview(found.id)
    assert len(told.quotes) == 1
    assert (told.impact.found, told.impact.asked) == (1, 1)
    assert told.impact.words.startswith("moves nothing; found in 1 of 1 quotes")
    fresh: Proposal = changing.do("propose", change, by=None, support=Support("no skill fits", 5, 9))
    assert (fresh.id, fresh.support.people) == (found.id, 5)
    assert world.actions().count("taxonomy.proposed") == 1
