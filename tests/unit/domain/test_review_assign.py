"""Who is asked: the first rule that fits and whose person may; never the learner."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.people import Learner
from ascertain.domain.review_assign import Asked, SkillOwners, assign
from ascertain.domain.review_rules import AssignRule, Party, ReviewRules, When
from ascertain.domain.skills import SkillFamily
from ascertain.policy import read_policy

RULES = read_policy()[0].review
ANN = Learner("E1", "Ann", "ann@x.org", manager_id="E3")


@pytest.mark.parametrize(
    ("asked", "who"),
    [
        (Asked(ANN, True, False, None), "l-and-d"),
        (Asked(ANN, True, True, "E7"), "l-and-d"),
        (Asked(ANN, False, True, "E7"), "E7"),
        (Asked(ANN, False, False, None), "E3"),
        (Asked(ANN, False, False, "e1"), "E3"),
        (Asked(ANN, False, False, "Ann@X.org"), "E3"),
        (Asked(Learner("E1", "Ann", "ann@x.org"), False, False, None), "l-and-d"),
        (Asked(Learner("E1", "Ann", "ann@x.org", manager_id="E1"), False, False, None), "l-and-d"),
    ],
    ids=("compliance", "compliance owned", "owned", "manager", "owns it herself", "by address", "none", "own manager"),
)
def test_the_shipped_rules(asked: Asked, who: str) -> None:
    assert assign(asked, RULES, lambda party, name: True) == who


def test_who_may_not_is_passed_over() -> None:
    asked = Asked(ANN, False, False, "E7")
    assert assign(asked, RULES, lambda party, name: party is not Party.SKILL_OWNER) == "E3"
    assert assign(asked, RULES, lambda party, name: False) == "l-and-d"


def test_a_skill_s_owner_comes_before_its_family_s() -> None:
    owners = SkillOwners({"sql": "E7"}, {SkillFamily.FAST: "E8"})
    assert owners.of("sql", SkillFamily.FAST) == "E7"
    assert owners.of("react", SkillFamily.FAST) == "E8"
    assert owners.of("react", SkillFamily.DURABLE) is None
    assert owners.of("react", None) is None


@given(
    st.lists(st.builds(AssignRule, st.sampled_from(When), st.sampled_from(Party)), max_size=5),
    st.builds(Asked, st.just(ANN), st.booleans(), st.booleans(), st.sampled_from([None, "E1", "E7", "ANN@x.org"])),
    st.booleans(),
)
def test_never_the_learner_whatever_the_rules(rules: list[AssignRule], asked: Asked, may: bool) -> None:
    found = assign(asked, ReviewRules(RULES.due_days, tuple(rules)), lambda party, name: may)
    assert found in ({"E3", "E7", "l-and-d"} if may else {"l-and-d"})
