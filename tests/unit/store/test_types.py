"""JSON as it is kept, and times as SQLite keeps them."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from ascertain.domain.people import Learner
from ascertain.domain.skills import Level, SkillFamily
from ascertain.store.types import UtcDateTime, dump_json

SQLITE = sqlite_dialect()
TIMES = st.datetimes(
    datetime(1, 1, 2),
    datetime(9999, 12, 30),
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_keep_every_digit(x: float) -> None:
    assert math.copysign(1, json.loads(dump_json(x))) == math.copysign(1, x)
    assert json.loads(dump_json(x)) == x


@given(st.text())
def test_any_text_becomes_ascii_and_comes_back(text: str) -> None:
    assert dump_json(text).isascii()
    assert json.loads(dump_json(text)) == text


def test_values_of_the_domain_become_plain() -> None:
    value = {
        "who": Learner("l-1", "A", "a@x.y", hired_on=date(2020, 1, 2)),
        "levels": (Level.EXPERT,),
        SkillFamily.FAST: {"b", "a"},
        "map": MappingProxyType({"at": datetime(2026, 1, 1, tzinfo=UTC)}),
    }
    plain = json.loads(dump_json(value))
    assert plain["who"]["hired_on"] == "2020-01-02"
    assert plain["levels"] == [5]
    assert plain["fast"] == ["a", "b"]
    assert plain["map"] == {"at": "2026-01-01T00:00:00+00:00"}


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        dump_json({"x": object()})
    with pytest.raises(ValueError, match=r"(?i)not JSON compliant"):
        dump_json([float("nan")])


@given(TIMES)
def test_a_time_comes_back_the_same_instant_in_utc(moment: datetime) -> None:
    kept = UtcDateTime().process_bind_param(moment, SQLITE)
    back = UtcDateTime().process_result_value(kept, SQLITE)
    assert back == moment
    assert back is not None
    assert back.tzinfo is UTC


@given(TIMES, TIMES)
def test_kept_times_sort_as_instants_do(a: datetime, b: datetime) -> None:
    kept = [UtcDateTime().process_bind_param(m, SQLITE) for m in (a, b)]
    assert (kept[0] < kept[1]) == (a < b)


@pytest.mark.parametrize("kept", ["2026-03-01 09:00:00.0000000", "2026-03-01 09:00:00", "yesterday, at about nine"])
def test_a_time_that_somebody_edited_is_refused(kept: str) -> None:
    with pytest.raises(ValueError, match=r"not a time|Invalid isoformat"):
        UtcDateTime().process_result_value(kept, SQLITE)


def test_none_stays_none_and_a_naive_time_is_refused() -> None:
    assert UtcDateTime().process_bind_param(None, SQLITE) is None
    assert UtcDateTime().process_result_value(None, SQLITE) is None
    with pytest.raises(ValueError, match="no time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), SQLITE)
