"""Review in the browser: evidence first, one's own level, only then the suggestion; then a decision, once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from urllib.parse import parse_qs

import pytest

from ascertain.domain.assertion import AssertionState
from ascertain.domain.outbox import OutboxItem, OutboxState, RunKind, WritebackRun, row_id
from ascertain.domain.permission import Role
from ascertain.runtime import App
from tests.integration.pipeline.world import World, exam
from tests.integration.service.pages_world import Page, Visitor, app_on, assessed_world

MANAGER = "chi@example.org"


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with assessed_world(tmp_path_factory.mktemp("review")) as made:
        yield made


@pytest.fixture
def app(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with app_on(world, tmp_path_factory.mktemp("home")) as made:
        with made.units() as uow:
            uow.grants.train(MANAGER, date(2026, 1, 15), "E3")
            uow.commit()
        yield made


@pytest.fixture
def manager(app: App) -> Visitor:
    return Visitor(app, MANAGER)


def first_item(visitor: Visitor) -> str:
    """The address of the first item of the whole queue."""
    found = re.findall(r'href="(/review/v[0-9a-f]+)"', visitor.get("/review?mine=0"))
    assert found
    return str(found[0])


def assertion_of(app: App, item: str) -> tuple[AssertionState, bool, str]:
    with app.units(write=False) as uow:
        stored = uow.reviews.get(item.removeprefix("/review/"))
        assert stored is not None
        row = uow.assertions.get(stored.assertion_id)
        assert row is not None
        return row.state, row.human_reviewed, f"{row.confidence:.2f}"


def test_the_suggestion_is_in_no_page_before_one_has_judged(app: App, manager: Visitor) -> None:
    item = first_item(manager)
    confidence = assertion_of(app, item)[2]
    before = manager.get(item)
    assert "The evidence" in before
    assert confidence not in before
    assert confidence not in manager.get("/review?mine=0")
    assert "What is suggested, and your decision" not in before
    answer = manager.send(f"{item}/judge", own_level="2")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{item}#suggestion")
    after = manager.get(item)
    assert f"confidence {confidence}" in after
    assert "You said:" in after


def test_a_decision_needs_ones_own_judgement_first(app: App, manager: Visitor) -> None:
    item = first_item(manager)
    manager.get(item)
    answer = manager.send(f"{item}/decide", decision="accept", reason="seen it")
    assert answer.status_code == 422
    assert "our own judgement comes first" in answer.text
    assert assertion_of(app, item)[0] is AssertionState.IN_REVIEW


def test_a_decision_is_made_once_and_the_next_item_comes(app: App, manager: Visitor) -> None:
    item = first_item(manager)
    manager.get(item)
    manager.send(f"{item}/judge", own_level="2")
    answer = manager.send(f"{item}/decide", decision="accept", reason="I saw the query")
    assert answer.status_code == 303
    assert answer.headers["location"] != item
    assert assertion_of(app, item)[:2] == (AssertionState.ACCEPTED, True)
    again = manager.send(f"{item}/decide", decision="reject", reason="no")
    assert again.status_code == 422
    assert "was decided before" in again.text
    assert assertion_of(app, item)[0] is AssertionState.ACCEPTED


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"decision": "accept", "reason": ""}, "needs a reason"),
        ({"decision": "adjust", "reason": "too high"}, "needs a level"),
        ({"decision": "more_evidence", "reason": "thin"}, "what evidence is needed"),
        ({"decision": "promote", "reason": "x"}, "Choose one of the decisions"),
    ],
    ids=["no-reason", "no-level", "no-needs", "no-decision"],
)
def test_what_is_missing_is_said_on_the_page_and_nothing_is_decided(
    app: App, manager: Visitor, form: dict[str, str], said: str
) -> None:
    item = first_item(manager)
    manager.get(item)
    manager.send(f"{item}/judge", own_level="0")
    answer = manager.send(f"{item}/decide", **form)
    assert answer.status_code == 422
    assert said.lower() in answer.text.lower()
    assert form["reason"] in answer.text, "what was typed is still there"
    assert assertion_of(app, item)[0] is AssertionState.IN_REVIEW


def test_whoever_is_not_trained_reads_and_does_not_decide(app: App, world: World) -> None:
    world.sql("DELETE FROM reviewer_trainings")
    visitor = Visitor(app, MANAGER)
    item = first_item(visitor)
    assert "No reviewer training" in visitor.get(item)
    visitor.send(f"{item}/judge", own_level="2")
    visitor.send(f"{item}/decide", decision="accept", reason="fine")
    assert assertion_of(app, item)[0] is AssertionState.IN_REVIEW


def test_a_learner_decides_about_nobody(app: App, manager: Visitor) -> None:
    item = first_item(manager)
    learner = Visitor(app, "ann@example.org")
    assert learner.status(item) == learner.status("/review/vffffffffffff") == 403
    assert learner.send(f"{item}/judge", own_level="5").status_code == 403
    assert learner.send(f"{item}/decide", decision="accept", reason="me").status_code == 403
    assert assertion_of(app, item)[0] is AssertionState.IN_REVIEW


def test_a_form_of_another_session_decides_nothing(app: App, manager: Visitor) -> None:
    item = first_item(manager)
    manager.get(item)
    answer = manager.client.post(f"{item}/judge", data={"csrf": "x" * 64, "own_level": "2"})
    assert answer.status_code == 403
    with app.units(write=False) as uow:
        look = uow.looks.get(item.removeprefix("/review/"), MANAGER)
    assert look is not None
    assert look.own_level is None


def keys(html: str) -> set[str]:
    return {v for _, k, v in Page(html).attributes if k == "data-key"}


def test_the_whole_of_it_can_be_done_by_keyboard_and_the_keys_are_told(manager: Visitor) -> None:
    item = first_item(manager)
    before = manager.get(item)
    assert keys(before) == {"0", "1", "2", "3", "4", "5", "s", "n", "g", "?"}
    manager.send(f"{item}/judge", own_level="2")
    after = manager.get(item)
    assert keys(after) == {"a", "l", "r", "m", "w", "d", "e", "n", "g", "?"}
    for html in (before, after, manager.get("/review?mine=0")):
        told = set(" ".join(re.findall(r"<dt><kbd>([^<]+)</kbd></dt>", html)).split())
        assert keys(html) <= told, "a key works that the list does not name"


def decide_first(manager: Visitor, decision: str = "accept") -> str:
    item = first_item(manager)
    manager.get(item)
    manager.send(f"{item}/judge", own_level="2")
    assert manager.send(f"{item}/decide", decision=decision, reason="I saw the query").status_code == 303
    return item


def test_a_decision_can_be_taken_back_and_then_made_otherwise(app: App, world: World, manager: Visitor) -> None:
    before = assertion_of(app, first_item(manager))
    item = decide_first(manager, "reject")
    assert assertion_of(app, item)[0] is AssertionState.REJECTED
    queue = manager.get("/review")
    assert f'action="{item}/undo"' in queue
    answer = manager.send(f"{item}/undo")
    assert answer.headers["location"] == item
    assert assertion_of(app, item) == before
    page = manager.get(item)
    assert "it waits again" in page
    assert "You said:" in page, "the first judgement stands"
    assert f'action="{item}/undo"' not in manager.get("/review")
    assert manager.send(f"{item}/undo").headers["location"] == item, "again changes nothing"
    manager.send(f"{item}/decide", decision="accept", reason="on second thoughts")
    assert assertion_of(app, item)[:2] == (AssertionState.ACCEPTED, True)
    with app.units(write=False) as uow:
        done = [r.action for r in uow.audit.records() if r.action in ("review.decided", "review.undone")]
    assert done == ["review.decided", "review.undone", "review.decided"]


def test_only_who_decided_takes_back_soon_and_while_nothing_went_outside(app: App, world: World) -> None:
    manager, trainer = Visitor(app, MANAGER), Visitor(app, "ld@example.org", {Role.L_AND_D: ("all",)})
    item = decide_first(manager)
    number = item.removeprefix("/review/")
    trainer.send(f"{item}/undo")
    assert "decided by somebody else" in trainer.get("/review?mine=0")
    assert Visitor(app, "ann@example.org").send(f"{item}/undo").status_code == 403

    ((decided,),) = world.sql("SELECT decided_at FROM review_items WHERE id = :i", i=number)
    world.sql("UPDATE review_items SET decided_at = '2020-01-01 00:00:00.000000' WHERE id = :i", i=number)
    manager.send(f"{item}/undo")
    assert "more than 10 minutes ago" in manager.get("/review")
    world.sql("UPDATE review_items SET decided_at = :d WHERE id = :i", d=decided, i=number)

    with app.units() as uow:
        stored = uow.reviews.get(number)
        assert stored is not None
        now = app.clock.now()
        run = WritebackRun("w1", RunKind.PUSH, "test", now)
        row = OutboxItem(
            row_id("w1", "lms", "7", "skills"),
            "w1",
            stored.learner_id,
            "lms",
            "7",
            "skills",
            "SQL 2",
            "",
            (stored.assertion_id,),
            now,
            OutboxState.WRITTEN,
            written_at=now,
        )
        uow.outbox.add(run, [row])
        uow.outbox.put(row)
        uow.commit()
    assert f'action="{item}/undo"' not in manager.get("/review")
    manager.send(f"{item}/undo")
    assert "already written into another system" in manager.get("/review")
    assert assertion_of(app, item)[0] is AssertionState.ACCEPTED


def test_the_queue_is_filtered_by_skill_source_and_whose(app: App, manager: Visitor) -> None:
    everything = re.findall(r'href="/review/(v[0-9a-f]+)"', manager.get("/review?mine=0"))
    with app.units(write=False) as uow:
        skills = {i.id: i.skill_id for i in uow.reviews.open()}
        systems = {f"{s}:{k}" for s, k in uow.evidence.sources()}
    skill = skills[everything[0]]
    found = re.findall(r'href="/review/(v[0-9a-f]+)"', manager.get(f"/review?mine=0&skill={skill}"))
    assert found
    assert {skills[i] for i in found} == {skill}
    by_source = {
        s: set(re.findall(r'href="/review/(v[0-9a-f]+)"', manager.get(f"/review?mine=0&source={s}"))) for s in systems
    }
    assert set().union(*by_source.values()) == set(everything)
    assert "Nothing that waits fits" in manager.get("/review?mine=0&source=nothing:at-all")
    assert manager.status("/review?source=nonsense") == 422


def test_an_item_is_given_to_somebody_who_may_decide_and_to_nobody_else(app: App, manager: Visitor) -> None:
    item = first_item(manager)
    number = item.removeprefix("/review/")

    def assignee() -> str:
        with app.units(write=False) as uow:
            stored = uow.reviews.get(number)
        assert stored is not None
        return stored.assignee

    before = assignee()
    refused = manager.send(f"{item}/reassign", to="bob@example.org", why="he knows")
    assert refused.status_code == 422
    assert "he knows" in refused.text
    assert manager.send(f"{item}/reassign", to="l-and-d", why="").status_code == 422
    assert assignee() == before
    assert manager.send(f"{item}/reassign", to="l-and-d", why="I was their mentor").status_code == 303
    assert assignee() == "l-and-d"
    assert Visitor(app, "ann@example.org").send(f"{item}/reassign", to="l-and-d", why="x").status_code == 403


def test_many_are_decided_at_once_by_the_list_that_was_shown(app: App, world: World) -> None:
    world.remove("e-exam", "e-cert", "e-ticket", "e-bob")
    for learner in ("E1", "E2"):
        world.add(exam(f"x-{learner}", learner, 0.7), exam(f"y-{learner}", learner, 0.72))
        world.assess(learner)
    manager = Visitor(app, MANAGER)
    lists = re.findall(r'href="(/review/many\?[^"]+)"', manager.get("/review/many"))
    assert lists
    where = unescape(lists[0])
    page = manager.get(where)
    token = re.search(r'name="list" value="([0-9a-f]+)"', page)
    assert token
    asked = parse_qs(where.partition("?")[2])
    form = {"skill": asked["skill"][0], "source": asked["source"][0], "list": token.group(1)}
    with app.units(write=False) as uow:
        items = [i for i in uow.reviews.open() if i.id in page]
        figures = {
            f"{row.confidence:.2f}" for i in items if (row := uow.assertions.get(i.assertion_id)) and row.confidence
        }
    assert len(items) > 1
    assert not [f for f in figures if f"confidence {f}" in page], "a number of the machine's before the judgement"
    assert manager.send("/review/many", **form, reason="all the same exam").status_code == 422
    unsaid = manager.send("/review/many", **form | {"list": "0" * 12}, own_level="2", reason="all the same exam")
    assert unsaid.status_code == 422
    assert "all the same exam" in unsaid.text
    assert manager.send("/review/many", **form, own_level="2", reason="all the same exam").status_code == 303
    with app.units(write=False) as uow:
        decided = [uow.reviews.get(i.id) for i in items]
    assert {i.decided_by for i in decided if i} == {MANAGER}
    assert all(i and i.own_level == 2 for i in decided)


def test_reviewers_see_their_own_quality_and_those_who_watch_see_everybodys(app: App, manager: Visitor) -> None:
    decide_first(manager)
    trainer = Visitor(app, "ld@example.org", {Role.L_AND_D: ("all",)})
    auditor = Visitor(app, "audit@example.org", {Role.AUDITOR: ()})
    assert "1 decisions" in manager.get("/review/quality")
    assert "about nothing in this quarter" in trainer.get("/review/quality"), "others' decisions are not mine"
    assert "1 decisions" in trainer.get("/audit/reviewers")
    assert "1 decisions" in auditor.get("/audit/reviewers")
    assert manager.status("/audit/reviewers") == 403
    assert Visitor(app, "ann@example.org").status("/review/quality") == 403
    with app.units(write=False) as uow:
        assert sum(r.action == "reviewers.watched" for r in uow.audit.records()) == 2
