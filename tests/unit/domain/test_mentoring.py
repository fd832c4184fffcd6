"""Who could be whose mentor: reporting lines, what an offer lets be told, and what makes the order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.mentoring import (
    AcrossLines,
    Fit,
    Mentorship,
    Offer,
    PairState,
    PairWord,
    Side,
    Word,
    fit,
    in_line,
    kept_apart,
    ordered,
)
from ascertain.domain.skills import Level
from ascertain.errors import ConfigError
from ascertain.pipeline.mentoring_file import read_mentoring

RULES = read_mentoring()
TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OFFER = Offer("m", 2, level_shown=True)


def side(level: Level = Level.EXPERT, hours: float = 8.0, mentees: int = 0) -> Side:
    return Side({"sql": level}, hours, mentees)


def found(
    offer: Offer = OFFER, mentor: Side | None = None, own: Level | None = None, needs: tuple[str, ...] = ()
) -> Fit:
    made = fit(offer, mentor or side(), "sql", own, needs, RULES)
    assert made is not None
    return made


def word(kind: Word, first: str, second: str, until: date | None = None) -> PairWord:
    return PairWord(kind, first, second, "hr", "why", NOW, until)


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from([*"abcdef", None])))
def test_a_line_is_one_both_ways_and_a_circle_ends(managers: dict[str, str | None]) -> None:
    for one in "abc":
        for other in "def":
            assert in_line(one, other, managers.get) is in_line(other, one, managers.get)
        boss = managers.get(one)
        assert boss is None or in_line(one, boss, managers.get)


def test_leave_opens_a_line_one_way_until_its_day_and_an_objection_closes_everything() -> None:
    line = {"learner": "boss", "boss": "head"}.get
    leave = word(Word.LEAVE, "learner", "head", TODAY)

    def why(*words: PairWord, across: AcrossLines = AcrossLines.WITH_LEAVE, on: date = TODAY) -> str:
        return kept_apart("learner", "head", line, words, across, on)

    assert why() == "one of them leads the other"
    assert why(leave) == ""
    assert why(leave, on=TODAY + timedelta(days=1))
    assert why(word(Word.LEAVE, "head", "learner"))
    assert why(leave, across=AcrossLines.NEVER)
    assert why(across=AcrossLines.FREE) == ""
    for pair in (("learner", "head"), ("head", "learner")):
        assert why(leave, word(Word.OBJECTION, *pair), across=AcrossLines.FREE) == "one of them does not want it"
    assert kept_apart("a", "b", {"a": "c", "b": "c"}.get, (), AcrossLines.NEVER, TODAY) == ""
    assert kept_apart("a", "a", line, (), AcrossLines.FREE, TODAY)


@pytest.mark.parametrize(
    ("offer", "mentor", "own"),
    [
        (OFFER, side(Level.PRACTITIONER), None),
        (replace(OFFER, skills=("python",)), side(), None),
        (OFFER, side(mentees=2), None),
        (OFFER, side(hours=0.5), None),
        (OFFER, side(Level.ADVANCED), Level.ADVANCED),
        (OFFER, Side({}, 8.0, 0), None),
    ],
    ids=["level", "not offered", "full", "no hours", "no margin", "nothing accepted"],
)
def test_who_does_not_fit_is_not_shown(offer: Offer, mentor: Side, own: Level | None) -> None:
    assert fit(offer, mentor, "sql", own, (), RULES) is None


LEVELS = st.sampled_from([Level.ADVANCED, Level.EXPERT])


@given(LEVELS, st.floats(1, 8), st.integers(0, 3), st.sampled_from([None, Level.AWARENESS, Level.FOUNDATION]))
def test_the_score_is_a_share_and_more_of_anything_is_never_worse(
    level: Level, hours: float, mentees: int, own: Level | None
) -> None:
    offer = Offer("m", 4, level_shown=True)
    base = found(offer, Side({"sql": level}, hours, mentees), own, ("python",))
    assert 0.0 <= base.score <= 1.0
    better = [
        Side({"sql": Level.EXPERT}, hours, mentees),
        Side({"sql": level, "python": Level.EXPERT}, hours, mentees),
        Side({"sql": level}, 8.0, mentees),
        Side({"sql": level}, hours, 0),
    ]
    assert all(found(offer, s, own, ("python",)).score >= base.score - 1e-12 for s in better)


@given(st.sampled_from([None, Level.AWARENESS, Level.PRACTITIONER]))
def test_a_level_that_is_not_to_be_told_is_told_by_no_figure(own: Level | None) -> None:
    hidden = replace(OFFER, level_shown=False)
    assert found(hidden, side(Level.ADVANCED), own) == found(hidden, side(Level.EXPERT), own)
    assert found(hidden, side(), own).level is None


def test_the_order_is_by_score_and_else_says_nothing() -> None:
    best, near, far = found(), found(mentor=side(hours=4.0)), found(mentor=side(hours=1.0))
    assert ordered([far, best, near]) == [best, near, far]
    assert best.score == pytest.approx(0.3 + 0.2 + 0.2)
    also = fit(OFFER, Side({"sql": Level.EXPERT, "python": Level.EXPERT}, 8, 0), "sql", None, ("python", "sql"), RULES)
    assert also is not None
    assert also.also == ("python",)
    assert also.score == pytest.approx(1.0)


def test_a_request_lapses_and_a_no_holds_for_a_while() -> None:
    asked = Mentorship("m1", "learner", "m", "sql", PairState.ASKED, NOW)
    later = NOW + timedelta(days=RULES.lapse_days)
    assert asked.waits(later - timedelta(seconds=1), RULES)
    assert (asked.waits(later, RULES), asked.lapsed(later, RULES)) == (False, True)
    no = replace(asked, state=PairState.DECLINED, answered_at=NOW)
    assert no.settled(NOW + timedelta(days=RULES.again_days - 1), RULES)
    assert not no.settled(NOW + timedelta(days=RULES.again_days), RULES)


def test_weights_that_do_not_come_to_one_are_refused_by_name(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from ascertain.paths import CONFIG_DIR

    file = tmp_path / "mentoring.yaml"
    text = (CONFIG_DIR / "mentoring.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace("  room: 0.2", "  room: 0.3"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mentoring\.yaml.*weights.*come to 1\.1, not to 1"):
        read_mentoring(file)
