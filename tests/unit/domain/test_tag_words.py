"""What learners say of tags counts from some of them on, and a tag on notice is retired in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ascertain.domain.content_tags import TagRules
from ascertain.domain.tag_notices import Notice, minded
from ascertain.domain.tag_words import Heard, LearnerWord, doubted, heard

RULES = TagRules(prior_votes=2, too_few=10, least_lift=0.1, notice_below=0.5, notice_days=30, least_learners=5)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEY = ("h1", "sql")


def words(*said: bool) -> list[LearnerWord]:
    return [LearnerWord(f"E{i}", "c1", *KEY, "starter", teaches, NOW) for i, teaches in enumerate(said)]


def test_only_those_who_finished_are_counted_and_only_from_enough_of_them_on() -> None:
    everybody = frozenset((f"E{i}", "c1") for i in range(5))
    assert heard(words(False, False, False, True, False), everybody, RULES) == {KEY: Heard(yes=1, no=4)}
    assert heard(words(False, False, False, True, False), everybody - {("E0", "c1")}, RULES) == {}
    assert heard(words(False, False, False, False), everybody, RULES) == {}
    other = frozenset((f"E{i}", "c2") for i in range(5))
    assert heard(words(False, False, False, False, False), other, RULES) == {}


@pytest.mark.parametrize(
    ("yes", "no", "expected"),
    # The upper end of Wilson's interval at z = 1.645: 0 of 5 → 0.351, 1 of 5 → 0.565, 2 of 9 → 0.489, 3 of 9 → 0.589.
    [(0, 5, True), (1, 4, False), (2, 7, True), (3, 6, False), (5, 0, False)],
)
def test_doubt_asks_for_a_clear_majority(yes: int, no: int, expected: bool) -> None:
    assert doubted(Heard(yes, no)) is expected
    assert not doubted(None)


def test_a_tag_is_put_on_notice_let_go_and_retired_in_time() -> None:
    first = minded({}, {KEY: "doubted"}, "starter", NOW, RULES)
    assert [(n.key, n.since, n.retired_at) for n in first.put] == [(KEY, NOW, None)]
    known = {KEY: first.put[0]}
    almost = NOW + timedelta(days=30, seconds=-1)
    assert minded(known, {KEY: "doubted"}, "starter", almost, RULES).put == []
    (changed,) = minded(known, {KEY: "another reason"}, "starter", almost, RULES).put
    assert (changed.since, changed.why) == (NOW, "another reason")
    assert [n.key for n in minded(known, {}, "starter", almost, RULES).gone] == [KEY]
    late = minded(known, {KEY: "doubted"}, "starter", NOW + timedelta(days=30), RULES)
    assert [n.retired_at for n in late.retired] == [NOW + timedelta(days=30)]
    out = {KEY: late.retired[0]}
    again = minded(out, {}, "starter", NOW + timedelta(days=99), RULES)
    assert (again.put, again.gone, again.retired) == ([], [], []), "only somebody's yes brings it back"
    assert isinstance(late.put[0], Notice)
