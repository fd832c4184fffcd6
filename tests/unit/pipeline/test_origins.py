"""A course, its badge and the mention of it are one origin; another attempt is not."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.pipeline.origins import is_attempt, is_mention, settle

START = date(2026, 1, 1)


def attempt(number: int, content: int, day: int | None, passed: bool) -> Evidence:
    ref = f"lms:enrolment:{content}-1-{number}"
    when = None if day is None else START + timedelta(days=day)
    return Evidence(
        f"a{number}", "L", EvidenceKind.ASSESSMENT, "lms", ref, ref, "t", "t", f"lms:{content}", when, 0.8, passed
    )


def mention(number: int, content: int | None, day: int | None) -> Evidence:
    ref = f"lms:award:{number}"
    when = None if day is None else START + timedelta(days=day)
    about = None if content is None else f"lms:{content}"
    return Evidence(f"m{number}", "L", EvidenceKind.BADGE, "lms", ref, ref, "t", "t", about, when)


DAYS = st.none() | st.integers(0, 30)
HISTORY = st.tuples(
    st.lists(st.tuples(st.integers(1, 3), DAYS, st.booleans()), max_size=6),
    st.lists(st.tuples(st.none() | st.integers(1, 3), DAYS), max_size=6),
).map(lambda h: [attempt(i, *a) for i, a in enumerate(h[0])] + [mention(i, *m) for i, m in enumerate(h[1])])


@given(HISTORY, st.randoms())
def test_settling_is_idempotent_and_order_free(history: list[Evidence], random: object) -> None:
    settled = settle(history)
    assert settle(settled) == settled
    shuffled = list(history)
    getattr(random, "shuffle")(shuffled)  # noqa: B009 - hypothesis types it as object
    assert {e.id: e for e in settle(shuffled)} == {e.id: e for e in settled}


@given(HISTORY)
def test_attempts_keep_their_own_origin_and_mentions_find_one(history: list[Evidence]) -> None:
    settled = settle(history)
    attempts = {e.origin: e for e in settled if is_attempt(e)}
    assert len(attempts) == sum(map(is_attempt, history))
    for e in settled:
        if is_mention(e):
            same = [a for a in attempts.values() if a.content_id == e.content_id]
            if same:
                assert e.origin in {a.origin for a in same}
                if any(a.passed for a in same):
                    assert attempts[e.origin].passed
            else:
                assert e.origin == f"course:{e.content_id}:L"
        elif not is_attempt(e):
            assert e.origin == e.source_ref


def test_a_badge_belongs_to_the_attempt_that_was_passed_before_it() -> None:
    rows = [attempt(1, 1, 1, False), attempt(2, 1, 5, True), attempt(3, 1, 20, True), mention(1, 1, 6)]
    assert settle(rows)[3].origin == rows[1].origin
