"""Typed, allow-listed reading of rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.parsing import FieldError, Row, read_rows
from ascertain.domain.records import Entity, SourceRef, UserRecord

FIELDS = {"id": "ID", "when": "When", "score": "Score", "flag": "Flag", "email": "Mail"}
BERLIN = ZoneInfo("Europe/Berlin")


def row(**values: Any) -> Row:
    return Row({FIELDS[k]: v for k, v in values.items()}, FIELDS, BERLIN)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-07-01 10:00:00", datetime(2026, 7, 1, 8, tzinfo=UTC)),
        ("2026-01-01 10:00:00", datetime(2026, 1, 1, 9, tzinfo=UTC)),
        ("2026-07-01T10:00:00+00:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01T10:00:00.000+0200", datetime(2026, 7, 1, 8, tzinfo=UTC)),
        ("2026-07-01T10:00:00Z", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01", datetime(2026, 7, 1, tzinfo=UTC)),
        ("0000-00-00 00:00:00", None),
        ("0000-00-00", None),
        ("", None),
        (None, None),
    ],
)
def test_moments(text: str | None, moment: datetime | None) -> None:
    assert row(when=text).moment("when") == moment


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "01/02/2026", "2026-02-30 10:00:00"])
def test_a_bad_moment_names_the_source_field(text: str) -> None:
    with pytest.raises(FieldError) as caught:
        row(when=text).moment("when")
    assert caught.value.field == "When"


@given(st.floats(0, 100))
def test_scores_come_to_the_unit_interval(score: float) -> None:
    found = row(score=score).scaled("score", 0, 100)
    assert found is not None
    assert 0 <= found <= 1


@pytest.mark.parametrize("score", ["n/a", -1, 101, float("nan"), "inf", [1]])
def test_a_bad_score_is_refused(score: object) -> None:
    with pytest.raises(FieldError) as caught:
        row(score=score).scaled("score", 0, 100)
    assert caught.value.field == "Score"


@pytest.mark.parametrize(
    ("value", "flag"), [("yes", True), ("1", True), (True, True), ("No", False), (0, False), ("", False)]
)
def test_flags(value: object, flag: bool) -> None:
    assert row(flag=value).flag("flag", not flag) is flag


def test_a_missing_flag_has_its_default() -> None:
    assert row().flag("flag", True) is True


def test_only_mapped_fields_can_be_read_or_kept() -> None:
    found = Row({"ID": "7", "National_ID": "900-00-0000"}, FIELDS)
    assert found.value("National_ID") is None
    assert found.text("national_id") == ""
    assert found.excerpt() == {"id": "7"}


def parse(found: Row, ref: SourceRef) -> UserRecord:
    return UserRecord(ref, found.required("email"), "n")


def test_a_malformed_row_does_not_stop_the_page() -> None:
    rows: list[object] = [{"ID": 1, "Mail": "a@x"}, "nonsense", {"Mail": "b@x"}, {"ID": 3}, {"ID": 4, "Mail": "d@x"}]
    records, rejected = read_rows(
        rows, FIELDS, UTC, lambda r: SourceRef("s", Entity.USER, r.required("id")), parse, "s:user"
    )
    assert [r.ref.id for r in records] == ["1", "4"]
    assert [(r.field, r.ref.startswith("s:user:")) for r in rejected] == [("", True), ("ID", True), ("Mail", True)]
    assert rejected[2].ref == "s:user:3"
    again = read_rows(rows[2:3], FIELDS, UTC, lambda r: SourceRef("s", Entity.USER, r.required("id")), parse, "s:user")
    assert again[1][0].ref == rejected[1].ref
