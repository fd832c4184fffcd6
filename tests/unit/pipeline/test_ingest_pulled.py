"""What a full pull brought, in eight bytes each."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from ascertain.pipeline.ingest_pulled import Pulled

refs = st.text(max_size=30)


@given(st.lists(refs, max_size=40), st.lists(refs, max_size=10))
def test_it_answers_like_a_set(added: list[str], asked: list[str]) -> None:
    pulled = Pulled()
    for ref in added:
        pulled.add(ref)
    for ref in added + asked:
        assert (ref in pulled) is (ref in set(added))
    assert len(pulled) == len(added)


def test_something_added_after_a_question_is_found() -> None:
    pulled = Pulled()
    pulled.add("lms:enrolment:1")
    assert "lms:enrolment:2" not in pulled
    pulled.add("lms:enrolment:2")
    assert "lms:enrolment:2" in pulled


def test_a_hundred_thousand_take_a_megabyte() -> None:
    tracemalloc.start()
    try:
        pulled = Pulled()
        for n in range(100_000):
            pulled.add(f"docebo:enrolment:{n}-{n}-20260101000000")
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 1_200_000
