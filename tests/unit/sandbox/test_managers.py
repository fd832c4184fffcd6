"""What the demonstration's managers think: the same every time, and as right as the file says."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import pytest

from ascertain.domain.reviewing import NO_LEVEL
from ascertain.domain.runs import DecisionKind
from ascertain.domain.skills import Level
from ascertain.sandbox.company import build_company
from ascertain.sandbox.managers import managers, true_level

SKILLS = [f"skill-{n}" for n in range(40)]


@dataclass(frozen=True)
class Piece:
    kind: str
    title: str


WORK = Piece("project", "A project")
PLAN = managers()
CAREFUL = next(r for r in PLAN.reviewers if not r.rubber_stamp)
CARELESS = next(r for r in PLAN.reviewers if r.rubber_stamp)
PAIRS = list(product(sorted(p.id for p in build_company().people), SKILLS))


def test_abler_people_stand_higher() -> None:
    ability = {p.id: p.ability for p in build_company().people}
    low, high = min(ability, key=ability.__getitem__), max(ability, key=ability.__getitem__)
    assert sum(true_level(high, s) for s in SKILLS) > 1.3 * sum(true_level(low, s) for s in SKILLS)


def test_they_are_right_as_often_as_the_file_says() -> None:
    right = sum(PLAN.judge(CAREFUL, *pair, [WORK]) == true_level(*pair) for pair in PAIRS) / len(PAIRS)
    # 2,000 judgements: two standard errors are 0.014; an error at the end of the scale may come to nothing.
    assert PLAN.right_share - 0.014 < right < PLAN.right_share + 0.03


def test_some_find_no_time() -> None:
    share = sum(PLAN.comes_to(*pair) for pair in PAIRS) / len(PAIRS)
    assert abs(share - PLAN.decided_share) < 0.03


@pytest.mark.parametrize(
    ("course", "level"),
    [("SQL: Asking Data Questions", Level.FOUNDATION), ("Something else", Level.FOUNDATION)],
    ids=["beginners", "unknown"],
)
def test_a_course_shows_no_more_than_its_level(course: str, level: Level) -> None:
    seen = [Piece("completion", course)]
    judged = [PLAN.judge(CAREFUL, *pair, seen) for pair in PAIRS]
    # Who errs may err upwards, by one.
    assert sum(j > level for j in judged) / len(judged) < 1 - PLAN.right_share
    assert max(judged) <= level + 1


def test_without_evidence_nothing_is_shown() -> None:
    judged = [PLAN.judge(CAREFUL, *pair, []) for pair in PAIRS]
    assert judged.count(NO_LEVEL) / len(judged) > PLAN.right_share


def test_decisions_fit_the_judgement() -> None:
    for pair in PAIRS[:400]:
        for own, suggested in ((0, Level(2)), (1, Level(2)), (2, Level(2)), (3, Level(2))):
            said = PLAN.decide(CAREFUL, *pair, own, suggested)
            assert said.reason
            if said.decision is DecisionKind.MORE_EVIDENCE:
                assert said.needs
            elif own == NO_LEVEL:
                assert said.decision is DecisionKind.REJECT
            elif own < suggested:
                assert (said.decision, said.level) == (DecisionKind.ADJUST, own)
            else:
                assert (said.decision, said.level) == (DecisionKind.ACCEPT, None)


def test_the_careless_one_takes_whatever_is_suggested_in_no_time() -> None:
    for (learner, skill), suggested in product(PAIRS[:50], Level):
        own = PLAN.judge(CARELESS, learner, skill, [])
        assert PLAN.decide(CARELESS, learner, skill, own, suggested).decision is DecisionKind.ACCEPT
        assert PLAN.seconds(CARELESS, learner, skill, 400) < 5


def test_the_same_every_time() -> None:
    again = [(PLAN.judge(CAREFUL, *p, [WORK]), PLAN.seconds(CAREFUL, *p, 60)) for p in PAIRS[:200]]
    assert again == [(PLAN.judge(CAREFUL, *p, [WORK]), PLAN.seconds(CAREFUL, *p, 60)) for p in PAIRS[:200]]


def test_reviewers_and_everybody_named_work_there() -> None:
    known = {p.id for p in build_company().people}
    named = {r.id for r in PLAN.reviewers} | {x["person"] for x in (PLAN.withdrawn, PLAN.disputed, PLAN.approved)}
    assert named <= known
    assert sum(r.rubber_stamp for r in PLAN.reviewers) == sum(r.learning_and_development for r in PLAN.reviewers) == 1
