"""Keys of the API: only the key itself opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.access import Scope, key_id_of, make_key, opens

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEY, TEXT = make_key("the LMS", [Scope.INFER], NOW)


def test_a_key_opens_and_its_record_does_not_tell_it() -> None:
    assert opens(KEY, TEXT, NOW)
    assert key_id_of(TEXT) == KEY.id
    assert TEXT.rsplit("_", 1)[1] not in repr(KEY)
    assert KEY.scopes == {Scope.INFER}
    other, text = make_key("the LMS", [Scope.INFER], NOW)
    assert (other.id, text) != (KEY.id, TEXT)


def test_a_revoked_key_and_another_ones_secret_do_not_open() -> None:
    other, text = make_key("another", [], NOW)
    assert not opens(replace(KEY, revoked_at=NOW), TEXT, NOW)
    assert not opens(other, TEXT, NOW)
    assert not opens(KEY, f"asc_{KEY.id}_{text.rsplit('_', 1)[1]}", NOW)
    assert not opens(None, TEXT, NOW)
    assert not opens(None, "", NOW)


@given(st.text(max_size=100) | st.integers(0, len(TEXT) - 1).map(lambda n: TEXT[:n] + "x" + TEXT[n + 1 :]))
def test_nothing_else_opens(text: str) -> None:
    assert not opens(KEY, text, NOW)
    assert not opens(None, text, NOW)
    assert key_id_of(text) in ("", KEY.id) or TEXT[4:16] != key_id_of(text)


def test_the_digest_alone_is_no_key() -> None:
    assert not opens(KEY, f"asc_{KEY.id}_{KEY.digest}", NOW)
